import { ChunkedList, isSameList } from "@heddle/engine/base";
import { keyOf, type Resource, type ResourceKey } from "../../resources/index.ts";
import type { Stored } from "../../store/index.ts";

/**
 * Stored resources as compile sees them. A change of status makes a new stored object, and compile compares by identity:
 * it goes on seeing the one before.
 */
export class CompiledResources {
  /** What is seen instead of what is stored, where statuses were written. */
  private readonly seen = new Map<ResourceKey, { readonly stored: Stored; readonly seen: Resource }>();
  /** By what is stored. Who lists that after a status was written has told us of it before. */
  private readonly chunks = new WeakMap<readonly Stored[], readonly Resource[]>();
  private last = ChunkedList.of<Resource>([]);

  /** A status was written: `after` is stored now. */
  wrote(before: Stored, after: Stored): void {
    const key = keyOf(before);
    this.seen.set(key, { stored: after, seen: this.of(key, before) });
  }

  /** For each of the stored ones what compile is to see, in chunks that are the same where what is seen is. */
  ofAll(stored: ChunkedList<Stored>): ChunkedList<Resource> {
    if (this.seen.size > stored.length * 2) this.forgetOthers(stored);
    const before = new Map(this.last.chunks.map((chunk) => [chunk[0], chunk]));
    this.last = stored.mapChunks((chunk) => this.chunks.get(chunk) ?? this.look(chunk, before));
    return this.last;
  }

  private look(
    stored: readonly Stored[],
    before: ReadonlyMap<Resource | undefined, readonly Resource[]>,
  ): readonly Resource[] {
    const seen = stored.map((one) => this.of(keyOf(one), one));
    const known = before.get(seen[0]);
    const chunk = known !== undefined && isSameList(known, seen) ? known : seen;
    this.chunks.set(stored, chunk);
    return chunk;
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
