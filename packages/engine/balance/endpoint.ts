import type { Random } from "../base/index.ts";

/**
 * What a picker looks at. Implemented by one class only, so that picks stay monomorphic. Its owner keeps
 * `inFlight` and `isAvailable`; `observeLatency` keeps the two measurements.
 */
export interface BalancedEndpoint {
  /** Share of traffic against the others'; above 0. A change comes with a new array of endpoints. */
  readonly weight: number;
  /** Exchanges in flight. */
  readonly inFlight: number;
  /** Peak EWMA of the latency in milliseconds as of `ewmaAtMs`; 0 until measured. */
  ewmaMs: number;
  ewmaAtMs: number;
  /** False while it is ejected or unhealthy. */
  readonly isAvailable: boolean;
}

/**
 * Chooses the endpoint of one attempt. Allocates nothing per pick.
 *
 * Every picker: null for an empty list alone. `exclude` (the endpoint that failed before) is avoided as long as
 * another one is available. When none is available all are chosen from: a guess is better than a sure failure
 * (the panic of Envoy). State about a list is kept for as long as the same array object is passed, so a changed
 * list or weight comes as a new array.
 */
export interface Picker<E extends BalancedEndpoint> {
  pick(endpoints: readonly E[], nowMs: number, random: Random, exclude?: E | null): E | null;
}
