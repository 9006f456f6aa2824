import type { FilterContext } from "@heddle/engine/filter";
import type { CacheRun } from "./cache-run.ts";
import type { CacheStore } from "./cache-store.ts";
import type { CacheConfig } from "./config.ts";
import { DiskBody } from "./disk-body.ts";
import type { FillOutcome } from "./fill.ts";
import type { StoredResponse } from "./stored-response.ts";

/** Brings responses into the store, and tells those who wait for them what became of it. */
export class Keeper {
  private readonly config: CacheConfig;
  private readonly context: FilterContext;
  private readonly store: CacheStore;

  constructor(config: CacheConfig, context: FilterContext, store: CacheStore) {
    this.config = config;
    this.context = context;
    this.store = store;
  }

  collect(run: CacheRun, bytes: Uint8Array): void {
    const { pending } = run;
    if (pending === null || pending.add(bytes, this.store, this.config)) return;
    this.context.count(pending.spool?.isLost === true ? "disk-failed" : "too-large");
    this.giveUp(run);
    this.store.notePass(run.key, this.context.clock.wallMs());
    this.settle(run, "uncacheable");
  }

  giveUp(run: CacheRun): void {
    run.pending?.giveUp(this.store);
    run.pending = null;
  }

  /** The body is whole (RFC 9111 section 3.3: nothing else is stored). */
  commit(run: CacheRun): void {
    const { pending } = run;
    if (pending === null) return;
    run.pending = null;
    const { response, spool } = pending;
    if (spool !== null) {
      void this.settleLater(run, this.store.putSpooled(response, spool));
      return;
    }
    this.keep({ ...response, body: pending.takeBody(this.store) }, run);
    this.settle(run, "uncacheable");
  }

  /** False: it may not be stored. Else those who wait for it are told as soon as they can have it. */
  keep(stored: StoredResponse, run: CacheRun): boolean {
    const writing = this.store.put(stored);
    if (writing === null) return false;
    if (stored.body instanceof DiskBody) {
      void this.settleLater(run, writing);
      return true;
    }
    this.context.count("stored");
    this.settle(run, "stored");
    return true;
  }

  settle(run: CacheRun, outcome: FillOutcome): void {
    const { fill } = run;
    if (fill === null) return;
    fill.settle(outcome);
    if (this.store.fills.get(run.key) === fill) this.store.fills.delete(run.key);
  }

  /** When it is on disk those who wait can have it: after the end of the exchange that brought it, perhaps. */
  private async settleLater(run: CacheRun, writing: Promise<boolean>): Promise<void> {
    const { key, fill } = run;
    run.fill = null;
    const isWritten = await writing;
    this.context.count(isWritten ? "stored" : "disk-failed");
    if (fill === null) return;
    fill.settle(isWritten ? "stored" : "uncacheable");
    if (this.store.fills.get(key) === fill) this.store.fills.delete(key);
  }
}
