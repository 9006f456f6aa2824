import { zoneTest } from "../balance/index.ts";
import type { BalancingSpec, EndpointSpec } from "../model/index.ts";

/**
 * The endpoints that are the cluster's: of some weight, with all labels of its subset, and, where its zone is strict,
 * of that zone. A data plane that does not know its own zone has none then: what cannot be kept fails closed.
 */
export function selectMembers(
  specs: readonly EndpointSpec[],
  { subset, zone }: BalancingSpec,
): readonly EndpointSpec[] {
  const weighed = specs.filter(({ weight }) => weight > 0);
  const labels = Object.entries(subset ?? {});
  const chosen =
    labels.length === 0
      ? weighed
      : weighed.filter((spec) => labels.every(([name, value]) => spec.labels?.[name] === value));
  if (zone === undefined || zone.mode !== "strict") return chosen;
  const isInZone = zoneTest(chosen.map(placeOf), zone);
  return chosen.filter((spec) => isInZone(placeOf(spec)));
}

function placeOf({ zone, node = "", forZones }: EndpointSpec) {
  return { zone, node, forZones: forZones ?? null };
}
