import { levelLoads } from "./level-loads.ts";
import type { Capacity } from "./level-loads.ts";

/** The groups of a level, those near first. */
export interface ZoneCapacity extends Capacity {
  readonly zone: string;
}

/**
 * How nearby groups and the rest share a level's requests: each takes what it can while `overprovisioningPercent` of
 * its available share is 100 %, the nearest first.
 */
export function outageShares(groups: readonly Capacity[], overprovisioningPercent: number): number[] {
  return levelLoads(groups, { overprovisioningPercent, panicThresholdPercent: 0 }).map(({ share }) => share);
}

/**
 * How zones share the requests of the callers of one of them (Envoy, "Zone aware routing"), who are taken to be as many
 * in each zone that has endpoints. Where the own zone has its fair share of what is available, it takes all. Else it
 * takes what it is worth, and the rest goes to the zones that have more than their share, in proportion to that.
 */
export function capacityShares(groups: readonly ZoneCapacity[], ownZone: string): number[] {
  const whole = groups.reduce((sum, { available }) => sum + available, 0);
  const shares = groups.map(({ available }) => available / whole);
  const own = groups.findIndex(({ zone }) => zone === ownZone);
  if (own < 0 || shares[own] === 0) return shares;
  const fair = 1 / groups.filter(({ zone }) => zone !== "").length;
  const kept = Math.min(1, shares[own] / fair);
  const spare = shares.map((share, i) => (i === own ? 0 : Math.max(0, share - fair)));
  const allSpare = spare.reduce((a, b) => a + b, 0);
  const others = 1 - shares[own];
  return shares.map((share, i) => {
    if (i === own) return kept;
    if (kept === 1) return 0;
    return (1 - kept) * (allSpare > 0 ? spare[i] / allSpare : share / others);
  });
}
