import type { FilterSpec } from "@heddle/engine/model";
import { policyFiltersOf } from "../attach/index.ts";
import { placeFilters, type PlacedFilter } from "../filters/filter-stages.ts";
import type { PolicyFilters, RequestPlace } from "../filters/policy-filters.ts";
import { policyKinds } from "../policies/policy-kinds.ts";
import { namespacePlace, type PolicyPlace } from "../policies/policy-source.ts";

/** Filters that are about answers, which nobody reads, or that copy: a copy makes no copies. */
const notForCopies: ReadonlySet<string> = new Set([
  "cache",
  "compression",
  "cors",
  "error-pages",
  "recorder",
  "security-headers",
]);

/** Of the filters of policies on what is copied to, those that each copy passes first, in their order. */
export function guardsOfCopies(filters: readonly PlacedFilter[]): readonly FilterSpec[] {
  return placeFilters(
    filters.filter(({ spec }) => !notForCopies.has(spec.name)),
    [],
  );
}

/**
 * Filters of policies, those that copy to a place with what guards it. They send requests of their own, of no route, so
 * that nothing has asked the policies of its namespace before.
 */
export function withCopyGuards(made: PolicyFilters, at: RequestPlace): PolicyFilters {
  if (made.filters.every(({ copiesTo }) => copiesTo === undefined)) return made;
  const data: string[] = [...made.data];
  const clusters: string[] = [...made.clusters];
  const filters = made.filters.map((one): PlacedFilter => {
    if (one.copiesTo === undefined) return one;
    const of = policyFiltersOf(policyKinds, chainTo(one.copiesTo), at);
    const guards = guardsOfCopies(of.filters);
    if (guards.length === 0) return one;
    data.push(...of.data);
    clusters.push(...of.clusters);
    return { ...one, spec: { ...one.spec, guards } };
  });
  return { ...made, filters, data, clusters };
}

const chainTo = (place: PolicyPlace): readonly PolicyPlace[] => [namespacePlace(place.namespace), place];
