import type { RouteRule } from "@heddle/engine/model";
import { gatewayGroup, type BackendObjectReference } from "../../resources/index.ts";
import { resolveBackend } from "../backends/backend-ref.ts";
import { withCanary, type CanaryOutcome } from "./canary.ts";
import type { CanaryPlan } from "../io/canary-io.ts";
import type { CompileProblem } from "../io/compile-problem.ts";
import type { CompileOptions } from "../io/compile-io.ts";
import type { FactReader } from "../pass/facts.ts";
import { noPolicyFilters } from "../filters/policy-filters.ts";
import { limitsOf, type RuleSource, type RulesSource } from "./rule-source.ts";
import { backendPolicyFilters } from "../backends/backend-policies.ts";
import { cachesBehindGuards } from "./cache-behind-guards.ts";
import { placeBehindOwn, placeFilters } from "../filters/filter-stages.ts";
import { planOwnFilter } from "../filters/own-filter.ts";
import { requestPlace } from "../filters/request-place.ts";
import type { PolicySource } from "../policies/policy-source.ts";
import { withFaults } from "./faults-config.ts";
import { clusterUnder } from "../gateways/gateway-settings.ts";
import { withMirrorLimits } from "./mirror-limits.ts";
import { planBackendRef, unresolvedShare, withAnswer } from "./route-backends.ts";
import { planFilters, type FilterReferences } from "./route-filters.ts";
import { regexMistakes } from "./route-matches.ts";
import { sessionOf } from "./route-settings.ts";
import { isFinding, type Finding } from "../io/status.ts";

export interface RulesPlan {
  readonly rules: readonly RouteRule[];
  /** By rule: why it is not done as it asks. */
  readonly invalid: readonly RuleFindings[];
  /** Those, and rules that nothing passes while a filter that guards does not resolve; none where all are of the latter. */
  readonly dropped: readonly RuleFindings[];
  readonly unresolved: readonly Finding[];
  readonly clusters: readonly string[];
  /** Names of data units that filters read. */
  readonly data: readonly string[];
  /** Where what policies on backends say comes from, by rule. */
  readonly sources: readonly (readonly [string, readonly PolicySource[]])[];
  readonly canaries: readonly CanaryPlan[];
  readonly problems: readonly CompileProblem[];
  /** Where the limits of backends come from, by "RULE/CLUSTER". */
  readonly backendPolicies: readonly (readonly [string, readonly PolicySource[]])[];
}

interface RuleFindings {
  readonly rule: string;
  readonly findings: readonly Finding[];
}

interface RulePlan {
  readonly rule: RouteRule | null;
  readonly invalid: readonly Finding[];
  /** Filters that guard it and do not resolve. */
  readonly unguarded: readonly Finding[];
  readonly unresolved: readonly Finding[];
  readonly clusters: readonly string[];
  readonly data: readonly string[];
  /** Of policies on its backends. */
  readonly sources: readonly PolicySource[];
  readonly canary?: CanaryOutcome;
}

/** `upstreamId` names the settings under which the clusters are reached. */
export function planRules(
  source: RulesSource,
  upstreamId: string,
  facts: FactReader,
  options: CompileOptions,
): RulesPlan {
  const plans = source.rules.map((rule, index) => planRule(source, rule, index, upstreamId, facts, options));
  const named = (findingsOf: (plan: RulePlan) => readonly Finding[]): RuleFindings[] =>
    plans
      .map((plan, index) => ({ rule: source.rules[index]!.name, findings: findingsOf(plan) }))
      .filter(({ findings }) => findings.length > 0);
  const invalid = named((plan) => plan.invalid);
  const dropped = named((plan) => [...plan.invalid, ...plan.unguarded]);
  return {
    rules: plans.flatMap(({ rule }) => (rule === null ? [] : [rule])),
    invalid,
    dropped: invalid.length > 0 || dropped.length < plans.length ? dropped : [],
    unresolved: plans.flatMap(({ unresolved }) => unresolved),
    clusters: [...new Set(plans.flatMap(({ clusters }) => clusters))],
    data: [...new Set(plans.flatMap(({ data }) => data))],
    sources: plans.map(({ sources }, index) => [source.rules[index]!.name, sources]),
    canaries: plans.flatMap(({ canary }) => canary?.plan ?? []),
    problems: plans.flatMap(({ canary }) => canary?.problems ?? []),
    backendPolicies: plans.flatMap(({ rule }, index) => backendPolicies(source.rules[index]!, rule)),
  };
}

