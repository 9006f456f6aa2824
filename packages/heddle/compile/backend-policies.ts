import type { BackendObjectReference } from "../resources/index.ts";
import { policyFiltersOf } from "./attach/index.ts";
import { backendPlace } from "./backend-place.ts";
import { withCopyGuards } from "./copy-guards.ts";
import type { PolicyFilters, RequestPlace } from "./policy-filters.ts";
import { policyKinds } from "./policy-kinds.ts";
import { namespacePlace } from "./policy-source.ts";

/**
 * The filters of the policies that guard what a backendRef leads to, whichever route does. A policy of its namespace holds
 * once: where the route is of that namespace its rules have it.
 */
export function backendPolicyFilters(
  ref: BackendObjectReference,
  route: { readonly namespace: string },
  at: RequestPlace,
): PolicyFilters {
  const place = backendPlace(ref, route.namespace, at.facts);
  const chain = place.namespace === route.namespace ? [place] : [namespacePlace(place.namespace), place];
  return withCopyGuards(policyFiltersOf(policyKinds, chain, at), at);
}
