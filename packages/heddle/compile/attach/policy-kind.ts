import type { PolicyTargetKind } from "../../resources/index.ts";
import type { ClusterPlan } from "../backends/cluster-plan.ts";
import type { RuleSource } from "../routes/rule-source.ts";
import type { StreamPlan } from "../routes/stream-plan.ts";
import type { Finding } from "../io/status.ts";
import type { Effective, Policy, PolicySpec } from "./policy.ts";
import type { RequestFilters, RequestPlace } from "../filters/policy-filters.ts";

/**
 * What policies act on: a rule of requests; one of connections or datagrams; a cluster, which routes share; or requests,
 * by filters, wherever these pass: in rules by policies of their namespace, Gateway and route, and on the way to a Service or a Backend by its own.
 */
export type PolicyStage = "rule" | "stream" | "cluster" | "request";

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
   * Those that add to each other: `emit` takes them from `Effective.levels`, and every policy that has one is a source.
   * What guards at a Gateway must not be lifted by who may write routes.
   */
  readonly gathered?: readonly string[];
  /**
   * Those of them of which a more specific place may leave a part out of force: on the way to a backend they are asked once
   * more, though the rule has them, so that a route takes nothing away from what guards a Service. Default: none.
   */
  readonly askedAgain?: readonly string[];
  /**
   * Those of rules that Services and Backends may have as well: they hold for the requests of all rules that go there, and
   * what is attached to a route goes before them.
   */
  readonly backendFields?: readonly string[];
  /**
   * What becomes of a policy with errors. "open": it is not in force, as if it were not there. "closed", for what
   * guards something: its last good version stays in force, and where there is none its targets deny.
   */
  readonly failure: "open" | "closed";
  /**
   * Whether it says who may call. Connections and datagrams, which cannot be asked, are closed where it holds. Default: it
   * does not, and has no effect on them.
   */
  asksWhoCalls?(spec: Partial<Spec>): boolean;
  /** Fields of the policy, as in `PolicySource`, that a rule gives itself: its own word goes before the policy's. */
  ownRuleFields?(rule: RuleSource): readonly string[];
  /** The same of a cluster. */
  ownClusterFields?(cluster: ClusterPlan): readonly string[];
  /** What the policy refers to and does not find: its condition ResolvedRefs. Default: it refers to nothing. */
  findings?(policy: Policy<Spec>, at: RequestPlace): readonly Finding[];
  /** What the policy in force does to what is compiled. Neither is called where no policy is. */
  readonly emit: {
    rule?(rule: RuleSource, policy: Effective<Spec>): RuleSource;
    request?(policy: Effective<Spec>, at: RequestPlace): RequestFilters;
    stream?(stream: StreamPlan, policy: Effective<Spec>): StreamPlan;
    cluster?(cluster: ClusterPlan, policy: Effective<Spec>): ClusterPlan;
  };
}
