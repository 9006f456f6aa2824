import type { SharedTable } from "@heddle/engine/shared";
import { Entries } from "./meter.ts";
import type { Meter, Use } from "./meter.ts";
import type { KeyHash } from "@heddle/engine/shared";

/** The time that a bucket is ahead of now, in its units, has 31 bits; half of them are for debts. */
const MAX_AHEAD = 2 ** 30;
const MAX_CAPACITY_BITS = 26;
/** An entry that is over may be met again for so long: its time must still be told from the future. */
const AFTERLIFE_MS = 16_000;

/**
 * A token bucket as GCRA (ITU-T I.371): `tokens` in `periodMs`, at most `burst` of them at once. The state is the time
 * at which the bucket will be full, in units of a token's share of the period, modulo 2³²: one number, so one
 * compare-and-swap.
 *
 * In any time t at most burst + t × tokens / periodMs are let through. Times are rounded down, so it is never more.
 */
export class TokenBucket implements Meter {
  readonly quota: number;
  private readonly table: SharedTable;
  private readonly entries: Entries;
  /** Units of a token: a power of two. */
  private readonly unit: number;
  private readonly unitsPerMs: number;
  private readonly capacity: number;

  constructor(table: SharedTable, hash: KeyHash, tokens: number, periodMs: number, burst: number) {
    this.table = table;
    this.entries = new Entries(table, hash);
    this.quota = burst;
    const bits = Math.min(
      24,
      MAX_CAPACITY_BITS - Math.ceil(Math.log2(burst)),
      Math.floor(Math.log2(MAX_AHEAD / 2 / AFTERLIFE_MS / (tokens / periodMs))),
    );
    this.unit = 2 ** Math.max(0, bits);
    this.unitsPerMs = (tokens / periodMs) * this.unit;
    this.capacity = burst * this.unit;
  }

  check(use: Use, nowMs: number): boolean {
    const now = this.unitsAt(nowMs);
    const entry = this.entries.find(use, 0, nowMs);
    const ahead = entry < 0 ? 0 : aheadOf(this.table.state(entry), now);
    return this.judge(use, ahead);
  }

  charge(use: Use, nowMs: number): boolean {
    if (use.cost === 0) return this.check(use, nowMs);
    const now = this.unitsAt(nowMs);
    const { table } = this;
    const entry = this.entries.take(use, 0, now, nowMs, nowMs);
    if (entry < 0) return this.judge(use, this.capacity);
    for (;;) {
      const full = table.state(entry);
      const ahead = aheadOf(full, now);
      if (!this.judge(use, ahead)) return false;
      const next = ahead + use.cost * this.unit;
      if (!table.swap(entry, full, (now + next) | 0)) continue;
      table.keep(entry, nowMs + next / this.unitsPerMs);
      use.isCharged = true;
      return true;
    }
  }

  refund(use: Use, nowMs: number): void {
    const entry = this.entries.find(use, 0, nowMs);
    if (entry < 0) return;
    const now = this.unitsAt(nowMs);
    for (;;) {
      const full = this.table.state(entry);
      const ahead = Math.max(0, aheadOf(full, now) - use.cost * this.unit);
      if (this.table.swap(entry, full, (now + ahead) | 0)) return;
    }
  }

  settle(use: Use, cost: number, nowMs: number): void {
    if (cost === 0) return;
    const now = this.unitsAt(nowMs);
    const { table } = this;
    const entry = this.entries.take(use, 0, now, nowMs, nowMs);
    if (entry < 0) return;
    for (;;) {
      const full = table.state(entry);
      const ahead = Math.min(MAX_AHEAD, aheadOf(full, now) + cost * this.unit);
      if (!table.swap(entry, full, (now + ahead) | 0)) continue;
      table.keep(entry, nowMs + ahead / this.unitsPerMs);
      this.tell(use, ahead);
      return;
    }
  }

  release(): void {}

  /** Fills in what the client is told, as it is when `use` is charged; or, when it does not fit, as it is. */
  private judge(use: Use, ahead: number): boolean {
    const cost = use.cost * this.unit;
    const over = ahead + Math.max(1, cost) - this.capacity;
    this.tell(use, over > 0 ? ahead : ahead + cost);
    // What costs more than there ever is does not fit when the bucket is full either: that is the best time to ask again.
    use.retryMs = over > 0 ? Math.min(over, ahead) / this.unitsPerMs : 0;
    return over <= 0;
  }

  private tell(use: Use, ahead: number): void {
    use.remaining = Math.max(0, Math.floor((this.capacity - ahead) / this.unit));
    use.resetMs = ahead / this.unitsPerMs;
  }

  private unitsAt(nowMs: number): number {
    return (nowMs * this.unitsPerMs) | 0;
  }
}

/** How far in the future a bucket's time is; 0 when it is past. */
function aheadOf(full: number, now: number): number {
  return Math.max(0, (full - now) | 0);
}
