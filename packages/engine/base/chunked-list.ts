import { commonEnds } from "./common-ends.ts";
import { listPlaces, missingPlaces } from "./list-places.ts";

/**
 * How many items a chunk is made of; one that grows to more than twice as many is cut. With fewer all that looks at chunks
 * takes longer, with more all that looks at the items of a changed one.
 */
const chunkLength = 64;
/** A chunk of fewer is joined with its neighbour. */
const leastLength = 16;

/**
 * A list that never changes, in chunks of some hundred items. One that is made of another shares the chunks that are the
 * same, so who works on one list after the other passes them by, and keeps what it made of each.
 */
export class ChunkedList<T> implements Iterable<T> {
  /** None is empty. */
  readonly chunks: readonly (readonly T[])[];
  readonly length: number;

  private constructor(chunks: readonly (readonly T[])[]) {
    this.chunks = chunks;
    let length = 0;
    for (const chunk of chunks) length += chunk.length;
    this.length = length;
  }

  static of<T>(items: readonly T[]): ChunkedList<T> {
    return new ChunkedList(cut(items));
  }

  /** Of chunks that nobody changes any more. Empty ones are left out. */
  static ofChunks<T>(chunks: readonly (readonly T[])[]): ChunkedList<T> {
    return new ChunkedList(
      chunks.every(({ length }) => length > 0) ? chunks : chunks.filter(({ length }) => length > 0),
    );
  }

  /** One after the other; the chunks are theirs. */
  static join<T>(lists: readonly ChunkedList<T>[]): ChunkedList<T> {
    return lists.length === 1 ? lists[0]! : new ChunkedList(lists.flatMap(({ chunks }) => chunks));
  }

  /** Undefined where there is none. */
  at(index: number): T | undefined {
    let left = index;
    for (const chunk of this.chunks) {
      if (left < chunk.length) return chunk[left];
      left -= chunk.length;
    }
    return undefined;
  }

  /** The items from one place up to another. */
  slice(from: number, to: number): T[] {
    const items: T[] = [];
    let start = 0;
    for (const chunk of this.chunks) {
      if (start >= to) break;
      if (start + chunk.length > from) items.push(...chunk.slice(Math.max(0, from - start), to - start));
      start += chunk.length;
    }
    return items;
  }

  /** A list with other items from one place up to another. */
  with(from: number, to: number, items: readonly T[]): ChunkedList<T> {
    const { chunks } = this;
    let [first, start] = [0, 0];
    while (first < chunks.length && start + chunks[first]!.length <= from) start += chunks[first++]!.length;
    // What comes behind the last chunk goes into it.
    if (first === chunks.length && first > 0) start -= chunks[--first]!.length;
    let [last, end] = [first, start];
    while (last < chunks.length && (last === first || end < to)) end += chunks[last++]!.length;
    const between = [...this.slice(start, from), ...items, ...this.slice(to, end)];
    if (between.length > 0 && between.length < leastLength && last < chunks.length)
      between.push(...chunks[last++]!);
    return new ChunkedList([...chunks.slice(0, first), ...cut(between), ...chunks.slice(last)]);
  }

  /** A list of these items, which shares the chunks before and behind what is another. */
  follow(items: readonly T[]): ChunkedList<T> {
    const { start, end } = commonEnds(this.toArray(), items);
    const isSame = start === this.length && start === items.length;
    return isSame ? this : this.with(start, this.length - end, items.slice(start, items.length - end));
  }

  /** A list of what is made of each chunk. */
  mapChunks<R>(make: (chunk: readonly T[]) => readonly R[]): ChunkedList<R> {
    return ChunkedList.ofChunks(this.chunks.map(make));
  }

  *[Symbol.iterator](): Iterator<T> {
    for (const chunk of this.chunks) yield* chunk;
  }

  toArray(): T[] {
    return this.chunks.flat();
  }
}

function cut<T>(items: readonly T[]): readonly (readonly T[])[] {
  if (items.length === 0) return [];
  if (items.length <= 2 * chunkLength) return [items];
  const chunks: (readonly T[])[] = [];
  for (let at = 0; at < items.length; at += chunkLength) chunks.push(items.slice(at, at + chunkLength));
  return chunks;
}

/** Whether both have the same items: the same objects, in the same order. */
export function isSameList(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((item, at) => item === b[at]);
}

/**
 * Makes something of each chunk, once: of one that comes again it is the same object, for as long as somebody has the
 * chunk. `make` must look at nothing else.
 */
export function onceForChunk<T, R>(make: (chunk: readonly T[]) => R): (chunk: readonly T[]) => R {
  const made = new WeakMap<readonly T[], { readonly result: R }>();
  return (chunk) => {
    let known = made.get(chunk);
    if (known === undefined) {
      known = { result: make(chunk) };
      made.set(chunk, known);
    }
    return known.result;
  };
}

/** Chunks that are made of others anew each time: the chunk itself, or the same object as the last time, while the items are. */
export class SteadyChunks<T> {
  readonly #made = new WeakMap<readonly T[], readonly T[]>();

  /** `items` were made of `chunk`. */
  keep(chunk: readonly T[], items: readonly T[]): readonly T[] {
    if (isSameList(chunk, items)) return chunk;
    const before = this.#made.get(chunk);
    if (before !== undefined && isSameList(before, items)) return before;
    this.#made.set(chunk, items);
    return items;
  }
}

/**
 * What one list has and the one before has not, and the other way round; each has an item once. Chunks that both have are
 * passed by; neither has one twice. An item that has another place may be in both, as one that went and came.
 */
export function listChanges<T>(before: ChunkedList<T>, after: ChunkedList<T>): { gone: T[]; come: T[] } {
  const { start, end } = commonEnds(before.chunks, after.chunks);
  const old = before.chunks.slice(start, before.chunks.length - end);
  const young = after.chunks.slice(start, after.chunks.length - end);
  if (old.length === 0 && young.length === 0) return { gone: [], come: [] };
  const [isOld, isYoung] = [new Set(old), new Set(young)];
  const left = old.filter((chunk) => !isYoung.has(chunk)).flat();
  const right = young.filter((chunk) => !isOld.has(chunk)).flat();
  const places = listPlaces(left, right);
  return {
    gone: missingPlaces(places, left.length).map((at) => left[at]!),
    come: right.filter((_, at) => places[at] === -1),
  };
}
