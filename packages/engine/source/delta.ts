import { listChanges } from "../base/index.ts";
import type { ChunkedList } from "../base/index.ts";
import { unitKey } from "../model/index.ts";
import type { SnapshotDelta, Unit, UnitKey } from "../model/index.ts";

/** A unit with the hash of its content. */
export interface HashedUnit {
  readonly unit: Unit;
  readonly hash: string;
}

/** Units of one set: what did not change since the one before is in the same chunks. */
export type UnitList = ChunkedList<HashedUnit>;

/** Units in one message: the receiver's event loop works each off in well under a millisecond. */
const UNITS_PER_MESSAGE = 40;
/** Rules count, since one unit may hold sixteen of them with many matches. */
const WEIGHT_PER_MESSAGE = 120;

export interface UnitChange {
  readonly puts: readonly HashedUnit[];
  readonly removes: readonly UnitKey[];
}

const none: ReadonlySet<UnitKey> = new Set();

/**
 * What leads from the units that a data plane has to those that it should have, in their order; each list has a key once.
 * Chunks that both have are passed by. Units of `again` are put although they did not change, and only where there are
 * such is all looked through.
 */
export function diffUnits(have: UnitList, want: UnitList, again: ReadonlySet<UnitKey> = none): UnitChange {
  const { gone, come } = listChanges(have, want);
  const left = new Map<UnitKey, string>();
  for (const { unit, hash } of gone) left.set(unitKey(unit), hash);
  const changed: HashedUnit[] = [];
  for (const hashed of come) {
    const key = unitKey(hashed.unit);
    if (left.get(key) !== hashed.hash) changed.push(hashed);
    left.delete(key);
  }
  return { puts: again.size === 0 ? changed : withAgain(want, changed, again), removes: [...left.keys()] };
}

function withAgain(
  want: UnitList,
  changed: readonly HashedUnit[],
  again: ReadonlySet<UnitKey>,
): HashedUnit[] {
  const puts = new Set(changed);
  return want.toArray().filter((hashed) => puts.has(hashed) || again.has(unitKey(hashed.unit)));
}

/** Cuts a change into messages small enough not to stall their receiver; the last one has `isLast`. */
export function* cutDelta(
  version: number,
  change: UnitChange,
  indexes: readonly (readonly [string, number])[],
): Generator<SnapshotDelta> {
  let puts: HashedUnit[] = [];
  let weight = 0;
  let indexAt = 0;
  const takeIndexes = (): (readonly [string, number])[] => {
    const some = indexes.slice(indexAt, indexAt + WEIGHT_PER_MESSAGE * 4);
    indexAt += some.length;
    return some;
  };
  for (const hashed of change.puts) {
    puts.push(hashed);
    weight += weightOf(hashed.unit);
    if (puts.length < UNITS_PER_MESSAGE && weight < WEIGHT_PER_MESSAGE) continue;
    yield { version, puts, removes: [], indexes: takeIndexes(), isLast: false };
    puts = [];
    weight = 0;
  }
  while (indexes.length - indexAt > WEIGHT_PER_MESSAGE * 4) {
    yield { version, puts: [], removes: [], indexes: takeIndexes(), isLast: false };
  }
  yield { version, puts, removes: change.removes, indexes: takeIndexes(), isLast: true };
}

function weightOf(unit: Unit): number {
  if (unit.kind === "route") {
    return 1 + unit.rules.reduce((sum, rule) => sum + rule.matches.length + rule.backends.length, 0);
  }
  return unit.kind === "endpoints" ? 1 + unit.endpoints.length : 1;
}
