import { PACK_BYTES, SLAB_BYTES } from "./slab-pool.ts";

/** Who gets what was read, when its turn comes. */
export interface TurnReader {
  /** How many of its reads wait; the row's to change. */
  waitingReads: number;
  /** Between `suspendReads` and `continueReads`. */
  readonly isSuspended: boolean;
  /** Many requests may be in one read (HTTP/2): it can be given in pieces. */
  readonly isDivisible: boolean;
  received(length: number, bytes: Buffer): boolean;
  /** What more it is sent is to wait in the kernel. */
  suspendReads(): void;
  /** None of its reads waits any more. */
  continueReads(): void;
}

export interface RowClock {
  now(): number;
  /** When the latest reader was given its octets, or later: `now`, for nothing. */
  readonly recentMs: number;
}

/** Most heads of requests and small answers. */
const SHORT_BYTES = 2_048;
/** Bodies of forms and documents. Longer reads are worked off where they are, while the loop is on time. */
const MEDIUM_BYTES = PACK_BYTES;
/** So many wait: a mebibyte, which the caches hold. When there are more, what waits is worked off in between. */
const MEDIUM_READS = 64;
/** So many slots stay when they are empty: what one poll of the event loop may find. */
const KEPT_READS = 1_024;
/** After so many rows that needed no more the others are given back. */
const SMALL_ROWS = 1_000;
/** More do not wait: a connection has a read or two in the row. */
const MAX_READS = 16_383;
/** Of those that are not short, together. */
const MAX_LONG_BYTES = 33_554_432;
/** A poll may take so long before long reads have to wait too. */
const POLL_MS = 20;
/**
 * Once the row takes so long, who sends more while a read of his waits is not read from until it is his turn. Most send
 * nothing before they are answered, and starting and stopping to read costs a system call each.
 */
const SUSPEND_MS = 30;
/** A late row gives reads that are divisible so much at a time: some requests. */
const PIECE_BYTES = 128;
/** The time is looked at with every so many reads: they take microseconds each. */
const STAMP_READS = 64;

/**
 * What was read and is to be worked off, in its order, and since when it waits: a ring. While the loop is on time it is
 * empty at the end of every turn, and reads of more than MEDIUM_BYTES are worked off at once, without a copy. When a turn has no time for all
 * of it the row is late: the rest stays for later turns, whatever is read joins it, and those who go on sending while they
 * wait are not read from any more, so that it has about two reads of each connection at most.
 */
export class ReadRow {
  private readonly clock: RowClock;
  /** Slots for short reads, made as they are needed; as many as the row has places. */
  private slots: Buffer[] = [];
  private readers: (TurnReader | null)[] = [];
  private lengths: number[] = [];
  private readMs: number[] = [];
  /** Slots for medium reads, made as they are needed. They are free again when the row is empty. */
  private readonly mediums: Buffer[] = [];
  private mediumReads = 0;
  /** Where a read is that is not short. */
  private long: (Buffer | null)[] = [];
  private longBytes = 0;
  /** Places are counted on and on until the row is empty: place & mask is where. */
  private mask = -1;
  private head = 0;
  private tail = 0;
  /** What was given of the read at the head. */
  private given = 0;
  private isLate = false;
  private isDelivering = false;
  private smallRows = 0;
  /** When the first read of this turn came, or -1. */
  private startedMs = -1;
  private stampMs = 0;

  constructor(clock: RowClock) {
    this.clock = clock;
  }

  get isEmpty(): boolean {
    return this.head === this.tail;
  }

  /** How long the read has waited that is next. */
  waitMs(nowMs: number): number {
    return this.isEmpty ? 0 : Math.max(0, nowMs - this.readMs[this.head & this.mask]);
  }

  /**
   * Keeps a copy of the octets for `reader` until its turn comes. False: it has come, what waited before them has been
   * delivered.
   */
  add(reader: TurnReader, length: number, bytes: Buffer): boolean {
    if (this.startedMs < 0) this.stampMs = this.startedMs = this.clock.now();
    const isLong = length > SHORT_BYTES;
    const medium = isLong ? this.mediumFor(length) : null;
    if (isLong && medium === null && this.takesNow()) return false;
    const count = this.tail - this.head;
    if (count === MAX_READS || (isLong && this.longBytes + length > MAX_LONG_BYTES)) {
      this.deliver(Infinity);
      return false;
    }
    // One place stays free: the slot before the head may be in use.
    if (count >= this.mask) this.grow();
    if (this.tail % STAMP_READS === STAMP_READS - 1) this.stampMs = this.clock.now();
    const at = this.tail++ & this.mask;
    if (isLong) this.keepLong(at, medium ?? this.longFor(reader, length), length, bytes);
    else bytes.copy(this.slots[at], 0, 0, length);
    this.readers[at] = reader;
    this.lengths[at] = length;
    this.readMs[at] = this.stampMs;
    if (reader.waitingReads++ > 0 && this.takesLong() && !reader.isSuspended) reader.suspendReads();
    return true;
  }

  private takesLong(): boolean {
    return this.isLate && this.stampMs - this.readMs[this.head & this.mask] >= SUSPEND_MS;
  }

