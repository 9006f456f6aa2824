import { createHash } from "node:crypto";
import path from "node:path";
import { BroadcastChannel } from "node:worker_threads";
import type { Fields } from "@heddle/engine/message";
import type { CacheConfig } from "./config.ts";
import type { DiskBody } from "./disk-body.ts";
import type { DiskSpool } from "./disk-spool.ts";
import { DiskStore } from "./disk-store.ts";
import type { Fill } from "./fill.ts";
import { MemoryStore } from "./memory-store.ts";
import { PurgeList } from "./purge-list.ts";
import type { StoredHead } from "./stored-head.ts";
import { LARGE_BYTES, releaseBody } from "./stored-response.ts";
import type { StoredResponse } from "./stored-response.ts";

/** For so long requests of a key whose answer was not to be stored do not wait for each other. */
const PASS_MS = 30_000;
const MAX_PASSES = 10_000;
const MAX_INVALIDATIONS = 10_000;
/** Bodies that are read into memory, at a time. */
const MAX_LOADING = 4;

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
  /** Keys and variants that are read into memory. */
  private readonly loading = new Set<string>();
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

  /** Null: it may not be kept. Else it is in memory, or, where its body is not, will be on disk, or not. */
  put(stored: StoredResponse): Promise<boolean> | null {
    if (!this.mayHave(stored)) return null;
    this.passes.delete(stored.key);
    this.memory.put(stored);
    return this.disk?.put(stored, () => this.mayHave(stored)) ?? Promise.resolve(true);
  }

  /** Of a body that is whole in `spool`. Resolves to whether it is kept. */
  async putSpooled(head: StoredHead, spool: DiskSpool): Promise<boolean> {
    if (this.disk === null) {
      spool.abandon();
      return false;
    }
    const isKept = await this.disk.endSpool(spool, head, () => this.mayHave(head));
    if (isKept) {
      this.passes.delete(head.key);
      this.memory.removeVariant(head.key, head.variant);
    }
    return isKept;
  }

  /** What is on disk, and, where it is not too long, in memory soon. Null for none. Its body is the caller's to release. */
  async findOnDisk(key: string, request: Fields): Promise<StoredResponse | null> {
    const stored = this.disk === null ? null : await this.disk.find(key, request);
    if (stored === null) return null;
    if (!this.mayHave(stored)) {
      releaseBody(stored.body);
      return null;
    }
    if (stored.body instanceof Uint8Array) this.remember(stored, request);
    else if (stored.body.length <= LARGE_BYTES) void this.load(stored, stored.body, request);
    return stored;
  }

  private remember(stored: StoredResponse, request: Fields): void {
    const known = this.memory.find(stored.key, request);
    if (known === null || known.arrivedMs < stored.arrivedMs) this.memory.put(stored);
  }

  /** For those who ask next: whoever asked first gets it as it is read. */
  private async load(stored: StoredResponse, body: DiskBody, request: Fields): Promise<void> {
    const id = `${stored.key}\n${stored.variant}`;
    if (this.loading.size >= MAX_LOADING || this.loading.has(id)) return;
    if (!this.memory.hasRoomFor(stored)) return;
    this.loading.add(id);
    const fields = request.clone();
    body.hold();
    const whole = await body.readWhole().catch(() => null);
    body.release();
    this.loading.delete(id);
    if (whole !== null && this.mayHave(stored)) this.remember({ ...stored, body: whole }, fields);
  }

  /** Nothing changed it, and nobody purged it, since it was asked for. */
  private mayHave(stored: StoredHead): boolean {
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
