import type { HedgeSpec, PriorityName, RequestLimits, RetrySpec, RouteMatch } from "@heddle/engine/model";
import type {
  HTTPBackendRef,
  HTTPRouteFilter,
  HTTPRouteTimeouts,
  SessionPersistence,
} from "../../resources/index.ts";
import type { CanarySource } from "./canary.ts";
import type { FaultsConfig } from "../filters/filter-specs.ts";
import type { MirrorLimits } from "./mirror-limits.ts";
import type { PolicyFilters } from "../filters/policy-filters.ts";
import type { PolicySource } from "../policies/policy-source.ts";
import type { FieldPattern } from "./route-matches.ts";
import { durationMs } from "./route-settings.ts";

/** A rule of either kind of route, in the form that is planned: GRPCRoutes have some of what HTTPRoutes have. */
export interface RuleSource {
  readonly name: string;
  readonly matches: readonly RouteMatch[];
  readonly patterns: readonly FieldPattern[];
  readonly filters: readonly HTTPRouteFilter[];
  readonly backendRefs: readonly HTTPBackendRef[];
  readonly timeouts: HTTPRouteTimeouts | undefined;
  readonly retry: RetrySpec | null;
  readonly sessionPersistence: SessionPersistence | undefined;
  /** Calls in gRPC-Web go on as gRPC. */
  readonly translatesGrpcWeb: boolean;
  /** While load is shed. Default "Normal". */
  readonly priority?: PriorityName;
  /** Injected faults. Default: none. */
  readonly faults?: FaultsConfig;
  /** Default: there is one attempt at a time. */
  readonly hedge?: HedgeSpec;
  /** Default: its backends have the weights that it gives them. */
  readonly canary?: CanarySource;
  /** Filters that policies on the way to the rule add. Default: none. */
  readonly policyFilters?: PolicyFilters;
  /** Of its mirrors. Default: the filter's own. */
  readonly mirror?: MirrorLimits;
  /** By backendRef, what policies of it make of the rule's limits. Default: those of the rule, for all. */
  readonly backendLimits?: readonly (BackendLimits | null)[];
}

/** What policies of a backend say of the requests of a rule that go there, in place of the rule's own limits. */
export interface BackendLimits {
  readonly limits: RequestLimits;
  readonly sources: readonly PolicySource[];
}

/** How long requests of a rule may take, and what is tried again. */
export const limitsOf = ({ timeouts, retry }: RuleSource): RequestLimits => ({
  requestTimeoutMs: durationMs(timeouts?.request),
  backendRequestTimeoutMs: durationMs(timeouts?.backendRequest),
  retry,
});

/** What of a route its rules are planned from. */
export interface RulesSource {
  readonly kind: "HTTPRoute" | "GRPCRoute";
  readonly namespace: string;
  /** The unit's name. */
  readonly name: string;
  readonly rules: readonly RuleSource[];
}

/** A rule's name, or its number. */
export const ruleName = (name: string | undefined, index: number): string => name ?? String(index);
