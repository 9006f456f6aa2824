import type { KeyHash, SharedTable } from "@heddle/engine/shared";
import { addTo, Entries } from "./meter.ts";
import type { Meter, Use } from "./meter.ts";

/** An exchange that is longer under way counts no more. */
const MAX_HELD_MS = 12 * 3_600_000;
const IDLE_MS = 5_000;
/** When somebody will be done nobody knows. */
const RETRY_MS = 1_000;

/**
 * At most `quota` exchanges in flight. Each gives its place back when it ends, whatever happened to it; those of a
 * worker that dies are given back by the engine, from the worker's journal.
 */
export class Concurrency implements Meter {
  readonly quota: number;
  private readonly table: SharedTable;
  private readonly entries: Entries;

  constructor(table: SharedTable, hash: KeyHash, quota: number) {
    this.table = table;
    this.entries = new Entries(table, hash);
    this.quota = quota;
  }

  check(use: Use, nowMs: number): boolean {
    const entry = this.entries.find(use, 0, nowMs);
    return this.judge(use, entry < 0 ? 0 : this.table.state(entry));
  }

  charge(use: Use, nowMs: number): boolean {
    const { table } = this;
    const entry = this.entries.take(use, 0, 0, nowMs, nowMs + MAX_HELD_MS);
    if (entry < 0) return this.judge(use, this.quota);
    for (;;) {
      const count = table.state(entry);
      if (!this.judge(use, count)) return false;
      if (!table.swap(entry, count, count + 1)) continue;
      use.note = table.note(entry);
      use.entry = entry;
      use.isCharged = true;
      table.keep(entry, nowMs + MAX_HELD_MS);
      if (use.note >= 0) return true;
      // Nobody would give it back if this worker died: as good as full.
      this.release(use, nowMs);
      return this.judge(use, this.quota);
    }
  }

  refund(use: Use, nowMs: number): void {
    this.release(use, nowMs);
  }

  settle(): void {}

  release(use: Use, nowMs: number): void {
    if (!use.isCharged) return;
    use.isCharged = false;
    const { table } = this;
    // Of one that was under way for too long the entry may be another key's by now.
    const isOwn = this.entries.find(use, 0, nowMs) === use.entry;
    if (isOwn) addTo(table, use.entry, -1);
    if (use.note >= 0) table.forget(use.note);
    if (isOwn && table.state(use.entry) === 0) table.letGo(use.entry, 0, nowMs + IDLE_MS);
  }

  private judge(use: Use, count: number): boolean {
    const fits = count < this.quota;
    use.remaining = Math.max(0, this.quota - count - (fits ? 1 : 0));
    use.resetMs = 0;
    use.retryMs = fits ? 0 : RETRY_MS;
    return fits;
  }
}
