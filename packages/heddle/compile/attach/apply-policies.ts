import type { ClusterPlan } from "../backends/cluster-plan.ts";
import type { FactReader } from "../pass/facts.ts";
import type { RuleSource } from "../routes/rule-source.ts";
import type { StreamPlan } from "../routes/stream-plan.ts";
import { askedPlaces } from "./asked-places.ts";
import { effectiveOf } from "./effective.ts";
import type { PolicyKind } from "./policy-kind.ts";
import type { Effective, PolicySpec } from "./policy.ts";
import type { PolicyPlace, PolicySource } from "../policies/policy-source.ts";

/** What policies act on. */
interface Plans {
  readonly rule: RuleSource;
  readonly stream: StreamPlan;
  readonly cluster: ClusterPlan;
}

/**
 * A rule or a cluster with what policies of all kinds make of it, and where that comes from. `chain` as of
 * `effectiveOf`; the very same plan where no policy holds.
 */
export function withPolicies<S extends keyof Plans>(
  stage: S,
  plan: Plans[S],
  kinds: readonly PolicyKind[],
  chain: readonly PolicyPlace[],
  facts: FactReader,
): { readonly plan: Plans[S]; readonly sources: readonly PolicySource[] } {
  let made = plan;
  const sources: PolicySource[] = [];
  const places = askedPlaces(chain, facts);
  if (places.length === 0) return { plan, sources };
  for (const kind of kinds) {
    const emit = kind.emit[stage] as
      | ((plan: Plans[S], policy: Effective<PolicySpec>) => Plans[S])
      | undefined;
    const policy = emit === undefined ? null : effectiveOf(kind, stage, places, facts);
    if (policy === null) continue;
    const own = ownFields(kind, stage, made);
    made = emit!(made, policy);
    for (const source of policy.sources) if (!own.includes(source.field)) sources.push(source);
  }
  return { plan: made, sources };
}

function ownFields<S extends keyof Plans>(kind: PolicyKind, stage: S, plan: Plans[S]): readonly string[] {
  if (stage === "rule") return kind.ownRuleFields?.(plan as RuleSource) ?? [];
  return stage === "cluster" ? (kind.ownClusterFields?.(plan as ClusterPlan) ?? []) : [];
}
