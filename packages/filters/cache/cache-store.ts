import { createHash } from "node:crypto";
import path from "node:path";
import { BroadcastChannel } from "node:worker_threads";
import type { Fields } from "@heddle/engine/message";
import type { CacheConfig } from "./config.ts";
import { DiskStore } from "./disk-store.ts";
import type { Fill } from "./fill.ts";
import { MemoryStore } from "./memory-store.ts";
import { PurgeList } from "./purge-list.ts";
import type { StoredResponse } from "./stored-response.ts";

/** For so long requests of a key whose answer was not to be stored do not wait for each other. */
const PASS_MS = 30_000;
const MAX_PASSES = 10_000;
const MAX_INVALIDATIONS = 10_000;

/** What all filters with a store of one name share in this worker. It outlives each of them. */
export class CacheStore {
  readonly name: string;
  readonly memory: MemoryStore;
  /** Null: what is stored is in memory alone. */
  disk: DiskStore | null = null;
  private diskText = "null";
  readonly purges = new PurgeList();
  /** By key. */
  readonly fills = new Map<string, Fill>();
  /** Octets of bodies that are on their way. */
  pendingBytes = 0;
  /** Keys and variants that are asked for in the background. */
  readonly refreshing = new Set<string>();
  /** By key, until when. */
  private readonly passes = new Map<string, number>();
  /** By key, when: what was asked for before must not be stored after. */
  private readonly invalidations = new Map<string, number>();

  constructor(name: string) {
    this.name = name;
    this.memory = new MemoryStore(0);
  }

  /** Requests of that key gain nothing from waiting for each other. */
  isPassed(key: string, nowMs: number): boolean {
    return (this.passes.get(key) ?? 0) > nowMs;
  }

  notePass(key: string, nowMs: number): void {
    putBounded(this.passes, key, nowMs + PASS_MS, MAX_PASSES);
  }

  /** With the bounds and the disk that the policy says now. */
  follow({ memoryBytes, disk }: CacheConfig): void {
    this.memory.setLimit(memoryBytes);
    const text = JSON.stringify(disk);
    if (text === this.diskText) return;
    this.diskText = text;
    const own = createHash("sha256").update(this.name).digest("hex").slice(0, 32);
    this.disk = disk === null ? null : new DiskStore(path.join(disk.folder, own), disk.maxBytes);
  }

  put(stored: StoredResponse): boolean {
    if (!this.mayHave(stored)) return false;
    this.passes.delete(stored.key);
    this.memory.put(stored);
    if (this.disk !== null) void this.disk.put(stored, () => this.mayHave(stored));
    return true;
  }

  /** What is on disk, and now in memory too. Null for none. */
  async findOnDisk(key: string, request: Fields): Promise<StoredResponse | null> {
    const stored = this.disk === null ? null : await this.disk.find(key, request);
    if (stored === null || !this.mayHave(stored)) return null;
    const known = this.memory.find(key, request);
    if (known === null || known.arrivedMs < stored.arrivedMs) this.memory.put(stored);
    return stored;
  }

  /** Nothing changed it, and nobody purged it, since it was asked for. */
  private mayHave(stored: StoredResponse): boolean {
    return (this.invalidations.get(stored.key) ?? -1) < stored.askedMs && !this.purges.covers(stored);
  }

  /** It is not what its key names any more. */
  drop(stored: StoredResponse): void {
    this.memory.removeOne(stored);
    if (this.disk !== null) void this.disk.remove(stored.key);
  }

  /** Something changed what the key names (RFC 9111 section 4.4): in this worker, and in the others. */
  invalidate(key: string, nowMs: number): void {
    this.forget(key, nowMs);
    if (this.disk !== null) void this.disk.remove(key);
    announce({ store: this.name, key, atMs: nowMs });
  }

  /** @internal */
  forget(key: string, atMs: number): void {
    this.memory.remove(key);
    putBounded(this.invalidations, key, atMs, MAX_INVALIDATIONS);
  }
}

/** The oldest goes first. */
function putBounded(map: Map<string, number>, key: string, value: number, max: number): void {
  map.delete(key);
  map.set(key, value);
  if (map.size <= max) return;
  for (const oldest of map.keys()) {
    map.delete(oldest);
    return;
  }
}

interface Invalidation {
  readonly store: string;
  readonly key: string;
  readonly atMs: number;
}

const stores = new Map<string, WeakRef<CacheStore>>();

/** The store that a policy names, made when it is first asked for, kept as long as a filter has it. */
export function storeFor(config: CacheConfig): CacheStore {
  let store = stores.get(config.store)?.deref();
  if (store === undefined) {
    store = new CacheStore(config.store);
    stores.set(config.store, new WeakRef(store));
    listen();
  }
  store.follow(config);
  return store;
}

let channel: BroadcastChannel | null = null;

/** From thread to thread, all of one process: nothing that main does holds it up. */
function listen(): BroadcastChannel {
  if (channel !== null) return channel;
  channel = new BroadcastChannel("heddle-cache-invalidations");
  channel.addEventListener("message", (event) => {
    const { store, key, atMs } = (event as unknown as { data: Invalidation }).data;
    stores.get(store)?.deref()?.forget(key, atMs);
  });
  channel.unref();
  return channel;
}

function announce(invalidation: Invalidation): void {
  listen().postMessage(invalidation);
}
