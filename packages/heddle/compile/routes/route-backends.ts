import type { BackendSpec } from "@heddle/engine/model";
import type { HTTPBackendRef } from "../../resources/index.ts";
import { planFilters, type FilterReferences } from "./route-filters.ts";
import { makeFinding, type Finding } from "../io/status.ts";

export interface BackendPlan {
  readonly spec: BackendSpec;
  /** What to say of a redirect of the backend where the rule rewrites: the two may not be combined. */
  readonly redirect: Finding | null;
  readonly unsupported: readonly Finding[];
  readonly unresolved: readonly Finding[];
  readonly clusters: readonly string[];
  /** Names of data units that its filters read. */
  readonly data: readonly string[];
}

/** A backendRef as a share of the requests of its rule. */
export function planBackendRef(ref: HTTPBackendRef, path: string, references: FilterReferences): BackendPlan {
  const plan = planFilters(ref.filters ?? [], `${path}.filters`, references);
  const { filters, unsupported, unresolved, clusters, data } = plan;
  const redirect = plan.hasRedirect
    ? makeFinding(
        "IncompatibleFilters",
        `${path}.filters`,
        "RequestRedirect cannot be combined with the URLRewrite of the rule; remove one",
      )
    : null;
  const resolved = references.backend(ref, path);
  if ("finding" in resolved || unsupported.length > 0 || plan.unguarded.length > 0) {
    const own = "finding" in resolved ? [resolved.finding] : [];
    return {
      spec: unresolvedShare(ref.weight),
      redirect,
      unsupported,
      unresolved: [...unresolved, ...own],
      clusters: [],
      data: [],
    };
  }
  const { cluster } = resolved;
  const spec: BackendSpec = { cluster, weight: ref.weight, filters, status: 500 };
  return { spec, redirect, unsupported, unresolved, clusters: [cluster, ...clusters], data };
}

/** A share of requests that cannot be forwarded (Gateway API: 500). */
export const unresolvedShare = (weight: number): BackendSpec => ({
  cluster: null,
  weight,
  filters: [],
  status: 500,
});

/** Without any backend that takes requests every one is answered with 500. */
export function withAnswer(specs: readonly BackendSpec[]): readonly BackendSpec[] {
  return specs.some(({ weight }) => weight > 0) ? specs : [...specs, unresolvedShare(1)];
}
