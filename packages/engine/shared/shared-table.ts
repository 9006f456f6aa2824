import type { Clock } from "../base/index.ts";
import { KeyHash } from "./key-hash.ts";
import { BUCKET_ENTRIES, ENTRY_WORDS, JOURNAL_WORDS, LOCKS } from "./memory.ts";
import type { SharedTableMemory } from "./memory.ts";
import { lockStripe, unlockStripe } from "./stripe-lock.ts";

/** Words of an entry: the key's hash, until when it holds, and what its owner keeps in it. */
const HI = 0;
const LO = 1;
const UNTIL = 2;
const STATE = 3;

/** An entry that is over stays as it is for so long: a thread that just found it may be about to write to it. */
const GRACE_S = 3;
/** How much longer than asked for an entry is kept: `keep` writes seldom. */
const SLACK_S = 4;
const BUCKET_WORDS = BUCKET_ENTRIES * ENTRY_WORDS;

/**
 * Numbers by key, the same for all workers of a process: what makes a limit one limit, whichever worker a request came
 * to. One per worker, over one memory.
 *
 * An entry is 32 bits of state, changed by compare-and-swap alone, so no worker waits for another, and none that dies
 * leaves anything locked:
 *
 *   free ─take─► live until `until` ─► over ─(GRACE_S)─► free for whoever comes next
 *                  └─keep─┘
 *
 * A key is its 64-bit hash (KeyHash), and lives in one of two buckets of eight entries: a look is sixteen comparisons at
 * most, whatever the table holds. A lock guards the making of an entry alone, so that a key never gets two; an owner that
 * died with it loses it after 100 ms. Where both buckets are full `take` gives -1, and never somebody else's
 * entry: who asks decides what that means. Only `takeByForce`, for the few entries that stand in then, ends the entry
 * that would have ended first.
 *
 * Nothing is exact for a thread that the system stops for over three seconds between two instructions: what it writes
 * then may hit another key once.
 */
export class SharedTable {
  private readonly cells: Int32Array;
  private readonly clock: Clock;
  private readonly offsetMs: number;
  private readonly slot: number;
  private readonly bucketMask: number;
  private readonly seed: readonly [number, number];
  /** Words of this worker's journal that were given back. */
  private readonly journalFree: number[] = [];
  private journalNext: number;
  private readonly journalEnd: number;

  /** `offsetMs` makes the worker's clock that of all workers. */
  constructor(memory: SharedTableMemory, slot: number, clock: Clock, offsetMs: number) {
    this.cells = new Int32Array(memory.buffer);
    this.clock = clock;
    this.offsetMs = offsetMs;
    this.slot = slot;
    this.bucketMask = memory.entries / BUCKET_ENTRIES - 1;
    this.seed = memory.seed;
    this.journalNext = journalStart(memory, slot);
    this.journalEnd = this.journalNext + JOURNAL_WORDS;
  }

  /** A hash of keys for this name: the same in all workers, another in each process. */
  hashFor(name: string): KeyHash {
    return new KeyHash(this.seed[0], this.seed[1]).derive(name);
  }

  /** Milliseconds that all workers agree on. */
  nowMs(): number {
    return this.clock.now() + this.offsetMs;
  }

  /** The live entry of a key, or -1. */
  find(hi: number, lo: number, nowMs: number): number {
    const nowS = secondOf(nowMs);
    const first = this.findIn(this.bucketOf(hi), hi, lo, nowS);
    return first >= 0 ? first : this.findIn(this.bucketOf(lo), hi, lo, nowS);
  }

  /** The live entry of a key, or a new one with state `initial` that is kept until `untilMs`; -1 when there is no room. */
  take(hi: number, lo: number, initial: number, nowMs: number, untilMs: number): number {
    const found = this.find(hi, lo, nowMs);
    return found >= 0 ? found : this.make(hi, lo, initial, nowMs, untilMs, false);
  }

  /** As `take`; where there is no room the entry ends that would have ended first. */
  takeByForce(hi: number, lo: number, initial: number, nowMs: number, untilMs: number): number {
    const found = this.find(hi, lo, nowMs);
    return found >= 0 ? found : this.make(hi, lo, initial, nowMs, untilMs, true);
  }

  state(entry: number): number {
    return Atomics.load(this.cells, entry + STATE);
  }

  /** False: it is no longer `expected`. */
  swap(entry: number, expected: number, next: number): boolean {
    return Atomics.compareExchange(this.cells, entry + STATE, expected, next) === expected;
  }

  /** The entry means something until then at least. */
  keep(entry: number, untilMs: number): void {
    const wanted = secondOf(untilMs) + 1;
    const { cells } = this;
    for (;;) {
      const until = Atomics.load(cells, entry + UNTIL);
      if (until <= 0 || until >= wanted) return;
      if (Atomics.compareExchange(cells, entry + UNTIL, until, wanted + SLACK_S) === until) return;
    }
  }

  /** The entry need not be kept after `untilMs`, unless its state has become another than `idle` meanwhile. */
  letGo(entry: number, idle: number, untilMs: number): void {
    const { cells } = this;
    const until = Atomics.load(cells, entry + UNTIL);
    const wanted = secondOf(untilMs) + 1;
    if (until <= wanted) return;
    if (Atomics.compareExchange(cells, entry + UNTIL, until, wanted) !== until) return;
    if (Atomics.load(cells, entry + STATE) !== idle) this.keep(entry, (until - 1) * 1000);
  }

