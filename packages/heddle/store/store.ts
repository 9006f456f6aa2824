import type { ChunkedList } from "@heddle/engine/base";
import type { KindName, Resource, ResourceByKind, ResourceKey } from "../resources/index.ts";

/** A resource as the store keeps it. Shared with the store and its other readers: never change it. */
export type Stored<R extends Resource = Resource> = R & {
  metadata: { resourceVersion: string; generation: number };
};

/**
 * Where resources live.
 *
 * All changes of a store are in one order, counted by its revision: each change takes the next one,
 * and a resource's `resourceVersion` is the revision of its last change. What fails is a value; only a
 * broken backend or a closed store rejects. `contract.suite.ts` says all of this in tests, and every
 * implementation runs it.
 */
export interface Store {
  get(key: ResourceKey): Promise<Stored | undefined>;

  /** Resources by namespace, then name. The revision is that of the listing as a whole: watch from it. */
  list<K extends KindName>(filter: { kind: K; namespace?: string }): Promise<Listing<ResourceByKind<K>>>;
  list(filter?: ListFilter): Promise<Listing>;

  /** All resources, in the same order. Who lists again and again sees by its chunks what has not changed. */
  listAll(): Promise<ChunkedList<Stored>>;

  /**
   * Creates or replaces a resource, all but its status, which stays as it was. `generation` counts the
   * changes of what is neither metadata nor status. A put that changes nothing takes no revision.
   */
  put(resource: Resource, options?: ChangeOptions): Promise<PutResult>;

  /** Replaces the status of a resource that exists; its generation stays. */
  putStatus(key: ResourceKey, status: unknown, options?: ChangeOptions): Promise<PutResult>;

  delete(key: ResourceKey, options?: ChangeOptions): Promise<PutResult>;

  /** The changes after a revision, as it was given by a listing or an earlier batch. */
  watch(afterRevision: number): Watch;

  /** Ends all watches. */
  close(): Promise<void>;
}

export interface ListFilter {
  kind?: KindName;
  namespace?: string;
}

export interface Listing<R extends Resource = Resource> {
  items: readonly Stored<R>[];
  revision: number;
}

export interface ChangeOptions {
  /** Only change a resource that has this revision; 0 for one that does not exist. Default: any. */
  expectedRevision?: number;
}

/** `resource` is what is stored now; for a delete, what was, under the revision of the deletion. */
export type PutResult =
  | { ok: true; resource: Stored; isChanged: boolean }
  /** `current` is the revision that the resource has, 0 where it does not exist. */
  | { ok: false; reason: "conflict"; current: number }
  | { ok: false; reason: "not-found" };

/** One change. `resource` of a deletion is the last state, under the revision of the deletion. */
export interface StoreEvent {
  type: "added" | "modified" | "deleted";
  revision: number;
  key: ResourceKey;
  resource: Stored;
}

export interface Watch {
  /**
   * Waits for changes and gives all there are since the last batch, oldest first. One call at a time.
   * After `too-old` or `closed`, every further call gives the same.
   */
  next(): Promise<WatchBatch>;
  close(): void;
}

export type WatchBatch =
  | { type: "events"; events: StoreEvent[]; revision: number }
  /**
   * Some of the changes are no longer known, or the revision is ahead of this store and so comes from
   * another. List again and watch from there.
   */
  | { type: "too-old"; oldestRevision: number }
  | { type: "closed" };
