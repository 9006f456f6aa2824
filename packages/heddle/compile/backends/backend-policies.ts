import type { BackendObjectReference } from "../../resources/index.ts";
import { policyFiltersOf } from "../attach/index.ts";
import { backendPlace } from "./backend-place.ts";
import { withCopyGuards } from "./copy-guards.ts";
import type { PolicyFilters, RequestPlace } from "../filters/policy-filters.ts";
import { policyKinds } from "../policies/policy-kinds.ts";
import { namespacePlace, type PolicySource } from "../policies/policy-source.ts";

/**
 * The filters of the policies that guard what a backendRef leads to, whichever route does. A policy of its namespace acts
 * once: where the route is of that namespace its rules have it, and where its Gateway is they may, which `asked` says,
 * what acts in the rule. What a route of another namespace has in its place is no reason to leave it out.
 */
export function backendPolicyFilters(
  ref: BackendObjectReference,
  route: { readonly namespace: string },
  at: RequestPlace,
  asked: readonly PolicySource[],
): PolicyFilters {
  const place = backendPlace(ref, route.namespace, at.facts);
  const chain = place.namespace === route.namespace ? [place] : [namespacePlace(place.namespace), place];
  return withCopyGuards(policyFiltersOf(policyKinds, chain, at, asked), at);
}