  /**
   * Writes down that this worker has added one to the entry's state, and takes it back when the worker dies
   * (`SharedTable.abandon`). The number is for `forget`; -1 when its journal is full.
   */
  note(entry: number): number {
    const at = this.journalFree.pop() ?? this.journalNext;
    if (at >= this.journalEnd) return -1;
    if (at === this.journalNext) this.journalNext++;
    Atomics.store(this.cells, at, entry);
    return at;
  }

  /** Its entry has been subtracted from. */
  forget(note: number): void {
    Atomics.store(this.cells, note, 0);
    this.journalFree.push(note);
  }

  /** By whoever outlives the worker of `slot`: what it held is subtracted from the states. */
  static abandon(memory: SharedTableMemory, slot: number): void {
    const cells = new Int32Array(memory.buffer);
    const start = journalStart(memory, slot);
    for (let at = start; at < start + JOURNAL_WORDS; at++) {
      const entry = Atomics.exchange(cells, at, 0);
      if (entry !== 0) subtractOne(cells, entry + STATE);
    }
  }

  private bucketOf(hash: number): number {
    return LOCKS + (hash & this.bucketMask) * BUCKET_WORDS;
  }

  private findIn(bucket: number, hi: number, lo: number, nowS: number): number {
    const { cells } = this;
    for (let entry = bucket; entry < bucket + BUCKET_WORDS; entry += ENTRY_WORDS) {
      if (cells[entry + HI] !== hi || cells[entry + LO] !== lo) continue;
      // Live first and the key after it: what is live now becomes no other key's within the grace.
      if (Atomics.load(cells, entry + UNTIL) <= nowS) continue;
      if (Atomics.load(cells, entry + HI) === hi && Atomics.load(cells, entry + LO) === lo) return entry;
    }
    return -1;
  }

  private make(
    hi: number,
    lo: number,
    initial: number,
    nowMs: number,
    untilMs: number,
    isForced: boolean,
  ): number {
    const { cells } = this;
    const stripe = (hi ^ lo) & (LOCKS - 1);
    const ticket = lockStripe(cells, stripe, this.slot);
    try {
      // Another worker may have made it meanwhile.
      const found = this.find(hi, lo, nowMs);
      if (found >= 0) return found;
      const nowS = secondOf(nowMs);
      const entry = this.claim(hi, lo, nowS, isForced);
      if (entry < 0) return -1;
      Atomics.store(cells, entry + HI, hi);
      Atomics.store(cells, entry + LO, lo);
      Atomics.store(cells, entry + STATE, initial);
      Atomics.store(cells, entry + UNTIL, Math.max(secondOf(untilMs), nowS) + 1 + SLACK_S);
      return entry;
    } finally {
      unlockStripe(cells, stripe, ticket);
    }
  }

  /** An entry that is nobody's but ours, marked as being made: `until` is -now. -1: none. */
  private claim(hi: number, lo: number, nowS: number, isForced: boolean): number {
    const { cells } = this;
    for (let tries = 0; tries < 4; tries++) {
      const entry = this.choose(hi, lo, nowS, isForced);
      if (entry < 0) return -1;
      const until = Atomics.load(cells, entry + UNTIL);
      if (!isForced && until > nowS) continue;
      if (Atomics.compareExchange(cells, entry + UNTIL, until, -nowS - 1) === until) return entry;
    }
    return -1;
  }

  /**
   * The key's own that is over; else a free one of its first bucket while that is half empty, so that most looks end
   * there; else of the emptier one; by force the one that ends first.
   */
  private choose(hi: number, lo: number, nowS: number, isForced: boolean): number {
    const { cells } = this;
    let best = -1;
    let bestFree = 0;
    let oldest = -1;
    for (let half = 0; half < 2; half++) {
      const bucket = this.bucketOf(half === 0 ? hi : lo);
      let free = 0;
      let candidate = -1;
      for (let entry = bucket; entry < bucket + BUCKET_WORDS; entry += ENTRY_WORDS) {
        const until = Atomics.load(cells, entry + UNTIL);
        if (cells[entry + HI] === hi && cells[entry + LO] === lo && until > 0) return entry;
        if (isFree(until, nowS)) {
          free++;
          if (candidate < 0) candidate = entry;
        } else if (until > 0 && (oldest < 0 || until < Atomics.load(cells, oldest + UNTIL))) {
          oldest = entry;
        }
      }
      if (free > bestFree) {
        best = candidate;
        bestFree = free >= BUCKET_ENTRIES / 2 ? BUCKET_ENTRIES : free;
      }
    }
    return best >= 0 || !isForced ? best : oldest;
  }
}

/** Never used, over for longer than the grace, or left behind by one who died while making it. */
function isFree(until: number, nowS: number): boolean {
  return until === 0 || Math.abs(until) + GRACE_S < nowS;
}

const secondOf = (ms: number): number => Math.floor(ms / 1000);

function journalStart({ entries }: SharedTableMemory, slot: number): number {
  return LOCKS + entries * ENTRY_WORDS + slot * JOURNAL_WORDS;
}

/** Never below nothing. */
function subtractOne(cells: Int32Array, at: number): void {
  for (;;) {
    const count = Atomics.load(cells, at);
    if (count <= 0 || Atomics.compareExchange(cells, at, count, count - 1) === count) return;
  }
}
