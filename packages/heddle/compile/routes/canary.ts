import type { BackendSpec } from "@heddle/engine/model";
import {
  type Canary,
  type CanaryBackendRef,
  type HTTPBackendRef,
  type ResourceKey,
} from "../../resources/index.ts";
import type { CanaryPlan } from "../io/canary-io.ts";
import type { CompileProblem } from "../io/compile-problem.ts";
import type { FactReader } from "../pass/facts.ts";
import { durationMs } from "./route-settings.ts";

/** What a policy says of the backends of a rule. */
export interface CanarySource {
  readonly spec: Canary;
  readonly policy: ResourceKey;
}

/** The rule that a canary is planned for, with its backendRefs and what was made of each. */
interface CanaryRule {
  readonly id: string;
  readonly namespace: string;
  readonly refs: readonly HTTPBackendRef[];
  readonly shares: readonly BackendSpec[];
}

export interface CanaryOutcome {
  readonly shares: readonly BackendSpec[];
  readonly plan: CanaryPlan | null;
  readonly problems: readonly CompileProblem[];
}

/** The fact that gives the present weight of a canary, in percent. Undefined: it has not begun. */
export const canaryFact = (id: string): string => `~canary/${id}`;

/** Gives the two backends of a canary their present weights; a rule that lacks one of them stays as it is. */
export function withCanary(
  { spec, policy }: CanarySource,
  { id, namespace, refs, shares }: CanaryRule,
  facts: FactReader,
): CanaryOutcome {
  const stable = find(spec.stable, refs, namespace);
  const canary = find(spec.canary, refs, namespace);
  const mistake = mistakeOf(spec, stable, canary, refs);
  if (mistake !== null) {
    const message = `rule ${id} ${mistake}, so its traffic is not shifted; name the rule in sectionName, or mend its backendRefs`;
    const problem = { key: policy, path: "spec.canary", message, severity: "error" } as const;
    return { shares, plan: null, problems: [problem] };
  }
  const clusters = [shares[stable]!.cluster, shares[canary]!.cluster];
  // What does not resolve is told on the route.
  if (clusters.includes(null)) return { shares, plan: null, problems: [] };
  const steps = spec.steps.map(({ weight, pause }) => ({ weight, pauseMs: durationMs(pause) }));
  const weight = (facts.read(canaryFact(id)) as number | undefined) ?? steps[0]!.weight;
  return {
    shares: weighted(shares, stable, canary, weight),
    plan: {
      id,
      policy,
      stable: [clusters[0]!],
      canary: [clusters[1]!],
      steps,
      analysis: analysisOf(spec),
      revision: spec.revision,
    },
    problems: [],
  };
}

function mistakeOf(
  spec: Canary,
  stable: number,
  canary: number,
  refs: readonly HTTPBackendRef[],
): string | null {
  if (stable < 0) return `has no backendRef to ${spec.stable.kind} ${spec.stable.name}`;
  if (canary < 0) return `has no backendRef to ${spec.canary.kind} ${spec.canary.name}`;
  if (stable === canary) return "has one backendRef for both stable and canary";
  return refs.length > 2 ? "has more backendRefs than the two" : null;
}

function find(ref: CanaryBackendRef, refs: readonly HTTPBackendRef[], routeNamespace: string): number {
  const { kind, name, namespace = routeNamespace, port } = ref;
  return refs.findIndex(
    (one) =>
      (one.kind ?? "Service") === kind &&
      one.name === name &&
      (one.namespace ?? routeNamespace) === namespace &&
      (port === undefined || one.port === port),
  );
}

/** A canary that was rolled back is no backend of the rule at all, so that sessions leave it too. */
function weighted(
  shares: readonly BackendSpec[],
  stable: number,
  canary: number,
  weight: number,
): readonly BackendSpec[] {
  const all = shares.map((share, at) => {
    if (at === stable) return { ...share, weight: 100 - weight };
    return at === canary ? { ...share, weight } : share;
  });
  return weight === 0 ? all.filter((_, at) => at !== canary) : all;
}

function analysisOf({ analysis }: Canary): CanaryPlan["analysis"] {
  const { maxErrorPercent, maxLatencyP99, maxLatencyRatio, minRequests, interval } = analysis;
  return {
    maxErrorPercent: maxErrorPercent ?? Infinity,
    maxLatencyP99Ms: maxLatencyP99 === undefined ? Infinity : durationMs(maxLatencyP99),
    maxLatencyRatio: maxLatencyRatio ?? Infinity,
    minRequests,
    intervalMs: durationMs(interval),
  };
}

/** Rules that Gateways reach under settings of their own are one canary. */
export function mergeCanaries(plans: readonly CanaryPlan[]): readonly CanaryPlan[] {
  const byId = new Map<string, CanaryPlan>();
  for (const plan of plans) {
    const known = byId.get(plan.id);
    const merged =
      known === undefined
        ? plan
        : {
            ...known,
            stable: [...new Set([...known.stable, ...plan.stable])],
            canary: [...new Set([...known.canary, ...plan.canary])],
          };
    byId.set(plan.id, merged);
  }
  return [...byId.values()];
}
