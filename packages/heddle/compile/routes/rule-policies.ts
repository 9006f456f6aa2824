import { policyFiltersOf, withPolicies } from "../attach/index.ts";
import { backendLimitsOf } from "../backends/backend-limits.ts";
import type { CompileOptions } from "../io/compile-io.ts";
import { withCopyGuards } from "../backends/copy-guards.ts";
import type { FactReader } from "../pass/facts.ts";
import { policyKinds } from "../policies/policy-kinds.ts";
import { PolicyPlace, withNamespace, type PolicySource } from "../policies/policy-source.ts";
import { requestPlace } from "../filters/request-place.ts";
import type { RequestRoute } from "./route-parents.ts";
import type { RuleSource, RulesSource } from "./rule-source.ts";

export interface PoliciedRules {
  readonly rules: readonly RuleSource[];
  /** Where what policies say of them comes from, by rule. */
  readonly sources: readonly (readonly [string, readonly PolicySource[]])[];
}

/**
 * The rules of a route with what policies make of them; a route's own word goes before theirs. `above` are the places of
 * the listener that they are reached by; [] where none serves them.
 */
export function withRulePolicies(
  { kind, metadata: { namespace, name } }: RequestRoute,
  source: RulesSource,
  above: readonly PolicyPlace[],
  upstreamId: string,
  facts: FactReader,
  options: CompileOptions,
): PoliciedRules {
  const sources: (readonly [string, readonly PolicySource[]])[] = [];
  const around = withNamespace(above, namespace);
  const at = requestPlace(facts, options, upstreamId);
  const rules = source.rules.map((rule) => {
    const chain = [...around, new PolicyPlace(kind, namespace, name, rule.name)];
    const made = withPolicies("rule", rule, policyKinds, chain, facts);
    const policyFilters = withCopyGuards(policyFiltersOf(policyKinds, chain, at), at);
    const backendLimits = backendLimitsOf(rule, namespace, chain, facts);
    const all = [...made.sources, ...policyFilters.sources];
    if (all.length > 0) sources.push([rule.name, all]);
    return {
      ...made.plan,
      ...(policyFilters.filters.length > 0 && { policyFilters }),
      ...(backendLimits.some((one) => one !== null) && { backendLimits }),
    };
  });
  return { rules, sources };
}
