import { ChunkedList, isSameList } from "@heddle/engine/base";
import type { Resource } from "../../resources/index.ts";
import type { Stored } from "../../store/index.ts";

/**
 * Stored resources as compile sees them. A change of status makes a new stored object, and compile compares by identity:
 * it goes on seeing the one before.
 */
export class CompiledResources {
  /** What is seen instead of what is stored, where statuses were written. */
  private readonly seen = new WeakMap<Stored, Resource>();
  /** By what is stored. Who lists that after a status was written has told us of it before. */
  private readonly chunks = new WeakMap<readonly Stored[], readonly Resource[]>();
  private last = ChunkedList.of<Resource>([]);

  /** A status was written: `after` is stored now. */
  wrote(before: Stored, after: Stored): void {
    this.seen.set(after, this.of(before));
  }

  /** For each of the stored ones what compile is to see, in chunks that are the same where what is seen is. */
  *ofAll(stored: ChunkedList<Stored>): Generator<void, ChunkedList<Resource>> {
    const before = new Map(this.last.chunks.map((chunk) => [chunk[0], chunk]));
    const chunks: (readonly Resource[])[] = [];
    for (const chunk of stored.chunks) {
      const known = this.chunks.get(chunk);
      chunks.push(known ?? this.look(chunk, before));
      if (known === undefined) yield;
    }
    this.last = ChunkedList.ofChunks(chunks);
    return this.last;
  }

  private look(
    stored: readonly Stored[],
    before: ReadonlyMap<Resource | undefined, readonly Resource[]>,
  ): readonly Resource[] {
    const seen = stored.map((one) => this.of(one));
    const known = before.get(seen[0]);
    const chunk = known !== undefined && isSameList(known, seen) ? known : seen;
    this.chunks.set(stored, chunk);
    return chunk;
  }

  private of(stored: Stored): Resource {
    return this.seen.get(stored) ?? stored;
  }
}
