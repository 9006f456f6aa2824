import type { PriorityName } from "./priority.ts";
import type { HedgeSpec, RequestLimits, RetrySpec } from "./request-limits.ts";
import type { SessionPersistenceSpec } from "./session-persistence.ts";

/** One HTTPRoute or GRPCRoute as attached: where, for which hosts, and its rules. */
export interface RouteUnit {
  readonly kind: "route";
  /**
   * "namespace/name" of an HTTPRoute, "grpcroute/namespace/name" of a GRPCRoute. With "@upstream" after it for further
   * Gateways, whose upstream settings or client certificates differ from those of the first.
   */
  readonly name: string;
  readonly attachments: readonly RouteAttachment[];
  readonly rules: readonly RouteRule[];
  /** Ties between equal matches: the older first, then the lower name. Milliseconds since the epoch; 0 is oldest. */
  readonly createdMs: number;
}

export interface RouteAttachment {
  /** ServerSpec.id */
  readonly server: string;
  /** Those of the route that have hosts in common with the server's: "" (any), exact or "*.x"; lower-case; never empty. */
  readonly hostnames: readonly string[];
}

export interface RouteRule {
  /** The rule's name, or its number as text. */
  readonly name: string;
  /** Any of them; never empty (the default is the prefix "/"). */
  readonly matches: readonly RouteMatch[];
  readonly filters: readonly FilterSpec[];
  readonly backends: readonly BackendSpec[];
  /** Whole exchange, until the last byte of the response; 0 for none. */
  readonly requestTimeoutMs: number;
  /** One attempt; 0 for none. */
  readonly backendRequestTimeoutMs: number;
  readonly retry: RetrySpec | null;
  readonly sessionPersistence: SessionPersistenceSpec | null;
  /** Calls in gRPC-Web go to the backends as gRPC. Default: as they are. */
  readonly translatesGrpcWeb?: boolean;
  /** Default: there is one attempt at a time. */
  readonly hedge?: HedgeSpec;
  /** While load is shed. Default "Normal". */
  readonly priority?: PriorityName;
}

export interface RouteMatch {
  readonly path: PathMatch | CallMatch;
  /** "" for any. */
  readonly method: string;
  /** Lower-case names. */
  readonly headers: readonly ValueMatch[];
  readonly queryParams: readonly ValueMatch[];
}

export interface PathMatch {
  readonly type: "Exact" | "PathPrefix" | "RegularExpression";
  readonly value: string;
}

/** Of a GRPCRoute: gRPC calls alone, by service and method. Routes of one host have either these or paths. */
export interface CallMatch {
  readonly type: "Call";
  /** For people: "/shop.Orders/Get", with "*" for any. */
  readonly value: string;
  /** "" for any. */
  readonly service: string;
  readonly method: string;
  /** Both are regular expressions. */
  readonly isPattern: boolean;
}

export interface ValueMatch {
  readonly name: string;
  readonly type: "Exact" | "RegularExpression";
  readonly value: string;
}

/** A filter to build: which factory, with what plain configuration. */
export interface FilterSpec {
  /** Name in the filter registry: "header-modifier", "redirect", "rewrite", "mirror", "cors" … */
  readonly name: string;
  readonly config: unknown;
  /** What it is called by in counters and logs. Default: its name. */
  readonly countsAs?: string;
  /** What guards the cluster that it copies requests to: each copy passes these first. Default: nothing does. */
  readonly guards?: readonly FilterSpec[];
}

export interface BackendSpec {
  /** Cluster name; null when the reference does not resolve: its share of requests gets `status`. */
  readonly cluster: string | null;
  readonly weight: number;
  readonly filters: readonly FilterSpec[];
  /** Status for requests when cluster is null: 500 (Gateway API). */
  readonly status: number;
  /** For its requests, in place of the rule's. Default: those of the rule. */
  readonly limits?: RequestLimits;
}
