import type { Fields } from "@heddle/engine/message";
import { sizeOf } from "./stored-response.ts";
import type { StoredResponse } from "./stored-response.ts";
import { variantOf } from "./vary.ts";

interface Kept {
  readonly stored: StoredResponse;
  readonly size: number;
}

interface Variants {
  readonly names: readonly string[];
  readonly ids: Set<string>;
}

/** What is stored in this worker: at most `maxBytes`, the least recently used goes first. */
export class MemoryStore {
  private maxBytes: number;
  private bytes = 0;
  /** In the order of their last use. */
  private readonly kept = new Map<string, Kept>();
  /** By key: which headers choose among the responses of a key, as the latest of them says. */
  private readonly variants = new Map<string, Variants>();

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes;
  }

  get byteLength(): number {
    return this.bytes;
  }

  get size(): number {
    return this.kept.size;
  }

  setLimit(maxBytes: number): void {
    this.maxBytes = maxBytes;
    this.makeRoom();
  }

  hasKey(key: string): boolean {
    return this.variants.has(key);
  }

  /** The headers that a key's responses vary by; undefined where there is none of them. */
  namesOf(key: string): readonly string[] | undefined {
    return this.variants.get(key)?.names;
  }

  find(key: string, request: Fields): StoredResponse | null {
    const variants = this.variants.get(key);
    if (variants === undefined) return null;
    const id = idOf(key, variantOf(variants.names, request));
    const kept = this.kept.get(id);
    if (kept === undefined) return null;
    this.kept.delete(id);
    this.kept.set(id, kept);
    return kept.stored;
  }

  put(stored: StoredResponse): void {
    const size = sizeOf(stored);
    const id = idOf(stored.key, stored.variant);
    this.drop(id);
    // What stays on disk, or is too much, still takes the place of the one before.
    if (!(stored.body instanceof Uint8Array) || size > this.maxBytes) return;
    const known = this.variants.get(stored.key);
    // RFC 9111 section 4.1: it is chosen by what the latest response says.
    if (known !== undefined && known.names.join() !== stored.varyNames.join()) this.remove(stored.key);
    let variants = this.variants.get(stored.key);
    if (variants === undefined) {
      variants = { names: stored.varyNames, ids: new Set() };
      this.variants.set(stored.key, variants);
    }
    variants.ids.add(id);
    this.kept.set(id, { stored, size });
    this.bytes += size;
    this.makeRoom();
  }

  /** All responses of a key; says how many. */
  remove(key: string): number {
    const variants = this.variants.get(key);
    if (variants === undefined) return 0;
    const ids = [...variants.ids];
    for (const id of ids) this.drop(id);
    return ids.length;
  }

  /** That one, if it is still the one that is kept. */
  removeOne(stored: StoredResponse): void {
    const id = idOf(stored.key, stored.variant);
    if (this.kept.get(id)?.stored === stored) this.drop(id);
  }

  removeVariant(key: string, variant: string): void {
    this.drop(idOf(key, variant));
  }

  hasRoomFor(stored: StoredResponse): boolean {
    return sizeOf(stored) <= this.maxBytes;
  }

  private makeRoom(): void {
    for (const id of this.kept.keys()) {
      if (this.bytes <= this.maxBytes) return;
      this.drop(id);
    }
  }

  private drop(id: string): void {
    const kept = this.kept.get(id);
    if (kept === undefined) return;
    this.kept.delete(id);
    this.bytes -= kept.size;
    const { key } = kept.stored;
    const variants = this.variants.get(key)!;
    variants.ids.delete(id);
    if (variants.ids.size === 0) this.variants.delete(key);
  }
}

const idOf = (key: string, variant: string): string => `${key}\n${variant}`;
