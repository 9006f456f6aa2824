import type { PolicyPlace } from "../policy-source.ts";
import {
  noPolicyFilters,
  type PolicyFilters,
  type RequestFilters,
  type RequestPlace,
} from "../policy-filters.ts";
import { effectiveOf } from "./effective.ts";
import type { PolicyKind } from "./policy-kind.ts";

/**
 * The filters that policies add along a chain of places, the least specific first. One that has errors, or is not
 * whole, adds a denial in the place of its filters.
 */
export function policyFiltersOf(
  kinds: readonly PolicyKind[],
  chain: readonly PolicyPlace[],
  at: RequestPlace,
): PolicyFilters {
  let all = noPolicyFilters;
  for (const kind of kinds) {
    if (kind.emit.request === undefined) continue;
    const policy = effectiveOf(kind, "request", chain, at.facts);
    if (policy === null) continue;
    const made = policy.denial === "" ? kind.emit.request(policy, at) : denial(policy.denial);
    const { data = [], clusters = [], findings = [] } = made;
    const { filters } = findings.length === 0 ? made : denial(`${kind.kind}: ${findings[0]!.message}`);
    all = {
      filters: [...all.filters, ...filters],
      data: [...all.data, ...data],
      clusters: [...all.clusters, ...clusters],
      sources: [...all.sources, ...policy.sources],
    };
  }
  return all;
}

/** Before all that could answer in its place. */
const denial = (reason: string): RequestFilters => ({
  filters: [{ stage: "early-limits", spec: { name: "denial", config: { reason } } }],
});
