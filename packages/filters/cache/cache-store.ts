import { BroadcastChannel } from "node:worker_threads";
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

  constructor(name: string, maxBytes: number) {
    this.name = name;
    this.memory = new MemoryStore(maxBytes);
  }

  /** Requests of that key gain nothing from waiting for each other. */
  isPassed(key: string, nowMs: number): boolean {
    return (this.passes.get(key) ?? 0) > nowMs;
  }

  notePass(key: string, nowMs: number): void {
    putBounded(this.passes, key, nowMs + PASS_MS, MAX_PASSES);
  }

  put(stored: StoredResponse): boolean {
    if ((this.invalidations.get(stored.key) ?? -1) >= stored.askedMs || this.purges.covers(stored))
      return false;
    this.passes.delete(stored.key);
    this.memory.put(stored);
    return true;
  }

  /** Something changed what the key names (RFC 9111 section 4.4): in this worker, and in the others. */
  invalidate(key: string, nowMs: number): void {
    this.forget(key, nowMs);
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

/** The store of that name, made when it is first asked for, kept as long as a filter has it. */
export function storeNamed(name: string, maxBytes: number): CacheStore {
  let store = stores.get(name)?.deref();
  if (store === undefined) {
    store = new CacheStore(name, maxBytes);
    stores.set(name, new WeakRef(store));
    listen();
  } else {
    store.memory.setLimit(maxBytes);
  }
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
