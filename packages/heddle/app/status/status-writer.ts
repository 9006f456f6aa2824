import type { Status } from "../../compile/index.ts";
import type { ResourceKey } from "../../resources/index.ts";
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
}

/**
 * Writes statuses to the store, and remembers what it wrote: one that is the same object as before costs a look at the
 * store, where nobody else has written it since. A resource that is given none any more, such as a Gateway whose class is
 * another controller's by now, gets back what it had before, unless somebody else has written meanwhile.
 */
export class StatusWriter {
  private readonly store: Store;
  private written = new Map<ResourceKey, Written>();

  constructor(store: Store) {
    this.store = store;
  }

  /** Yields while it writes. `onWritten` hears of each stored resource that has another status now. */
  async write(
    statuses: ReadonlyMap<ResourceKey, Status>,
    onWritten: (before: Stored, after: Stored) => void,
  ): Promise<void> {
    const now = new Date().toISOString().replace(/\.\d+Z$/, "Z");
    const written = new Map<ResourceKey, Written>();
    const pause = paceOf();
    for (const [key, status] of statuses) {
      const before = await this.store.get(key);
      if (before === undefined) continue;
      const last = this.written.get(key);
      const found = last === undefined ? statusOf(before) : last.found;
      if (last !== undefined && last.status === status && last.stamped === statusOf(before)) {
        written.set(key, last);
      } else {
        const result = await this.store.putStatus(key, stampStatus(status, statusOf(before), now));
        if (result.ok) {
          written.set(key, { status, stamped: statusOf(result.resource), found });
          if (result.isChanged) onWritten(before, result.resource);
        }
      }
      const paused = pause();
      if (paused !== undefined) await paused;
    }
    for (const [key, last] of this.written) {
      if (!statuses.has(key)) await this.takeBack(key, last, onWritten);
      const paused = pause();
      if (paused !== undefined) await paused;
    }
    this.written = written;
  }

  private async takeBack(
    key: ResourceKey,
    { stamped, found }: Written,
    onWritten: (before: Stored, after: Stored) => void,
  ): Promise<void> {
    const before = await this.store.get(key);
    if (before === undefined || statusOf(before) !== stamped) return;
    const result = await this.store.putStatus(key, found);
    if (result.ok && result.isChanged) onWritten(before, result.resource);
  }
}

const statusOf = (resource: Stored): unknown => (resource as { status?: unknown }).status;
