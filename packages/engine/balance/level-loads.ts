import type { FailoverSpec } from "../model/index.ts";

/** Endpoints that are used together, by the sum of their weights. */
export interface Capacity {
  readonly total: number;
  /** Of those that are available. */
  readonly available: number;
}

export interface LevelLoad {
  /** Of all requests; the shares of all levels make 1. */
  readonly share: number;
  /** Its endpoints are used whether they are available or not. */
  readonly isPanicking: boolean;
}

/** Of a sum of shares, for rounding. */
const WHOLE = 1 - 1e-9;

/**
 * How levels share the requests, the first one first (Envoy, "Priority levels" and "Panic threshold"). A level's health
 * is its available share times the overprovisioning factor, at most 1.
 *
 * - All healths make 1 or more: each level takes its health, until nothing is left. Nobody panics.
 * - They do not: levels share in proportion to health, and those below the panic threshold use all their endpoints.
 *   When all levels are below it, they share in proportion to size.
 */
export function levelLoads(levels: readonly Capacity[], failover: FailoverSpec): LevelLoad[] {
  const factor = failover.overprovisioningPercent / 100;
  const healths = levels.map(({ total, available }) =>
    total === 0 ? 0 : Math.min(1, (factor * available) / total),
  );
  const sum = healths.reduce((a, b) => a + b, 0);
  if (sum >= WHOLE) {
    let left = 1;
    return healths.map((health) => {
      const share = Math.min(left, health);
      left -= share;
      return { share, isPanicking: false };
    });
  }
  const threshold = failover.panicThresholdPercent / 100;
  const panics = levels.map(({ total, available }) => available < threshold * total);
  if (sum === 0 || panics.every(Boolean)) {
    const whole = levels.reduce((all, { total }) => all + total, 0);
    return levels.map(({ total }) => ({ share: total / whole, isPanicking: true }));
  }
  return healths.map((health, i) => ({ share: health / sum, isPanicking: panics[i] }));
}
