import type { BalancedEndpoint } from "./endpoint.ts";

/** Which endpoint has which place, and which places a key, in order. */
export interface HashTable {
  /** Indexes of endpoints, by place. */
  readonly owners: Uint16Array | Uint32Array;
  /** The place of a key (in [0, 2^31)). */
  find(key: number): number;
  /** The place to look at after `place`, the `step`th for the key (from 1 on). */
  after(place: number, step: number): number;
}

/** Yields now and then, so that a large table is built between requests. */
export type BuildTable = (endpoints: readonly BalancedEndpoint[]) => Generator<void, HashTable>;

/** Steps between two yields: a fraction of a millisecond. */
export const STEPS_PER_SLICE = 4_096;

/** Owners of a table of that size, as small as their indexes allow. */
export function makeOwners(size: number, endpoints: number): Uint16Array | Uint32Array {
  return endpoints <= 65_536 ? new Uint16Array(size) : new Uint32Array(size);
}
