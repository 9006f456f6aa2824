import type { ZoneSpec } from "../model/index.ts";
import type { PlacedEndpoint } from "./endpoint.ts";

export interface ZoneGroup<E extends PlacedEndpoint> {
  /** Its zone with "capacity"; else "". */
  readonly zone: string;
  readonly endpoints: readonly E[];
}

/** What says where an endpoint is. */
type Place = Pick<PlacedEndpoint, "zone" | "node" | "forZones">;

/**
 * The endpoints of a level by distance: with "outage" those of the own node (where it goes first), of the own zone, and
 * the others; with "capacity" zone by zone, the own one first. Empty groups are left out. Without a zone of one's own
 * nothing is near: they are one group.
 */
export function groupByZone<E extends PlacedEndpoint>(
  endpoints: readonly E[],
  own: ZoneSpec | null,
): ZoneGroup<E>[] {
  if (own === null || own.mode === "strict") return [{ zone: "", endpoints }];
  if (own.spillover === "capacity")
    return own.zone === "" ? [{ zone: "", endpoints }] : byZone(endpoints, own);
  const near = zoneTest(endpoints, own);
  const onNode = (endpoint: E): boolean => own.isNodeFirst && own.node !== "" && endpoint.node === own.node;
  return [
    endpoints.filter(onNode),
    endpoints.filter((endpoint) => !onNode(endpoint) && near(endpoint)),
    endpoints.filter((endpoint) => !onNode(endpoint) && !near(endpoint)),
  ]
    .filter((group) => group.length > 0)
    .map((group) => ({ zone: "", endpoints: group }));
}

function byZone<E extends PlacedEndpoint>(endpoints: readonly E[], own: ZoneSpec): ZoneGroup<E>[] {
  const zones = [...new Set(endpoints.map(({ zone }) => zone))];
  return zones
    .sort((a, b) => Number(b === own.zone) - Number(a === own.zone))
    .map((zone) => ({ zone, endpoints: endpoints.filter((endpoint) => endpoint.zone === zone) }));
}

/**
 * Whether an endpoint is meant for the own zone: as the hints of its EndpointSlice say, where all endpoints have some
 * (KEP-2433: else hints are not to be used), or else by its own zone.
 */
export function zoneTest<P extends Place>(endpoints: readonly P[], own: ZoneSpec): (endpoint: P) => boolean {
  if (own.zone === "") return () => false;
  const hasHints = endpoints.every(({ forZones }) => forZones !== null && forZones.length > 0);
  return hasHints ? ({ forZones }) => forZones!.includes(own.zone) : ({ zone }) => zone === own.zone;
}
