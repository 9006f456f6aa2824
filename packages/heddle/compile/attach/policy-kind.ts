import type { PolicyTarget, PolicyTargetKind } from "../../resources/index.ts";
import type { ClusterPlan } from "../cluster-plan.ts";
import type { RuleSource } from "../route-rules.ts";
import type { Effective, PolicySpec } from "./policy.ts";

/** Of a field of two policies: the more specific one's whole value holds, or each of its own fields by itself. */
export type FieldMerge = "whole" | "deep";

/**
 * A kind of policy: what there is to know to attach it. Its schema is in the registry of resources, by `kind`. A new
 * kind is one such object, and its place in `policyKinds`.
 */
export interface PolicyKind<Spec extends PolicySpec = PolicySpec, Name extends string = string> {
  readonly kind: Name;
  readonly targets: readonly PolicyTargetKind[];
  /** The fields that are put together along the chain of targets; others have no effect. */
  readonly merge: Readonly<Record<string, FieldMerge>>;
  /**
   * What becomes of a policy with errors. "open": it is not in force, as if it were not there. "closed", for what
   * guards something: its last good version stays in force, and where there is none its targets deny.
   */
  readonly failure: "open" | "closed";
  /** Why a policy cannot be attached to a target of this form, whatever is there: which field, and the mend. */
  mistake?(spec: Spec, target: PolicyTarget): { readonly path: string; readonly message: string } | null;
  /** Fields of the policy, as in `PolicySource`, that a rule gives itself: its own word goes before the policy's. */
  ownFields?(rule: RuleSource): readonly string[];
  /** What the policy in force does to what is compiled. Neither is called where no policy is. */
  readonly emit: {
    rule?(rule: RuleSource, policy: Effective<Spec>): RuleSource;
    cluster?(cluster: ClusterPlan, policy: Effective<Spec>): ClusterPlan;
  };
}
