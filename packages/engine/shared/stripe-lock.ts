/** Who holds a lock for longer than this is dead, or as good as: making an entry takes less than a microsecond. */
const LOCK_STALE_MS = 100;
const SPINS = 100;
/** Tickets: the worker, and how many it has drawn. */
const COUNT_BITS = 20;
const COUNT_MASK = (1 << COUNT_BITS) - 1;
const SLOT_MASK = 1023;

let drawn = 0;

/** Locks the word `at`; the ticket unlocks it. A lock that stays in the same hands for too long is taken from them. */
export function lockStripe(cells: Int32Array, at: number, slot: number): number {
  drawn = (drawn + 1) & COUNT_MASK;
  const ticket = (((slot & SLOT_MASK) + 1) << COUNT_BITS) | drawn;
  let held = Atomics.compareExchange(cells, at, 0, ticket);
  return held === 0 ? ticket : waitFor(cells, at, held, ticket);
}

function waitFor(cells: Int32Array, at: number, first: number, ticket: number): number {
  let seen = first;
  // Real time, not a held one: it is what ends the waiting.
  let sinceMs = performance.now();
  for (let tries = 0; ; tries++) {
    const held = Atomics.compareExchange(cells, at, 0, ticket);
    if (held === 0) return ticket;
    if (held !== seen) {
      seen = held;
      sinceMs = performance.now();
    } else if (performance.now() - sinceMs > LOCK_STALE_MS) {
      if (Atomics.compareExchange(cells, at, held, ticket) === held) return ticket;
    }
    // Its owner may wait for this very processor.
    if (tries > SPINS) Atomics.wait(cells, at, held, 0.1);
  }
}

/** Unless it was taken away meanwhile. */
export function unlockStripe(cells: Int32Array, at: number, ticket: number): void {
  Atomics.compareExchange(cells, at, ticket, 0);
}
