import type { HTTPBackendRef } from "../resources/index.ts";
import { policyFiltersOf } from "./attach/index.ts";
import { backendPlace } from "./backend-place.ts";
import type { CompileOptions } from "./compile-io.ts";
import type { FactReader } from "./facts.ts";
import type { PolicyFilters } from "./policy-filters.ts";
import { policyKinds } from "./policy-kinds.ts";
import { requestPlace } from "./request-place.ts";
import { namespacePlace } from "./rule-policies.ts";

/**
 * The filters of the policies that guard what a backendRef leads to, whichever route does. A policy of its namespace holds
 * once: where the route is of that namespace its rules have it.
 */
export function backendPolicyFilters(
  ref: HTTPBackendRef,
  route: { readonly namespace: string },
  upstreamId: string,
  facts: FactReader,
  options: CompileOptions,
): PolicyFilters {
  const place = backendPlace(ref, route.namespace, facts);
  const chain = place.namespace === route.namespace ? [place] : [namespacePlace(place.namespace), place];
  return policyFiltersOf(policyKinds, chain, requestPlace(facts, options, upstreamId));
}
