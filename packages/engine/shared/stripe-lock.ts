/** Who holds a lock for longer than this is dead, or as good as: making an entry takes less than a microsecond. */
const LOCK_STALE_MS = 100;
const SPINS = 100;
/** Bits of a ticket: a mark, so that none is 0, the time, the worker. */
const MARK = 1 << 30;
const TIME_MASK = 0x3fffff;
const SLOT_BITS = 8;

const threadOffsetMs = monotonicOffsetMs();

/** What makes `performance.now` of any thread the system's monotonic clock. */
export function monotonicOffsetMs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1000 + nanoseconds / 1e6 - performance.now();
}

/** Real time, not a held one: it is what ends the waiting. */
const now = (): number => Math.floor(performance.now() + threadOffsetMs) & TIME_MASK;

/** Locks the word `at`; the ticket unlocks it. A lock whose owner died with it is taken from it. */
export function lockStripe(cells: Int32Array, at: number, slot: number): number {
  for (let tries = 0; ; tries++) {
    const ticket = MARK | (now() << SLOT_BITS) | (slot & 255);
    const held = Atomics.compareExchange(cells, at, 0, ticket);
    if (held === 0) return ticket;
    const age = (now() - ((held >>> SLOT_BITS) & TIME_MASK)) & TIME_MASK;
    // Of another thread's clock: a time just ahead of ours is no age.
    const isStale = age > LOCK_STALE_MS && age < TIME_MASK / 2;
    if (isStale && Atomics.compareExchange(cells, at, held, ticket) === held) return ticket;
    // Its owner may wait for this very processor.
    if (tries > SPINS) Atomics.wait(cells, at, held, 0.1);
  }
}

/** Unless it was taken away meanwhile. */
export function unlockStripe(cells: Int32Array, at: number, ticket: number): void {
  Atomics.compareExchange(cells, at, ticket, 0);
}
