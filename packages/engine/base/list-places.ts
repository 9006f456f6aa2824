import { commonEnds } from "./common-ends.ts";

/** How far a list is looked through for where it goes on like the other one. */
const lookahead = 64;

/**
 * For each item of a list its place in the one before, -1 where it is not found. Both have each item once, mostly in one
 * order: what came, went or was replaced here and there leaves the others found, what changed places need not be.
 */
export function listPlaces<T>(before: readonly T[], after: readonly T[]): Int32Array {
  const places = new Int32Array(after.length);
  const { start, end } = commonEnds(before, after);
  for (let at = 0; at < start; at++) places[at] = at;
  const [beforeEnd, afterEnd] = [before.length - end, after.length - end];
  let from = start;
  for (let at = start; at < afterEnd; at++) {
    const found = from + distanceOf(before, from, beforeEnd, after[at]!);
    if (found < from) {
      places[at] = -1;
      // Replaced, unless what stood here only moved on.
      if (from < beforeEnd && distanceOf(after, at + 1, afterEnd, before[from]!) < 0) from++;
    } else {
      places[at] = found;
      from = found + 1;
    }
  }
  const shift = before.length - after.length;
  for (let at = afterEnd; at < after.length; at++) places[at] = at + shift;
  return places;
}

/** -1 where it is not near. */
function distanceOf<T>(list: readonly T[], from: number, end: number, item: T): number {
  const last = Math.min(end, from + lookahead);
  for (let at = from; at < last; at++) if (list[at] === item) return at - from;
  return -1;
}

/** The places of a list of `length` items that are not among those. */
export function missingPlaces(places: Int32Array, length: number): number[] {
  const isFound = new Uint8Array(length);
  for (const place of places) if (place !== -1) isFound[place] = 1;
  const missing: number[] = [];
  for (let at = isFound.indexOf(0); at !== -1; at = isFound.indexOf(0, at + 1)) missing.push(at);
  return missing;
}
