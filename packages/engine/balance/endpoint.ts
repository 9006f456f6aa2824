import type { Random } from "../base/index.ts";

/**
 * What a picker looks at. Implemented by one class only, so that picks stay monomorphic. Its owner keeps
 * `inFlight` and `isAvailable`; `observeLatency` keeps the two measurements.
 */
export interface BalancedEndpoint {
  /** Tells it from the others; where its keys are depends on it alone. */
  readonly name: string;
  /** Share of traffic against the others'; above 0. A change comes with a new array of endpoints. */
  readonly weight: number;
  /** Exchanges in flight. */
  readonly inFlight: number;
  /** Peak EWMA of the latency in milliseconds as of `ewmaAtMs`; 0 until measured. */
  ewmaMs: number;
  ewmaAtMs: number;
  /** When the first exchange began of those that came after its last answer; Infinity: it has answered since. */
  readonly silentSinceMs: number;
  /** False while it is ejected or unhealthy. */
  readonly isAvailable: boolean;
  /** When it joined or recovered, for SlowStartPicker; -Infinity: long ago. */
  readonly rampFromMs: number;
}

/** What LevelPicker looks at besides. A change comes with a new array of endpoints. */
export interface PlacedEndpoint extends BalancedEndpoint {
  /** 0 is used first. */
  readonly priority: number;
  /** "" where it is not known. */
  readonly zone: string;
  readonly node: string;
  /** Zones whose callers it is meant for; null: nobody said. */
  readonly forZones: readonly string[] | null;
}

/** The key of a request that has none. */
export const NO_KEY = -1;

/**
 * Chooses the endpoint of one attempt. Allocates nothing per pick.
 *
 * Every picker: null for an empty list alone. `exclude` (the endpoint that failed before) is avoided as long as
 * another one is available. When none is available all are chosen from: a guess is better than a sure failure
 * (the panic of Envoy). State about a list is kept for as long as the same array object is passed, so a changed
 * list or weight comes as a new array.
 */
export interface Picker<E extends BalancedEndpoint> {
  /** `key` is of `hashKey`, or NO_KEY. Those that do not hash do not look at it. */
  pick(endpoints: readonly E[], nowMs: number, random: Random, exclude?: E | null, key?: number): E | null;
  /** Does beforehand what the first pick of a list would do: yields each few thousand steps. Absent: it is little. */
  prepare?(endpoints: readonly E[]): Generator<void>;
}

/** One that looks at the list it is given as a whole, and that LevelPicker has several of. */
export interface FlatPicker<E extends BalancedEndpoint> extends Picker<E> {
  /** Panic: all are chosen from, as if they were available. Default false. */
  ignoresHealth: boolean;
}
