import { policiesOn, withPolicies } from "../attach/index.ts";
import { backendPlace } from "./backend-place.ts";
import type { FactReader } from "../pass/facts.ts";
import { policyKinds } from "../policies/policy-kinds.ts";
import type { PolicyPlace } from "../policies/policy-source.ts";
import { limitsOf, type BackendLimits, type RuleSource } from "../routes/rule-source.ts";

const kinds = policyKinds.filter(({ backendFields = [] }) => backendFields.length > 0);
const fields = new Set(kinds.flatMap(({ backendFields = [] }) => backendFields));

/**
 * By backendRef of a rule, as it stands before policies; null where those of the backend change nothing. `chain` is that
 * of the rule, whose last place is the rule itself: it goes before its backends.
 */
export function backendLimitsOf(
  rule: RuleSource,
  namespace: string,
  chain: readonly PolicyPlace[],
  facts: FactReader,
): readonly (BackendLimits | null)[] {
  return rule.backendRefs.map((ref) => {
    const place = backendPlace(ref, namespace, facts);
    if (policiesOn(kinds, "rule", place, facts).length === 0) return null;
    const longer = [...chain.slice(0, -1), place, ...chain.slice(-1)];
    const { plan, sources } = withPolicies("rule", rule, kinds, longer, facts);
    const target = `${place.kind} ${place.namespace}/${place.name}`;
    const own = sources.filter((source) => fields.has(source.field) && isOf(source.target, target));
    return own.length === 0 ? null : { limits: limitsOf(plan), sources: own };
  });
}

/** Of all of it, or of a port. */
const isOf = (target: string, whole: string): boolean => target === whole || target.startsWith(`${whole} `);
