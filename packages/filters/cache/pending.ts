import { copyBytes } from "@heddle/engine/base";
import type { CacheStore } from "./cache-store.ts";
import type { CacheConfig } from "./config.ts";
import type { DiskSpool } from "./disk-spool.ts";
import { LARGE_BYTES } from "./stored-response.ts";
import type { StoredHead } from "./stored-head.ts";

/** A response on its way into the store: all of it but its body, and the octets so far, in memory or on disk. */
export class Pending {
  readonly response: StoredHead;
  /** It is too long to wait for in memory. */
  spool: DiskSpool | null = null;
  private chunks: Uint8Array[] = [];
  /** In all, and of those in memory. */
  private bytes = 0;
  private heldBytes = 0;

  constructor(response: StoredHead) {
    this.response = response;
  }

  /** False: there is no room for it. */
  add(bytes: Uint8Array, store: CacheStore, config: CacheConfig): boolean {
    this.bytes += bytes.length;
    if (this.bytes > config.maxObjectBytes) return false;
    if (this.spool !== null) return this.spool.write(bytes);
    const isLarge = this.bytes > LARGE_BYTES || store.pendingBytes + bytes.length > config.memoryBytes;
    if (isLarge) return this.startSpool(store) && this.spool!.write(bytes);
    this.heldBytes += bytes.length;
    store.pendingBytes += bytes.length;
    this.chunks.push(copyBytes(bytes));
    return true;
  }

  private startSpool(store: CacheStore): boolean {
    const { chunks } = this;
    this.letGo(store);
    const spool = (this.spool = store.disk?.openSpool() ?? null);
    return spool !== null && chunks.every((chunk) => spool.write(chunk));
  }

  /** The body, where it is in memory. */
  takeBody(store: CacheStore): Uint8Array {
    const { chunks } = this;
    this.letGo(store);
    return chunks.length === 1 ? chunks[0] : Buffer.concat(chunks);
  }

  giveUp(store: CacheStore): void {
    this.letGo(store);
    this.spool?.abandon();
  }

  private letGo(store: CacheStore): void {
    store.pendingBytes -= this.heldBytes;
    this.heldBytes = 0;
    this.chunks = [];
  }
}
