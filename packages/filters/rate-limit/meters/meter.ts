import type { KeyHash, SharedTable } from "@heddle/engine/shared";

/** What one limit makes of one exchange: its key, what it costs, and what the client is told. */
export class Use {
  /** The key's hash. */
  hi = 0;
  lo = 0;
  /** In units of the limit; 0: it is known when the response is there. */
  cost = 1;
  /** It was charged: it can be refunded. */
  isCharged = false;
  /** There was no room for the key: it is counted with others that found none. */
  isCrowded = false;
  /** Where it was charged, for those that give back. */
  entry = -1;
  note = -1;
  /** Units that are left; how long until all are there again, and until this one would fit. */
  remaining = 0;
  resetMs = 0;
  retryMs = 0;
}

/**
 * One way of counting, for one limit. All that it knows is in the shared table, so its instances in all routes and all
 * workers are one. Nothing waits, and nothing is allocated.
 */
export interface Meter {
  readonly quota: number;
  /** Whether `use` fits now, without charging it. */
  check(use: Use, nowMs: number, wallMs: number): boolean;
  /** Charges it if it fits. */
  charge(use: Use, nowMs: number, wallMs: number): boolean;
  /** Takes the charge back, since another limit refuses the request. */
  refund(use: Use, nowMs: number, wallMs: number): void;
  /** Charges what has been used already, whether it fits or not. */
  settle(use: Use, cost: number, nowMs: number, wallMs: number): void;
  /** The exchange is over. */
  release(use: Use, nowMs: number): void;
}

/** The entries of a limit: by key, and one for all keys that find no room. */
export class Entries {
  readonly table: SharedTable;
  private readonly crowdHi: number;
  private readonly crowdLo: number;

  constructor(table: SharedTable, hash: KeyHash) {
    this.table = table;
    const crowd = hash.derive("crowd");
    crowd.begin();
    crowd.end();
    this.crowdHi = crowd.hi;
    this.crowdLo = crowd.lo;
  }

  /** The entry of `use` in the window `index`; -1 when nothing was counted there. */
  find(use: Use, index: number, nowMs: number): number {
    return this.table.find(mix(use.hi, index, 0x9e3779b1), mix(use.lo, index, 0x7feb352d), nowMs);
  }

  /** The same, made when it is not there. -1: not even by force. */
  take(use: Use, index: number, initial: number, nowMs: number, untilMs: number): number {
    const hi = mix(use.hi, index, 0x9e3779b1);
    const lo = mix(use.lo, index, 0x7feb352d);
    const entry = this.table.take(hi, lo, initial, nowMs, untilMs);
    if (entry >= 0) return entry;
    use.isCrowded = true;
    use.hi = this.crowdHi;
    use.lo = this.crowdLo;
    const crowdHi = mix(use.hi, index, 0x9e3779b1);
    const crowdLo = mix(use.lo, index, 0x7feb352d);
    return this.table.takeByForce(crowdHi, crowdLo, initial, nowMs, untilMs);
  }
}

/** Another place for each window; the same for window 0. The hash is keyed, so this need not be. */
function mix(hash: number, index: number, factor: number): number {
  if (index === 0) return hash;
  let mixed = hash ^ Math.imul(index, factor);
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}

/** Counts stay below this, however much is charged afterwards. */
const MAX_COUNT = 0x7fffffff;

/** Adds to an entry's count, within bounds. */
export function addTo(table: SharedTable, entry: number, amount: number): void {
  for (;;) {
    const count = table.state(entry);
    const next = Math.min(MAX_COUNT, Math.max(0, count + amount));
    if (table.swap(entry, count, next)) return;
  }
}
