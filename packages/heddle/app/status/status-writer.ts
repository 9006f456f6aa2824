import { listPlaces, missingPlaces } from "@heddle/engine/base";
import type { Status } from "../../compile/index.ts";
import { keyOf, type ResourceKey } from "../../resources/index.ts";
import type { Store, Stored } from "../../store/index.ts";
import { stampStatus } from "./stamp-status.ts";
import { paceOf } from "../store/sync-store.ts";

interface Written {
  /** As it was given. */
  readonly status: Status;
  /** As it is stored, with times. */
  readonly stamped: unknown;
  /** What was stored before the first of ours: such as a kind's default, which says that nobody has looked at it. */
  readonly found: unknown;
  /** The last run that was given it. */
  run: number;
}

type OnWritten = (before: Stored, after: Stored) => void;

/**
 * Writes statuses to the store, and remembers what it wrote: one that is the same object as before costs a look in a map,
 * where nobody else has written it since. A resource that is given none any more, such as a Gateway whose class is
 * another controller's by now, gets back what it had before, unless somebody else has written meanwhile.
 */
export class StatusWriter {
  private readonly store: Store;
  private readonly written = new Map<ResourceKey, Written>();
  /** What was stored before the last run wrote. */
  private looked: readonly Stored[] = [];
  private run = 0;

  constructor(store: Store) {
    this.store = store;
  }

  /** Yields while it writes. `onWritten` hears of each stored resource that has another status now. */
  async write(statuses: ReadonlyMap<ResourceKey, Status>, onWritten: OnWritten): Promise<void> {
    const now = new Date().toISOString().replace(/\.\d+Z$/, "Z");
    const run = ++this.run;
    const changed = await this.look();
    const due: [ResourceKey, Status][] = [];
    let kept = 0;
    statuses.forEach((status, key) => {
      const last = this.written.get(key);
      const stored = changed.get(key);
      const isSame = last?.status === status && (stored === undefined || last.stamped === statusOf(stored));
      if (!isSame) due.push([key, status]);
      else {
        last.run = run;
        kept++;
      }
    });
    const pause = paceOf();
    const hasGone = kept < this.written.size;
    for (const [key, status] of due) {
      await this.writeOne(key, status, now, onWritten);
      await pause();
    }
    if (!hasGone) return;
    const left: [ResourceKey, Written][] = [];
    this.written.forEach((last, key) => {
      if (last.run !== run) left.push([key, last]);
    });
    for (const [key, last] of left) {
      this.written.delete(key);
      if (!statuses.has(key)) await this.takeBack(key, last, onWritten);
      await pause();
    }
  }

  /** What somebody has changed since the last look, ourselves included; what is gone has no status of ours any more. */
  private async look(): Promise<ReadonlyMap<ResourceKey, Stored>> {
    const { items } = await this.store.list();
    const places = listPlaces(this.looked, items);
    const changed = new Map<ResourceKey, Stored>();
    for (let at = 0; at < items.length; at++) {
      if (places[at] === -1) changed.set(keyOf(items[at]!), items[at]!);
    }
    for (const at of missingPlaces(places, this.looked.length)) {
      const key = keyOf(this.looked[at]!);
      if (!changed.has(key)) this.written.delete(key);
    }
    this.looked = items;
    return changed;
  }

  private async writeOne(key: ResourceKey, status: Status, now: string, onWritten: OnWritten): Promise<void> {
    const before = await this.store.get(key);
    if (before === undefined) return void this.written.delete(key);
    const found = this.written.has(key) ? this.written.get(key)!.found : statusOf(before);
    const result = await this.store.putStatus(key, stampStatus(status, statusOf(before), now));
    if (!result.ok) return void this.written.delete(key);
    this.written.set(key, { status, stamped: statusOf(result.resource), found, run: this.run });
    if (result.isChanged) onWritten(before, result.resource);
  }

  private async takeBack(key: ResourceKey, { stamped, found }: Written, onWritten: OnWritten): Promise<void> {
    const before = await this.store.get(key);
    if (before === undefined || statusOf(before) !== stamped) return;
    const result = await this.store.putStatus(key, found);
    if (result.ok && result.isChanged) onWritten(before, result.resource);
  }
}

const statusOf = (resource: Stored): unknown => (resource as { status?: unknown }).status;
