/** Entries between two yields: some tens of microseconds. */
const PACE = 512;

/** A copy of a map that may be large. */
export function* copyInSteps<K, V>(map: ReadonlyMap<K, V>): Generator<void, Map<K, V>> {
  const copy = new Map<K, V>();
  let steps = 0;
  for (const [key, value] of map) {
    copy.set(key, value);
    if (++steps % PACE === 0) yield;
  }
  return copy;
}
