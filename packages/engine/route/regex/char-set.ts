/**
 * Sets of UTF-16 code units as sorted, disjoint, inclusive ranges in one flat array: [from, to, from, to, …].
 */
export type CharSet = readonly number[];

export const MAX_UNIT = 0xffff;

export const DIGIT: CharSet = [48, 57];
export const WORD: CharSet = [48, 57, 65, 90, 95, 95, 97, 122];
/** RE2's \s: tab, line feed, form feed, carriage return, space. */
export const SPACE: CharSet = [9, 10, 12, 13, 32, 32];
export const ANY: CharSet = [0, MAX_UNIT];
export const ANY_BUT_NEWLINE: CharSet = [0, 9, 11, MAX_UNIT];

/** POSIX names inside a class: [[:alpha:]]. */
export const POSIX: ReadonlyMap<string, CharSet> = new Map([
  ["alnum", [48, 57, 65, 90, 97, 122]],
  ["alpha", [65, 90, 97, 122]],
  ["blank", [9, 9, 32, 32]],
  ["digit", DIGIT],
  ["lower", [97, 122]],
  ["punct", [33, 47, 58, 64, 91, 96, 123, 126]],
  ["space", [9, 13, 32, 32]],
  ["upper", [65, 90]],
  ["word", WORD],
  ["xdigit", [48, 57, 65, 70, 97, 102]],
]);

/** Sorts and merges ranges that may overlap. */
export function normalizeSet(ranges: readonly number[]): CharSet {
  const pairs: [number, number][] = [];
  for (let i = 0; i < ranges.length; i += 2) pairs.push([ranges[i], ranges[i + 1]]);
  pairs.sort((a, b) => a[0] - b[0]);
  const merged: number[] = [];
  for (const [from, to] of pairs) {
    const last = merged.length - 1;
    if (last > 0 && from <= merged[last] + 1) merged[last] = Math.max(merged[last], to);
    else merged.push(from, to);
  }
  return merged;
}

/** Everything that is not in a normalised set. */
export function negateSet(set: CharSet): CharSet {
  const rest: number[] = [];
  let from = 0;
  for (let i = 0; i < set.length; i += 2) {
    if (set[i] > from) rest.push(from, set[i] - 1);
    from = set[i + 1] + 1;
  }
  if (from <= MAX_UNIT) rest.push(from, MAX_UNIT);
  return rest;
}

/** Adds the other case of every ASCII letter. Beyond ASCII case is not folded. */
export function foldSet(set: CharSet): CharSet {
  const folded = [...set];
  for (let i = 0; i < set.length; i += 2) {
    addShifted(folded, set[i], set[i + 1], 65, 90, 32);
    addShifted(folded, set[i], set[i + 1], 97, 122, -32);
  }
  return normalizeSet(folded);
}

function addShifted(to: number[], from: number, until: number, low: number, high: number, by: number): void {
  const start = Math.max(from, low);
  const end = Math.min(until, high);
  if (start <= end) to.push(start + by, end + by);
}
