import type { KeyHash, SharedTable } from "@heddle/engine/shared";
import { calendarWindow } from "./calendar-window.ts";
import type { CalendarUnit } from "./calendar-window.ts";
import { addTo, Entries } from "./meter.ts";
import type { Meter, Use } from "./meter.ts";

/**
 * A quota for each minute, hour, day or month of the calendar (UTC): whole again when the next one begins. Each window
 * has an entry of its own, so nothing is ever reset, and what was used of one cannot be lost in the other. Each time
 * that the date is set, by hours or days, costs one quota at most.
 */
export class FixedWindow implements Meter {
  readonly quota: number;
  private readonly table: SharedTable;
  private readonly entries: Entries;
  private readonly unit: CalendarUnit;

  constructor(table: SharedTable, hash: KeyHash, quota: number, unit: CalendarUnit) {
    this.table = table;
    this.entries = new Entries(table, hash);
    this.quota = quota;
    this.unit = unit;
  }

  check(use: Use, nowMs: number, wallMs: number): boolean {
    const { index, endMs } = calendarWindow(this.unit, wallMs);
    const entry = this.entries.find(use, index, nowMs);
    return this.judge(use, entry < 0 ? 0 : this.table.state(entry), endMs - wallMs);
  }

  charge(use: Use, nowMs: number, wallMs: number): boolean {
    if (use.cost === 0) return this.check(use, nowMs, wallMs);
    const { index, endMs } = calendarWindow(this.unit, wallMs);
    const leftMs = endMs - wallMs;
    const entry = this.entries.take(use, index, 0, nowMs, nowMs + leftMs);
    if (entry < 0) return this.judge(use, this.quota, leftMs);
    // Where the date was set back the window ends later than when it was begun.
    this.table.keep(entry, nowMs + leftMs);
    for (;;) {
      const count = this.table.state(entry);
      if (!this.judge(use, count, leftMs)) return false;
      if (!this.table.swap(entry, count, count + use.cost)) continue;
      use.entry = entry;
      use.isCharged = true;
      return true;
    }
  }

  refund(use: Use): void {
    addTo(this.table, use.entry, -use.cost);
  }

  settle(use: Use, cost: number, nowMs: number, wallMs: number): void {
    if (cost === 0) return;
    const { index, endMs } = calendarWindow(this.unit, wallMs);
    const leftMs = endMs - wallMs;
    const entry = this.entries.take(use, index, 0, nowMs, nowMs + leftMs);
    if (entry < 0) return;
    this.table.keep(entry, nowMs + leftMs);
    addTo(this.table, entry, cost);
    use.remaining = Math.max(0, this.quota - this.table.state(entry));
    use.resetMs = leftMs;
  }

  release(): void {}

  private judge(use: Use, count: number, leftMs: number): boolean {
    const fits = count + Math.max(1, use.cost) <= this.quota;
    use.remaining = Math.max(0, this.quota - count - (fits ? use.cost : 0));
    use.resetMs = leftMs;
    use.retryMs = fits ? 0 : leftMs;
    return fits;
  }
}
