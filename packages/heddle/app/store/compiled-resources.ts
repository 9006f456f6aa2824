import { type ChunkedList, onceForChunk } from "@heddle/engine/base";
import { keyOf, type Resource, type ResourceKey } from "../../resources/index.ts";
import type { Stored } from "../../store/index.ts";

/**
 * Stored resources as compile sees them. A change of status makes a new stored object, and compile compares by identity:
 * it goes on seeing the one before.
 */
export class CompiledResources {
  /** What is seen instead of what is stored, where statuses were written. */
  private readonly seen = new Map<ResourceKey, { readonly stored: Stored; readonly seen: Resource }>();
  /** Who lists what is stored after a status was written has told us of that before. */
  private readonly ofChunk = onceForChunk((chunk: readonly Stored[]) =>
    chunk.map((one) => this.of(keyOf(one), one)),
  );

  /** A status was written: `after` is stored now. */
  wrote(before: Stored, after: Stored): void {
    const key = keyOf(before);
    this.seen.set(key, { stored: after, seen: this.of(key, before) });
  }

  /** For each of the stored ones what compile is to see, in chunks that are the same where those are. */
  ofAll(stored: ChunkedList<Stored>): ChunkedList<Resource> {
    if (this.seen.size > stored.length * 2) this.forgetOthers(stored);
    return stored.mapChunks(this.ofChunk);
  }

  private of(key: ResourceKey, stored: Stored): Resource {
    const known = this.seen.get(key);
    return known?.stored === stored ? known.seen : stored;
  }

  private forgetOthers(stored: ChunkedList<Stored>): void {
    const keys = new Set(stored.toArray().map(keyOf));
    for (const key of this.seen.keys()) if (!keys.has(key)) this.seen.delete(key);
  }
}
