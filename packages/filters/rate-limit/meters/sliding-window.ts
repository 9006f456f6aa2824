import type { KeyHash, SharedTable } from "@heddle/engine/shared";
import { addTo, Entries } from "./meter.ts";
import type { Meter, Use } from "./meter.ts";

/** Of a window. More of them waste less of the quota, and take more looks. */
const SLICES = 8;
/** Workers' clocks, held while an event is worked off, are no further apart. */
const SKEW_MS = 100;

/**
 * At most `quota` in any stretch of `windowMs`, wherever it begins: counts are kept by slices of an eighth of the
 * window, and the slice in which the window begins counts whole. So a client that is always at its limit gets a little
 * less than its quota, and never more.
 *
 * Two workers that are in two slices charge two entries: near a slice's edges a charge is looked at once more after it
 * was made, and taken back where both together are too much.
 */
export class SlidingWindow implements Meter {
  readonly quota: number;
  private readonly table: SharedTable;
  private readonly entries: Entries;
  private readonly sliceMs: number;

  constructor(table: SharedTable, hash: KeyHash, quota: number, windowMs: number) {
    this.table = table;
    this.entries = new Entries(table, hash);
    this.quota = quota;
    this.sliceMs = windowMs / SLICES;
  }

  check(use: Use, nowMs: number): boolean {
    return this.judge(use, this.total(use, nowMs), use.cost, nowMs);
  }

  charge(use: Use, nowMs: number): boolean {
    if (use.cost === 0) return this.check(use, nowMs);
    const { table } = this;
    const slice = this.sliceAt(nowMs);
    const entry = this.entries.take(use, slice, 0, nowMs, nowMs + (SLICES + 1) * this.sliceMs);
    if (entry < 0) return this.judge(use, this.quota, use.cost, nowMs);
    for (;;) {
      const count = table.state(entry);
      const others = this.othersOf(use, slice, nowMs);
      if (!this.judge(use, others + count, use.cost, nowMs)) return false;
      if (!table.swap(entry, count, count + use.cost)) continue;
      use.entry = entry;
      use.isCharged = true;
      if (!this.isNearEdge(nowMs)) return true;
      const now = this.othersOf(use, slice, nowMs) + table.state(entry);
      if (now <= this.quota) return true;
      this.refund(use);
      return this.judge(use, now - use.cost, use.cost, nowMs);
    }
  }

  refund(use: Use): void {
    use.isCharged = false;
    addTo(this.table, use.entry, -use.cost);
  }

  settle(use: Use, cost: number, nowMs: number): void {
    const slice = this.sliceAt(nowMs);
    const entry = this.entries.take(use, slice, 0, nowMs, nowMs + (SLICES + 1) * this.sliceMs);
    if (entry >= 0 && cost > 0) addTo(this.table, entry, cost);
    this.tell(use, this.total(use, nowMs), nowMs);
  }

  release(): void {}

  private total(use: Use, nowMs: number): number {
    const slice = this.sliceAt(nowMs);
    return this.othersOf(use, slice, nowMs) + this.countIn(use, slice, nowMs);
  }

  /** The slices of the window that ends in this one, and the next, where a worker whose clock is ahead may be. */
  private othersOf(use: Use, slice: number, nowMs: number): number {
    let sum = this.countIn(use, slice + 1, nowMs);
    for (let past = slice - SLICES; past < slice; past++) sum += this.countIn(use, past, nowMs);
    return sum;
  }

  private countIn(use: Use, slice: number, nowMs: number): number {
    const entry = this.entries.find(use, slice, nowMs);
    return entry < 0 ? 0 : this.table.state(entry);
  }

  private judge(use: Use, total: number, cost: number, nowMs: number): boolean {
    const fits = total + Math.max(1, cost) <= this.quota;
    this.tell(use, fits ? total + cost : total, nowMs);
    use.retryMs = fits ? 0 : this.untilFits(use, total, cost, nowMs);
    return fits;
  }

  private tell(use: Use, total: number, nowMs: number): void {
    use.remaining = Math.max(0, this.quota - total);
    use.resetMs = total === 0 ? 0 : this.windowEnd(SLICES, nowMs);
  }

  /** When enough of the oldest slices have left the window. */
  private untilFits(use: Use, total: number, cost: number, nowMs: number): number {
    const slice = this.sliceAt(nowMs);
    let left = total;
    for (let age = SLICES; age > 0; age--) {
      left -= this.countIn(use, slice - age, nowMs);
      if (left + Math.max(1, cost) <= this.quota) return this.windowEnd(SLICES - age, nowMs);
    }
    return this.windowEnd(SLICES, nowMs);
  }

  /** How long until `more` slices after this one are over. */
  private windowEnd(more: number, nowMs: number): number {
    return (this.sliceAt(nowMs) + 1 + more) * this.sliceMs - nowMs;
  }

  private isNearEdge(nowMs: number): boolean {
    const into = nowMs - this.sliceAt(nowMs) * this.sliceMs;
    return into < SKEW_MS || into > this.sliceMs - SKEW_MS;
  }

  private sliceAt(nowMs: number): number {
    return Math.floor(nowMs / this.sliceMs);
  }
}
