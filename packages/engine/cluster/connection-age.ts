import type { ClusterSettings } from "../model/index.ts";

/**
 * How old a connection may become, in milliseconds: `ageMs` give or take the jitter, by a tenth where there is none, so
 * that connections which came together do not leave together. `random` in [0, 1).
 */
export function connectionAge(
  ageMs: number,
  { connectionAgeJitterMs }: ClusterSettings,
  random: number,
): number {
  const jitterMs = connectionAgeJitterMs ?? ageMs / 10;
  return Math.max(0, ageMs + (random * 2 - 1) * jitterMs);
}
