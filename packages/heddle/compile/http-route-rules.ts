import type { RouteRule } from "@heddle/engine/model";
import {
  gatewayGroup,
  type BackendObjectReference,
  type HTTPRoute,
  type HTTPRouteRule,
} from "../resources/index.ts";
import { resolveBackend } from "./backend-ref.ts";
import type { CompileOptions } from "./compile-io.ts";
import type { FactReader } from "./facts.ts";
import { clusterUnder } from "./gateway-settings.ts";
import { planBackendRef, unresolvedShare, withAnswer } from "./http-route-backends.ts";
import { planFilters } from "./http-route-filters.ts";
import { compileMatches, regexMistakes } from "./http-route-matches.ts";
import { durationMs, retryOf, sessionOf } from "./route-settings.ts";
import { isFinding, type Finding } from "./status.ts";

export interface RulesPlan {
  readonly rules: readonly RouteRule[];
  /** By rule: why it is not done as it asks. */
  readonly invalid: readonly { readonly rule: string; readonly findings: readonly Finding[] }[];
  readonly unresolved: readonly Finding[];
  readonly clusters: readonly string[];
}

interface RulePlan {
  readonly rule: RouteRule | null;
  readonly invalid: readonly Finding[];
  readonly unresolved: readonly Finding[];
  readonly clusters: readonly string[];
}

const referrer = (route: HTTPRoute) => ({
  group: gatewayGroup,
  kind: "HTTPRoute",
  namespace: route.metadata.namespace,
});

/** `upstreamId` names the settings under which the clusters are reached. */
export function planRules(
  route: HTTPRoute,
  upstreamId: string,
  facts: FactReader,
  options: CompileOptions,
): RulesPlan {
  const plans = route.spec.rules.map((rule, index) =>
    planRule(route, rule, index, upstreamId, facts, options),
  );
  return {
    rules: plans.flatMap(({ rule }) => (rule === null ? [] : [rule])),
    invalid: plans.flatMap(({ invalid }, index) =>
      invalid.length === 0 ? [] : [{ rule: nameOf(route.spec.rules[index]!, index), findings: invalid }],
    ),
    unresolved: plans.flatMap(({ unresolved }) => unresolved),
    clusters: [...new Set(plans.flatMap(({ clusters }) => clusters))],
  };
}

const nameOf = ({ name }: HTTPRouteRule, index: number) => name ?? String(index);

function planRule(
  route: HTTPRoute,
  rule: HTTPRouteRule,
  index: number,
  upstreamId: string,
  facts: FactReader,
  options: CompileOptions,
): RulePlan {
  const path = `spec.rules[${index}]`;
  const noRegex = regexMistakes(rule, path, options.checkRegex ?? (() => null));
  // Nobody can tell which requests it was meant for.
  if (noRegex.length > 0) return { rule: null, invalid: noRegex, unresolved: [], clusters: [] };
  const from = referrer(route);
  const resolve = (ref: BackendObjectReference, at: string) => {
    const resolved = resolveBackend(ref, at, from, facts, options.controlAddresses ?? []);
    return "finding" in resolved ? resolved : { cluster: clusterUnder(resolved.cluster, upstreamId) };
  };
  const own = planFilters(rule.filters ?? [], `${path}.filters`, resolve);
  const backends = (rule.backendRefs ?? []).map((ref, i) =>
    planBackendRef(ref, `${path}.backendRefs[${i}]`, resolve),
  );
  const { namespace, name: routeName } = route.metadata;
  const name = nameOf(rule, index);
  const ruleId = `${namespace}/${routeName}/${name}`;
  const session = sessionOf(rule.sessionPersistence, ruleId, `${path}.sessionPersistence`);
  const closing = [
    ...(own.hasRewrite ? backends.flatMap(({ redirect }) => redirect ?? []) : []),
    ...own.unsupported,
    ...(isFinding(session) ? [session] : []),
  ];
  // What is not whole answers with an error: nothing is let through past a filter that cannot be applied.
  const isClosed = closing.length > 0;
  const shares = backends.map(({ spec }) => spec);
  return {
    rule: {
      name,
      matches: compileMatches(rule),
      filters: isClosed ? [] : own.filters,
      backends: isClosed ? [unresolvedShare(1)] : own.hasRedirect ? [] : withAnswer(shares),
      requestTimeoutMs: durationMs(rule.timeouts?.request),
      backendRequestTimeoutMs: durationMs(rule.timeouts?.backendRequest),
      retry: retryOf(rule.retry),
      sessionPersistence: isFinding(session) ? null : session,
    },
    invalid: [...closing, ...backends.flatMap(({ unsupported }) => unsupported)],
    unresolved: [...own.unresolved, ...backends.flatMap(({ unresolved }) => unresolved)],
    clusters: isClosed ? [] : [...own.clusters, ...backends.flatMap(({ clusters }) => clusters)],
  };
}
