import type { HTTPBackendRef } from "../resources/index.ts";
import { policyFiltersOf } from "./attach/index.ts";
import type { CompileOptions } from "./compile-io.ts";
import { readResource, type FactReader } from "./facts.ts";
import type { PolicyFilters } from "./policy-filters.ts";
import { policyKinds } from "./policy-kinds.ts";
import type { PolicyPlace } from "./policy-source.ts";
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
  const place = placeOf(ref, route.namespace, facts);
  const chain = place.namespace === route.namespace ? [place] : [namespacePlace(place.namespace), place];
  return policyFiltersOf(policyKinds, chain, requestPlace(facts, options, upstreamId));
}

function placeOf(
  { kind, namespace: of, name, port }: HTTPBackendRef,
  routeNamespace: string,
  facts: FactReader,
): PolicyPlace {
  const namespace = of ?? routeNamespace;
  if (kind === "Backend") return { kind, namespace, name, sectionName: "" };
  const service = readResource(facts, "Service", namespace, name);
  const sectionName = service?.spec.ports?.find((one) => one.port === port)?.name ?? "";
  return { kind: "Service", namespace, name, sectionName };
}
