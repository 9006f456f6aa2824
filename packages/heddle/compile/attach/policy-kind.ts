import type { PolicyTargetKind } from "../../resources/index.ts";
import type { ClusterPlan } from "../cluster-plan.ts";
import type { RuleSource } from "../route-rules.ts";
import type { Effective, PolicySpec } from "./policy.ts";

/** What policies act on: a rule of a route, or a cluster, which routes share. */
export type PolicyStage = "rule" | "cluster";

/**
 * A kind of policy: what there is to know to attach it. Its schema is in the registry of resources, by `kind`. A new
 * kind is one such object, and its place in `policyKinds`.
 */
export interface PolicyKind<Spec extends PolicySpec = PolicySpec, Name extends string = string> {
  readonly kind: Name;
  readonly targets: readonly PolicyTargetKind[];
  /**
   * The fields of the spec, by path, and what each acts on. Along a chain of targets each is taken whole from the most
   * specific policy that has it: `timeouts.request` by itself, `retry` with all that it holds.
   */
  readonly fields: Readonly<Record<string, PolicyStage>>;
  /**
   * What becomes of a policy with errors. "open": it is not in force, as if it were not there. "closed", for what
   * guards something: its last good version stays in force, and where there is none its targets deny.
   */
  readonly failure: "open" | "closed";
  /** Fields of the policy, as in `PolicySource`, that a rule gives itself: its own word goes before the policy's. */
  ownRuleFields?(rule: RuleSource): readonly string[];
  /** The same of a cluster. */
  ownClusterFields?(cluster: ClusterPlan): readonly string[];
  /** What the policy in force does to what is compiled. Neither is called where no policy is. */
  readonly emit: {
    rule?(rule: RuleSource, policy: Effective<Spec>): RuleSource;
    cluster?(cluster: ClusterPlan, policy: Effective<Spec>): ClusterPlan;
  };
}
