import type { HedgeSpec, PriorityName, RetrySpec, RouteMatch, RouteRule } from "@heddle/engine/model";
import {
  gatewayGroup,
  type BackendObjectReference,
  type HTTPBackendRef,
  type HTTPRouteFilter,
  type HTTPRouteTimeouts,
  type SessionPersistence,
} from "../resources/index.ts";
import { resolveBackend } from "./backend-ref.ts";
import { withCanary, type CanaryOutcome, type CanarySource } from "./canary.ts";
import type { CanaryPlan } from "./canary-io.ts";
import type { CompileProblem } from "./compile-problem.ts";
import type { CompileOptions } from "./compile-io.ts";
import type { FactReader } from "./facts.ts";
import { withFaults } from "./faults-config.ts";
import type { FaultsConfig } from "./filter-specs.ts";
import { clusterUnder } from "./gateway-settings.ts";
import { withMirrorLimits, type MirrorLimits } from "./mirror-limits.ts";
import { planBackendRef, unresolvedShare, withAnswer } from "./route-backends.ts";
import { planFilters } from "./route-filters.ts";
import { regexMistakes, type FieldPattern } from "./route-matches.ts";
import { durationMs, sessionOf } from "./route-settings.ts";
import { isFinding, type Finding } from "./status.ts";

export interface RulesPlan {
  readonly rules: readonly RouteRule[];
  /** By rule: why it is not done as it asks. */
  readonly invalid: readonly { readonly rule: string; readonly findings: readonly Finding[] }[];
  readonly unresolved: readonly Finding[];
  readonly clusters: readonly string[];
  readonly canaries: readonly CanaryPlan[];
  readonly problems: readonly CompileProblem[];
}

interface RulePlan {
  readonly rule: RouteRule | null;
  readonly invalid: readonly Finding[];
  readonly unresolved: readonly Finding[];
  readonly clusters: readonly string[];
  readonly canary?: CanaryOutcome;
}

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
  /** Of its mirrors. Default: the filter's own. */
  readonly mirror?: MirrorLimits;
}

/** What of a route its rules are planned from. */
export interface RulesSource {
  readonly kind: "HTTPRoute" | "GRPCRoute";
  readonly namespace: string;
  /** The unit's name. */
  readonly name: string;
  readonly rules: readonly RuleSource[];
}

/** `upstreamId` names the settings under which the clusters are reached. */
export function planRules(
  source: RulesSource,
  upstreamId: string,
  facts: FactReader,
  options: CompileOptions,
): RulesPlan {
  const plans = source.rules.map((rule, index) => planRule(source, rule, index, upstreamId, facts, options));
  return {
    rules: plans.flatMap(({ rule }) => (rule === null ? [] : [rule])),
    invalid: plans.flatMap(({ invalid }, index) =>
      invalid.length === 0 ? [] : [{ rule: source.rules[index]!.name, findings: invalid }],
    ),
    unresolved: plans.flatMap(({ unresolved }) => unresolved),
    clusters: [...new Set(plans.flatMap(({ clusters }) => clusters))],
    canaries: plans.flatMap(({ canary }) => canary?.plan ?? []),
    problems: plans.flatMap(({ canary }) => canary?.problems ?? []),
  };
}

/** A rule's name, or its number. */
export const ruleName = (name: string | undefined, index: number): string => name ?? String(index);

function planRule(
  source: RulesSource,
  rule: RuleSource,
  index: number,
  upstreamId: string,
  facts: FactReader,
  options: CompileOptions,
): RulePlan {
  const path = `spec.rules[${index}]`;
  const noRegex = regexMistakes(rule.patterns, options.checkRegex ?? (() => null));
  // Nobody can tell which requests it was meant for.
  if (noRegex.length > 0) return { rule: null, invalid: noRegex, unresolved: [], clusters: [] };
  const { kind, namespace } = source;
  const from = { group: gatewayGroup, kind, namespace, transport: null };
  const resolve = (ref: BackendObjectReference, at: string) => {
    const resolved = resolveBackend(ref, at, from, facts, options.controlAddresses ?? []);
    return "finding" in resolved ? resolved : { cluster: clusterUnder(resolved.cluster, upstreamId) };
  };
  const own = planFilters(rule.filters, `${path}.filters`, resolve);
  const backends = rule.backendRefs.map((ref, i) =>
    planBackendRef(ref, `${path}.backendRefs[${i}]`, resolve),
  );
  const { name } = rule;
  const ruleId = `${source.name}/${name}`;
  const session = sessionOf(rule.sessionPersistence, ruleId, `${path}.sessionPersistence`);
  const closing = [
    ...(own.hasRewrite ? backends.flatMap(({ redirect }) => redirect ?? []) : []),
    ...own.unsupported,
    ...(isFinding(session) ? [session] : []),
  ];
  // What is not whole answers with an error: nothing is let through past a filter that cannot be applied.
  const isClosed = closing.length > 0;
  const given = backends.map(({ spec }) => ({
    ...spec,
    filters: withMirrorLimits(spec.filters, rule.mirror),
  }));
  const canary =
    rule.canary === undefined || isClosed
      ? undefined
      : withCanary(rule.canary, { id: ruleId, namespace, refs: rule.backendRefs, shares: given }, facts);
  const shares = canary?.shares ?? given;
  return {
    rule: {
      name,
      matches: rule.matches,
      filters: isClosed ? [] : withFaults(withMirrorLimits(own.filters, rule.mirror), rule.faults),
      backends: isClosed ? [unresolvedShare(1)] : own.hasRedirect ? [] : withAnswer(shares),
      requestTimeoutMs: durationMs(rule.timeouts?.request),
      backendRequestTimeoutMs: durationMs(rule.timeouts?.backendRequest),
      retry: rule.retry,
      sessionPersistence: isFinding(session) ? null : session,
      ...(rule.translatesGrpcWeb ? { translatesGrpcWeb: true } : {}),
      ...(rule.hedge !== undefined && { hedge: rule.hedge }),
      ...(rule.priority === undefined ? {} : { priority: rule.priority }),
    },
    invalid: [...closing, ...backends.flatMap(({ unsupported }) => unsupported)],
    unresolved: [...own.unresolved, ...backends.flatMap(({ unresolved }) => unresolved)],
    clusters: isClosed ? [] : [...own.clusters, ...backends.flatMap(({ clusters }) => clusters)],
    ...(canary !== undefined && { canary }),
  };
}
