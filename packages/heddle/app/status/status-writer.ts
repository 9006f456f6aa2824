import { ChunkedList, listChanges, Pace } from "@heddle/engine/base";
import type { Status, StatusTable } from "../../compile/index.ts";
import { keyOf, type ResourceKey } from "../../resources/index.ts";
import type { Store, Stored } from "../../store/index.ts";
import { stampStatus } from "./stamp-status.ts";

interface Written {
  /** As it was given. */
  readonly status: Status;
  /** As it is stored, with times. */
  readonly stamped: unknown;
  /** What was stored before the first of ours: such as a kind's default, which says that nobody has looked at it. */
  readonly found: unknown;
}

type OnWritten = (before: Stored, after: Stored) => void;

const noStatuses: StatusTable["many"] = ChunkedList.of<{ key: ResourceKey; status: Status }>([]);

/**
 * Writes statuses to the store, and remembers what it wrote: those of a chunk that is the same as before cost nothing,
 * where nobody else has written them since. A resource that is given none any more, such as a Gateway whose class is
 * another controller's by now, gets back what it had before, unless somebody else has written meanwhile.
 */
export class StatusWriter {
  private readonly store: Store;
  private readonly pace: Pace;
  private readonly written = new Map<ResourceKey, Written>();
  /** What was stored when somebody looked last. */
  private looked: ChunkedList<Stored> = ChunkedList.of<Stored>([]);
  /** Where the last run did not come to its end, this one looks at all. */
  private hasEnded = true;
  /** What the last run was given. */
  private many = noStatuses;
  private few: ReadonlySet<ResourceKey> = new Set();
  /** Those that somebody else has written while the last run did. */
  private others: ReadonlySet<ResourceKey> = new Set();

  constructor(store: Store, pace: Pace = new Pace({ napMs: 0 })) {
    this.pace = pace;
    this.store = store;
  }

  /** Yields while it writes. `onWritten` hears of each stored resource that has another status now. */
  async write(statuses: StatusTable, onWritten: OnWritten): Promise<void> {
    const now = new Date().toISOString().replace(/\.\d+Z$/, "Z");
    const changed = this.others.union(await this.look());
    await this.pace.rest();
    const candidates = this.candidates(statuses, changed);
    this.hasEnded = false;
    this.others = changed;
    for (const [key, status] of candidates) {
      if (status === undefined) await this.takeBack(key, onWritten);
      else if (changed.has(key) || this.written.get(key)?.status !== status)
        await this.writeOne(key, status, now, onWritten);
      await this.pace.rest();
    }
    this.many = statuses.many;
    this.few = new Set(statuses.few.keys());
    this.hasEnded = true;
    // What this run has written is not to be looked through in the next one.
    this.others = await this.look();
  }

  /** Statuses that may have to be written, and keys of those that have gone. A table looks for one of many only where it must. */
  private candidates(
    statuses: StatusTable,
    changed: ReadonlySet<ResourceKey>,
  ): ReadonlyMap<ResourceKey, Status | undefined> {
    const { gone, come } = listChanges(this.hasEnded ? this.many : noStatuses, statuses.many);
    const before = this.hasEnded ? this.few : this.written.keys();
    const candidates = new Map<ResourceKey, Status | undefined>();
    for (const { key } of gone) candidates.set(key, undefined);
    for (const { key, status } of come) candidates.set(key, status);
    for (const [key, status] of statuses.few) candidates.set(key, status);
    for (const key of [...before, ...changed])
      if (!candidates.has(key)) candidates.set(key, statuses.get(key));
    return candidates;
  }

  /** Whose status is not the one that we wrote; what is gone has none of ours any more. */
  private async look(): Promise<ReadonlySet<ResourceKey>> {
    const stored = await this.store.listAll();
    const { gone, come } = listChanges(this.looked, stored);
    const keys = new Set(come.map(keyOf));
    for (const key of gone.map(keyOf)) if (!keys.has(key)) this.written.delete(key);
    this.looked = stored;
    return new Set(
      come.flatMap((one) => {
        const key = keyOf(one);
        const last = this.written.get(key);
        return last !== undefined && last.stamped === statusOf(one) ? [] : [key];
      }),
    );
  }

  private async writeOne(key: ResourceKey, status: Status, now: string, onWritten: OnWritten): Promise<void> {
    const before = await this.store.get(key);
    if (before === undefined) return void this.written.delete(key);
    const found = this.written.has(key) ? this.written.get(key)!.found : statusOf(before);
    const result = await this.store.putStatus(key, stampStatus(status, statusOf(before), now));
    if (!result.ok) return void this.written.delete(key);
    this.written.set(key, { status, stamped: statusOf(result.resource), found });
    if (result.isChanged) onWritten(before, result.resource);
  }

  private async takeBack(key: ResourceKey, onWritten: OnWritten): Promise<void> {
    const last = this.written.get(key);
    if (last === undefined) return;
    this.written.delete(key);
    const before = await this.store.get(key);
    if (before === undefined || statusOf(before) !== last.stamped) return;
    const result = await this.store.putStatus(key, last.found);
    if (result.ok && result.isChanged) onWritten(before, result.resource);
  }
}

const statusOf = (resource: Stored): unknown => (resource as { status?: unknown }).status;
