import type { Random } from "../base/index.ts";

/**
 * How old a connection gets, in milliseconds; 0 is no limit. A tenth more or less than asked for: connections that came
 * together do not leave together.
 */
export function connectionAgeMs(limitMs: number, random: Random): number {
  return limitMs === 0 ? Infinity : limitMs * (0.9 + 0.2 * random.next());
}
