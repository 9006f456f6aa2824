import { hashText } from "../base/index.ts";
import { mix, otherHash } from "./hash-key.ts";
import { makeOwners, STEPS_PER_SLICE } from "./hash-table.ts";
import type { BuildTable, HashTable } from "./hash-table.ts";

export const DEFAULT_MAGLEV_SIZE = 65_537;

class MaglevTable implements HashTable {
  readonly owners: Uint16Array | Uint32Array;

  constructor(owners: Uint16Array | Uint32Array) {
    this.owners = owners;
  }

  find(key: number): number {
    return key % this.owners.length;
  }

  /** By chance: owners of neighbouring places are no fair sample, since orders are arithmetic sequences. */
  after(place: number, step: number): number {
    return mix(place ^ Math.imul(step, 0x9e3779b9)) % this.owners.length;
  }
}

/**
 * The table of Maglev (Eisenbud et al., NSDI 2016, section 3.4): each endpoint has the places in an order of its own,
 * which depends on its name alone, and in turn they take the next one that is free. With weights, as in Envoy, a
 * lighter endpoint misses turns. Shares are even to within one place; one endpoint that comes or goes moves its own
 * keys, and few others. `size` is prime, so that each order reaches every place.
 */
export function maglevTable(size: number): BuildTable {
  return function* build(endpoints) {
    const owners = makeOwners(size, endpoints.length);
    const isTaken = new Uint8Array(size);
    const count = endpoints.length;
    const nexts = new Uint32Array(count);
    const skips = new Uint32Array(count);
    const targets = new Float64Array(count);
    let heaviest = 0;
    for (let i = 0; i < count; i++) {
      const { name, weight } = endpoints[i];
      nexts[i] = mix(hashText(name)) % size;
      skips[i] = (otherHash(name) % (size - 1)) + 1;
      heaviest = Math.max(heaviest, weight);
    }
    let steps = 0;
    let taken = 0;
    if (count === 0) return new MaglevTable(owners);
    for (let turn = 1; ; turn++) {
      for (let i = 0; i < count; i++) {
        if (++steps % STEPS_PER_SLICE === 0) yield;
        if (turn * endpoints[i].weight < targets[i]) continue;
        targets[i] += heaviest;
        let place = nexts[i];
        while (isTaken[place] === 1) {
          place += skips[i];
          if (place >= size) place -= size;
          if (++steps % STEPS_PER_SLICE === 0) yield;
        }
        isTaken[place] = 1;
        owners[place] = i;
        nexts[i] = place;
        if (++taken === size) return new MaglevTable(owners);
      }
    }
  };
}