  /** Whether what is read now is worked off at once; what waits has been, then. */
  private takesNow(): boolean {
    this.deliverInPoll();
    return this.isEmpty && this.hasTime();
  }

  /** Null: it is longer, or the row is late, or there is no time to free one. */
  private mediumFor(length: number): Buffer | null {
    if (length > MEDIUM_BYTES || this.isLate) return null;
    if (this.mediumReads === MEDIUM_READS) this.deliverInPoll();
    if (this.mediumReads === MEDIUM_READS) return null;
    if (this.mediumReads === this.mediums.length) addSlots(this.mediums, MEDIUM_BYTES);
    return this.mediums[this.mediumReads++]!;
  }

  private longFor(reader: TurnReader, length: number): Buffer {
    reader.suspendReads();
    return Buffer.allocUnsafeSlow(length);
  }

  private keepLong(at: number, place: Buffer, length: number, bytes: Buffer): void {
    bytes.copy(place, 0, 0, length);
    this.long[at] = place;
    this.longBytes += length;
  }

  /** Before the end of a connection is told: whether nothing of it waits any more. */
  finish(reader: TurnReader): boolean {
    if (reader.waitingReads > 0) this.deliverInPoll();
    return reader.waitingReads === 0;
  }

  private deliverInPoll(): void {
    if (this.hasTime()) this.deliver(this.startedMs + POLL_MS);
  }

  /** Whether the loop is on time, and may work while it polls. */
  private hasTime(): boolean {
    return !this.isLate && this.clock.recentMs < this.startedMs + POLL_MS;
  }

  /** Delivers what waits, in its order, one at least, and no more of it after `untilMs`. */
  deliver(untilMs: number): void {
    if (this.isEmpty) return;
    // What a reader is given is in use until it returns, whatever it makes others read meanwhile.
    const isNested = this.isDelivering;
    this.isDelivering = true;
    try {
      do this.deliverNext();
      while (this.head < this.tail && this.clock.recentMs < untilMs);
    } finally {
      this.isDelivering = isNested;
    }
    if (this.isEmpty && !isNested) this.reset();
  }

  private deliverNext(): void {
    const at = this.head & this.mask;
    const reader = this.readers[at]!;
    const length = this.lengths[at];
    if (this.isLate && reader.isDivisible && length - this.given > PIECE_BYTES) {
      const from = this.given;
      this.given += PIECE_BYTES;
      reader.received(PIECE_BYTES, this.bytesAt(at, length).subarray(from));
      return;
    }
    this.head++;
    this.readers[at] = null;
    reader.waitingReads--;
    if (this.given > 0 || length > SHORT_BYTES) this.deliverRest(reader, at, length);
    else reader.received(length, this.slots[at]);
    if (reader.isSuspended && reader.waitingReads === 0) reader.continueReads();
  }

  private deliverRest(reader: TurnReader, at: number, length: number): void {
    const from = this.given;
    this.given = 0;
    const bytes = this.bytesAt(at, length);
    if (length > SHORT_BYTES) {
      this.long[at] = null;
      this.longBytes -= length;
    }
    reader.received(length - from, from === 0 ? bytes : bytes.subarray(from));
  }

  private bytesAt(at: number, length: number): Buffer {
    return length > SHORT_BYTES ? this.long[at]! : this.slots[at];
  }

  /** The turn is over: what is left waits for the next one. */
  endTurn(): void {
    this.startedMs = -1;
    this.isLate = !this.isEmpty;
    if (!this.isLate) return;
    this.stampMs = this.startedMs = this.clock.now();
  }

  private reset(): void {
    if (this.tail > KEPT_READS) this.smallRows = 0;
    else if (this.mask >= KEPT_READS && ++this.smallRows > SMALL_ROWS) this.shrink();
    this.head = this.tail = this.mediumReads = 0;
  }

  private grow(): void {
    const { mask, head, readers, lengths, readMs } = this;
    const count = this.tail - head;
    const at = (place: number): number => (head + place) & mask;
    const places = Array.from({ length: count }, (_, place) => at(place));
    this.readers = places.map((from) => readers[from]);
    this.lengths = places.map((from) => lengths[from]);
    this.readMs = places.map((from) => readMs[from]);
    this.long = places.map((from) => this.long[from]);
    const size = Math.max(SLAB_BYTES / SHORT_BYTES, 2 * (mask + 1));
    const slots = this.slots.map((_, place) => this.slots[at(place)]);
    // It may be in use, and is the last one to be taken.
    const before = slots.pop();
    while (slots.length < size) addSlots(slots, SHORT_BYTES);
    if (before !== undefined) slots[size - 1] = before;
    this.slots = slots.slice(0, size);
    this.mask = size - 1;
    this.head = 0;
    this.tail = count;
  }

  private shrink(): void {
    this.slots.length =
      this.readers.length =
      this.lengths.length =
      this.readMs.length =
      this.long.length =
        KEPT_READS;
    this.mask = KEPT_READS - 1;
    this.smallRows = 0;
  }
}

function addSlots(slots: Buffer[], bytes: number): void {
  const slab = Buffer.allocUnsafeSlow(SLAB_BYTES);
  for (let at = 0; at < SLAB_BYTES; at += bytes) slots.push(slab.subarray(at, at + bytes));
}
