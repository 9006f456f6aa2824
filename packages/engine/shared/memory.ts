/** The memory of a SharedTable, and what it is keyed with: plain data, which can be posted to a thread. */
export interface SharedTableMemory {
  readonly buffer: SharedArrayBuffer;
  /** A power of two. */
  readonly entries: number;
  /** Workers that can be holders at a time. */
  readonly slots: number;
  /** Of the keys' hash: secret, and another one for each process. */
  readonly seed: readonly [number, number];
}

/** Words of 32 bits. */
export const LOCKS = 256;
export const ENTRY_WORDS = 4;
/** Two cache lines. */
export const BUCKET_ENTRIES = 8;
/** What one worker can hold at a time. */
export const JOURNAL_WORDS = 65_536;

/** 16 MiB of addresses, of which the system gives pages when they are written to. */
export const DEFAULT_ENTRIES = 1_048_576;

/** Memory for `entries` keys, all free. */
export function makeSharedTableMemory(
  entries: number,
  slots: number,
  seed: readonly [number, number],
): SharedTableMemory {
  if (entries < 2 * BUCKET_ENTRIES || (entries & (entries - 1)) !== 0)
    throw new RangeError(`a shared table has a power of two of entries, at least 16, not ${entries}`);
  const words = LOCKS + entries * ENTRY_WORDS + slots * JOURNAL_WORDS;
  return { buffer: new SharedArrayBuffer(words * 4), entries, slots, seed };
}