function backendPolicies(
  { name, backendLimits = [] }: RuleSource,
  rule: RouteRule | null,
): (readonly [string, readonly PolicySource[]])[] {
  const found: (readonly [string, readonly PolicySource[]])[] = [];
  for (const { cluster, limits } of rule?.backends ?? []) {
    const own = limits === undefined ? undefined : backendLimits.find((one) => one?.limits === limits);
    if (own) found.push([`${name}/${cluster}`, own.sources]);
  }
  return found;
}

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
  if (noRegex.length > 0)
    return {
      rule: null,
      invalid: noRegex,
      unguarded: [],
      unresolved: [],
      clusters: [],
      data: [],
      sources: [],
    };
  const { kind, namespace } = source;
  const from = { group: gatewayGroup, kind, namespace, transport: null, isGrpc: kind === "GRPCRoute" };
  const resolve = (ref: BackendObjectReference, at: string, isGrpc = from.isGrpc) => {
    const by = { ...from, isGrpc };
    const resolved = resolveBackend(ref, at, by, facts, options.controlAddresses ?? []);
    return "finding" in resolved ? resolved : { cluster: clusterUnder(resolved.cluster, upstreamId) };
  };
  const at = requestPlace(facts, options, upstreamId);
  const ofRule = rule.policyFilters ?? noPolicyFilters;
  const references: FilterReferences = {
    backend: resolve,
    filter: (filter, where) => planOwnFilter(namespace, filter, where, at),
    guards: (ref) => backendPolicyFilters(ref, source, at, ofRule.sources),
  };
  const own = planFilters(rule.filters, `${path}.filters`, references);
  const backends = rule.backendRefs.map((ref, i) =>
    planBackendRef(ref, `${path}.backendRefs[${i}]`, references),
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
  const isClosed = closing.length > 0 || own.unguarded.length > 0;
  const ofBackends = backends.map(({ spec }, i) =>
    spec.cluster === null ? noPolicyFilters : references.guards(rule.backendRefs[i]!),
  );
  const guards = [ofRule, ...ofBackends];
  const ownFilters = withFaults(withMirrorLimits(own.filters, rule.mirror), rule.faults);
  const placed = cachesBehindGuards(
    { placed: ofRule.filters, own: ownFilters },
    backends.map(({ spec }, i) => ({ placed: ofBackends[i]!.filters, own: spec.filters })),
  );
  const given = backends.map(({ spec }, i) => {
    const filters = placeBehindOwn(placed.backends[i]!, withMirrorLimits(spec.filters, rule.mirror));
    const limits = spec.cluster === null ? undefined : rule.backendLimits?.[i]?.limits;
    return { ...spec, filters, ...(limits !== undefined && { limits }) };
  });
  const canary =
    rule.canary === undefined || isClosed
      ? undefined
      : withCanary(rule.canary, { id: ruleId, namespace, refs: rule.backendRefs, shares: given }, facts);
  const shares = canary?.shares ?? given;
  return {
    rule: {
      name,
      matches: rule.matches,
      filters: isClosed ? [] : placeFilters(placed.rule, ownFilters),
      backends: isClosed ? [unresolvedShare(1)] : own.hasRedirect ? [] : withAnswer(shares),
      ...limitsOf(rule),
      sessionPersistence: isFinding(session) ? null : session,
      ...(rule.translatesGrpcWeb ? { translatesGrpcWeb: true } : {}),
      ...(rule.hedge !== undefined && { hedge: rule.hedge }),
      ...(rule.priority === undefined ? {} : { priority: rule.priority }),
    },
    invalid: [...closing, ...backends.flatMap(({ unsupported }) => unsupported)],
    unguarded: own.unguarded,
    unresolved: [...own.unresolved, ...backends.flatMap(({ unresolved }) => unresolved)],
    clusters: isClosed
      ? []
      : [...own.clusters, ...[...backends, ...guards].flatMap(({ clusters }) => clusters)],
    data: isClosed ? [] : [...own.data, ...[...backends, ...guards].flatMap(({ data }) => data)],
    sources: ofBackends.flatMap(({ sources }) => sources),
    ...(canary !== undefined && { canary }),
  };
}
