import type { StoreEvent, Watch, WatchBatch } from "../store.ts";

/**
 * The last changes of a store, in one list that all watches read at their own pace: a slow watcher
 * costs no memory, it only finds one day that its place is gone.
 *
 * Invariant: `events` has every change with a revision above `#forgotten` and up to `revision`.
 */
export class History {
  /** The revision of the last change. */
  revision = 0;
  readonly #limit: number;
  #events: StoreEvent[] = [];
  /** The last revision whose change is not known any more. */
  #forgotten = 0;
  #isClosed = false;
  #waiting = new Set<() => void>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  add(event: StoreEvent): void {
    this.revision = event.revision;
    this.#events.push(event);
    // Cut at twice the limit, so that the cost of a cut is spread over many changes.
    if (this.#events.length >= this.#limit * 2) {
      const dropped = this.#events.splice(0, this.#events.length - this.#limit);
      this.#forgotten = dropped.at(-1)!.revision;
    }
    this.#wake();
  }

  watch(afterRevision: number): Watch {
    let after = afterRevision;
    let end: WatchBatch | undefined;
    return {
      next: async () => {
        end ??= this.#endAt(after);
        while (end === undefined && after === this.revision) {
          await new Promise<void>((resolve) => this.#waiting.add(resolve));
          end ??= this.#endAt(after);
        }
        if (end !== undefined) return end;
        const events = this.#after(after);
        after = this.revision;
        return { type: "events", events, revision: after };
      },
      close: () => {
        end ??= { type: "closed" };
        this.#wake();
      },
    };
  }

  close(): void {
    this.#isClosed = true;
    this.#wake();
  }

  #endAt(after: number): WatchBatch | undefined {
    if (this.#isClosed) return { type: "closed" };
    if (after >= this.#forgotten && after <= this.revision) return undefined;
    return { type: "too-old", oldestRevision: this.#forgotten };
  }

  /** Revisions have no gaps, so the place of a change is known. */
  #after(revision: number): StoreEvent[] {
    return this.#events.slice(revision - this.#forgotten);
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = new Set();
    for (const resolve of waiting) resolve();
  }
}
