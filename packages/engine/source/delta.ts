import { unitKey } from "../model/index.ts";
import type { SnapshotDelta, Unit, UnitKey } from "../model/index.ts";

/** A unit with the hash of its content. */
export interface HashedUnit {
  readonly unit: Unit;
  readonly hash: string;
}

/** Units in one message: the receiver's event loop works each off in well under a millisecond. */
const UNITS_PER_MESSAGE = 40;
/** Rules count, since one unit may hold sixteen of them with many matches. */
const WEIGHT_PER_MESSAGE = 120;

export interface UnitChange {
  readonly puts: readonly HashedUnit[];
  readonly removes: readonly UnitKey[];
}

/** What leads from the units that a data plane has, by key and hash, to those that it should have. */
export function diffUnits(have: ReadonlyMap<UnitKey, string>, want: readonly HashedUnit[]): UnitChange {
  const puts: HashedUnit[] = [];
  const wanted = new Set<UnitKey>();
  for (const hashed of want) {
    const key = unitKey(hashed.unit);
    wanted.add(key);
    if (have.get(key) !== hashed.hash) puts.push(hashed);
  }
  const removes: UnitKey[] = [];
  for (const key of have.keys()) if (!wanted.has(key)) removes.push(key);
  return { puts, removes };
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
