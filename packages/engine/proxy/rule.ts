import type { WeightedChoice } from "../balance/index.ts";
import { makeFault } from "../base/index.ts";
import type { Fault } from "../base/index.ts";
import type { Cluster } from "../cluster/index.ts";
import { EMPTY_CHAIN } from "../filter/index.ts";
import type { FilterChain } from "../filter/index.ts";
import type { MatchInfo } from "../message/index.ts";
import { PRIORITIES } from "../model/index.ts";
import type { HedgeSpec, Priority, RequestLimits, SessionPersistenceSpec } from "../model/index.ts";

/**
 * A route rule ready to run: what the router hands to the proxy. Built when a Snapshot is applied. One whose `info` names
 * no route has filters alone, for requests that no route takes.
 */
export interface Rule extends RequestLimits {
  readonly info: MatchInfo;
  readonly chain: FilterChain;
  /** Null: no backend with a weight: nothing to forward to. */
  readonly backends: WeightedChoice<RuleBackend> | null;
  readonly backendList: readonly RuleBackend[];
  readonly sessionPersistence: SessionPersistenceSpec | null;
  /** Its endpoints are spoken to in gRPC whatever form the client's call has. */
  readonly translatesGrpcWeb: boolean;
  /** Among its filters are such as may leave anything behind: see `WatchedFlow`. */
  readonly isWatched: boolean;
  /** Null: there is one attempt at a time. */
  readonly hedge: HedgeSpec | null;
  /** While load is shed, where the request does not say. */
  readonly priority: Priority;
}

export interface RuleBackend {
  /** Null: the reference does not resolve. */
  readonly cluster: Cluster | null;
  readonly chain: FilterChain;
  readonly status: number;
  /** In place of the rule's; null: those of the rule. */
  readonly limits: RequestLimits | null;
}

/** Of exchanges that no route matches, or that go no further than being answered. */
export const NO_RULE: Rule = {
  info: { listener: "", listenerIndex: -1, route: "", rule: "", routeIndex: -1 },
  chain: EMPTY_CHAIN,
  backends: null,
  backendList: [],
  requestTimeoutMs: 0,
  backendRequestTimeoutMs: 0,
  retry: null,
  sessionPersistence: null,
  translatesGrpcWeb: false,
  isWatched: false,
  hedge: null,
  priority: PRIORITIES.indexOf("Normal"),
};

/** Why a request goes nowhere by a rule. */
export function noBackendFault({ info }: Rule): Fault {
  return info.route === ""
    ? makeFault("HDL_NO_ROUTE", "no route matches")
    : makeFault("HDL_BACKEND_UNRESOLVED", "the rule has no backend that resolves");
}
