import { ChunkedList } from "@heddle/engine/base";
import { parseKey, type ResourceKey } from "../../resources/index.ts";

interface Place<V> {
  readonly key: ResourceKey;
  readonly namespace: string;
  readonly name: string;
  value: V;
}

/** Some places that follow each other, and what they hold; null where that has changed since somebody asked. */
interface Part<V> {
  readonly places: Place<V>[];
  values: readonly V[] | null;
}

/** A part of more is cut in two. */
const maxLength = 128;

/**
 * Values by key, in the order of namespace, then name, then the rest. The lists that it gives share the chunks in which
 * nothing has changed.
 */
export class NameOrder<V> {
  readonly #places = new Map<ResourceKey, Place<V>>();
  #parts: Part<V>[] = [];
  #values: ChunkedList<V> | null = ChunkedList.of<V>([]);

  get(key: ResourceKey): V | undefined {
    return this.#places.get(key)?.value;
  }

  set(key: ResourceKey, value: V): void {
    const known = this.#places.get(key);
    if (known !== undefined) {
      known.value = value;
      this.#touch(this.#partOf(known));
      return;
    }
    const { namespace, name } = parseKey(key);
    const place = { key, namespace, name, value };
    this.#places.set(key, place);
    if (this.#parts.length === 0) this.#parts.push({ places: [], values: null });
    const part = this.#partOf(place);
    part.places.splice(firstFrom(part.places, place), 0, place);
    this.#touch(part);
    if (part.places.length > maxLength) this.#cut(part);
  }

  delete(key: ResourceKey): void {
    const place = this.#places.get(key);
    if (place === undefined) return;
    this.#places.delete(key);
    const part = this.#partOf(place);
    part.places.splice(firstFrom(part.places, place), 1);
    this.#touch(part);
    if (part.places.length === 0) this.#parts.splice(this.#parts.indexOf(part), 1);
  }

  /** The same list as long as nothing changes. */
  values(): ChunkedList<V> {
    this.#values ??= ChunkedList.ofChunks(this.#parts.map(valuesOf));
    return this.#values;
  }

  /** The last part that begins at the place or before it; the first of all for what comes before that. */
  #partOf(place: Place<V>): Part<V> {
    let [low, high] = [0, this.#parts.length];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (compare(this.#parts[middle]!.places[0]!, place) <= 0) low = middle;
      else high = middle;
    }
    return this.#parts[low]!;
  }

  #touch(part: Part<V>): void {
    part.values = null;
    this.#values = null;
  }

  #cut(part: Part<V>): void {
    const places = part.places.splice(maxLength / 2);
    this.#parts.splice(this.#parts.indexOf(part) + 1, 0, { places, values: null });
  }
}

function valuesOf<V>(part: Part<V>): readonly V[] {
  part.values ??= part.places.map(({ value }) => value);
  return part.values;
}

/** Where a place is, or belongs, among those. */
function firstFrom<V>(places: readonly Place<V>[], place: Place<V>): number {
  let [low, high] = [0, places.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (compare(places[middle]!, place) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

function compare(a: Place<unknown>, b: Place<unknown>): number {
  return compareText(a.namespace, b.namespace) || compareText(a.name, b.name) || compareText(a.key, b.key);
}

/** By code unit, so that the order is the same in every locale. */
function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
