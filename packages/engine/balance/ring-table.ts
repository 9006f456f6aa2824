import { hashText } from "../base/index.ts";
import type { RingHashSpec } from "../model/index.ts";
import type { BalancedEndpoint } from "./endpoint.ts";
import { mix, otherHash } from "./hash-key.ts";
import { makeOwners, STEPS_PER_SLICE } from "./hash-table.ts";
import type { BuildTable, HashTable } from "./hash-table.ts";

export const DEFAULT_RING_SIZE: RingHashSpec = { minimumSize: 512, maximumSize: 1_048_576 };

/** Of an endpoint, on average, where the largest size allows: shares are even to within 6 % then (one deviation). */
const PLACES = 256;

/** Digits of the radix sort: three of 11 bits hold a position of 31. */
const DIGIT_BITS = 11;
const DIGITS = 3;
const BUCKETS = 1 << DIGIT_BITS;

/** Ring hash: a key goes to the first place at or after its position. */
class RingTable implements HashTable {
  private readonly positions: Uint32Array;
  readonly owners: Uint16Array | Uint32Array;

  constructor(positions: Uint32Array, owners: Uint16Array | Uint32Array) {
    this.positions = positions;
    this.owners = owners;
  }

  find(key: number): number {
    const { positions } = this;
    let low = 0;
    let high = positions.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (positions[middle] >= key) high = middle;
      else low = middle + 1;
    }
    return low === positions.length ? 0 : low;
  }

  after(place: number): number {
    return place + 1 === this.owners.length ? 0 : place + 1;
  }
}

/**
 * A ring as ketama has it: each endpoint has many places, in proportion to its weight, whose positions depend on its
 * name alone. So one that comes or goes moves the keys of its own places, about one in n, and no others.
 */
export function ringTable({ minimumSize, maximumSize }: RingHashSpec): BuildTable {
  return function* build(endpoints) {
    const counts = placesOf(endpoints, minimumSize, maximumSize);
    const size = counts.reduce((sum, count) => sum + count, 0);
    let positions = new Uint32Array(size);
    let owners = makeOwners(size, endpoints.length);
    let at = 0;
    for (let index = 0; index < endpoints.length; index++) {
      const first = hashText(endpoints[index].name);
      const second = otherHash(endpoints[index].name);
      for (let i = 0; i < counts[index]; i++) {
        positions[at] = mix(first ^ mix(second + Math.imul(i, 0x9e3779b9))) >>> 1;
        owners[at] = index;
        if (++at % STEPS_PER_SLICE === 0) yield;
      }
    }
    for (let digit = 0; digit < DIGITS; digit++) {
      [positions, owners] = yield* sortByDigit(positions, owners, digit * DIGIT_BITS, endpoints.length);
    }
    return new RingTable(positions, owners);
  };
}

/**
 * How many places each endpoint has; at least one, however light. A unit of weight has a power of two of them, so that
 * the others keep theirs when one comes or goes: a count that followed from the number of endpoints, as Envoy's and
 * ketama's do, would move keys among all of them.
 */
function placesOf(endpoints: readonly BalancedEndpoint[], minimum: number, maximum: number): number[] {
  const total = endpoints.reduce((sum, { weight }) => sum + weight, 0);
  const wanted = Math.max(minimum, endpoints.length * PLACES);
  let places = 2 ** Math.ceil(Math.log2(wanted / total));
  while (places * total > maximum) places /= 2;
  return endpoints.map(({ weight }) => Math.max(1, Math.round(weight * places)));
}

/** One pass of a stable radix sort. A typed array's own sort would hold the thread for as long as it takes. */
function* sortByDigit(
  positions: Uint32Array,
  owners: Uint16Array | Uint32Array,
  shift: number,
  endpoints: number,
): Generator<void, [Uint32Array<ArrayBuffer>, Uint16Array | Uint32Array]> {
  const size = positions.length;
  const starts = new Uint32Array(BUCKETS + 1);
  for (let i = 0; i < size; i++) {
    starts[((positions[i] >>> shift) & (BUCKETS - 1)) + 1]++;
    if (i % STEPS_PER_SLICE === STEPS_PER_SLICE - 1) yield;
  }
  for (let bucket = 0; bucket < BUCKETS; bucket++) starts[bucket + 1] += starts[bucket];
  const sorted = new Uint32Array(size);
  const sortedOwners = makeOwners(size, endpoints);
  for (let i = 0; i < size; i++) {
    const to = starts[(positions[i] >>> shift) & (BUCKETS - 1)]++;
    sorted[to] = positions[i];
    sortedOwners[to] = owners[i];
    if (i % STEPS_PER_SLICE === STEPS_PER_SLICE - 1) yield;
  }
  return [sorted, sortedOwners];
}
