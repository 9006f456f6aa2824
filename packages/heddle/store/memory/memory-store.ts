import type { ChunkedList } from "@heddle/engine/base";
import { keyOf, type Resource, type ResourceKey } from "../../resources/index.ts";
import { nextStatus, nextVersion, withRevision } from "../next-version.ts";
import type {
  ChangeOptions,
  Listing,
  ListFilter,
  PutResult,
  Store,
  Stored,
  StoreEvent,
  Watch,
} from "../store.ts";
import { History } from "./history.ts";
import { NameOrder } from "./name-order.ts";

export interface MemoryStoreOptions {
  /** How many changes a watcher may be behind, at least. Default: 10,000. */
  historyLimit?: number;
}

/** A store that is gone with the process. */
export function openMemoryStore(options: MemoryStoreOptions = {}): Store {
  return new MemoryStore(options);
}

class MemoryStore implements Store {
  readonly #resources = new NameOrder<Stored>();
  readonly #history: History;

  constructor({ historyLimit = 10_000 }: MemoryStoreOptions) {
    this.#history = new History(historyLimit);
  }

  async get(key: ResourceKey): Promise<Stored | undefined> {
    this.#assertOpen();
    return this.#resources.get(key);
  }

  // The overloads of the interface narrow the items by the kind that is asked for.
  async list({ kind, namespace }: ListFilter = {}): Promise<Listing<never> & Listing> {
    this.#assertOpen();
    let items = this.#resources.values().toArray();
    if (kind !== undefined) items = items.filter((resource) => resource.kind === kind);
    if (namespace !== undefined) items = items.filter(({ metadata }) => metadata.namespace === namespace);
    return { items: items as never[], revision: this.#history.revision };
  }

  async listAll(): Promise<ChunkedList<Stored>> {
    this.#assertOpen();
    return this.#resources.values();
  }

  async put(resource: Resource, options: ChangeOptions = {}): Promise<PutResult> {
    const key = keyOf(resource);
    const old = this.#resources.get(key);
    return this.#change(key, options, (revision) => nextVersion(old, resource, revision));
  }

  async putStatus(key: ResourceKey, status: unknown, options: ChangeOptions = {}): Promise<PutResult> {
    this.#assertOpen();
    const old = this.#resources.get(key);
    if (old === undefined) return { ok: false, reason: "not-found" };
    return this.#change(key, options, (revision) => nextStatus(old, status, revision));
  }

  async delete(key: ResourceKey, options: ChangeOptions = {}): Promise<PutResult> {
    this.#assertOpen();
    const old = this.#resources.get(key);
    if (old === undefined) return { ok: false, reason: "not-found" };
    return this.#change(key, options, (revision) => withRevision(old, revision), "deleted");
  }

  watch(afterRevision: number): Watch {
    return this.#history.watch(afterRevision);
  }

  async close(): Promise<void> {
    this.#history.close();
  }

  #change(
    key: ResourceKey,
    { expectedRevision }: ChangeOptions,
    make: (revision: number) => Stored | undefined,
    type?: StoreEvent["type"],
  ): PutResult {
    this.#assertOpen();
    const old = this.#resources.get(key);
    const current = Number(old?.metadata.resourceVersion ?? 0);
    if (expectedRevision !== undefined && expectedRevision !== current)
      return { ok: false, reason: "conflict", current };
    const revision = this.#history.revision + 1;
    const resource = make(revision);
    if (resource === undefined) return { ok: true, resource: old!, isChanged: false };
    if (type === "deleted") this.#resources.delete(key);
    else this.#resources.set(key, resource);
    const happened = type ?? (old === undefined ? "added" : "modified");
    this.#history.add({ type: happened, revision, key, resource });
    return { ok: true, resource, isChanged: true };
  }

  #assertOpen(): void {
    if (this.#history.isClosed) throw new Error("store is closed");
  }
}
