import { parseKey, type ResourceKey } from "../../resources/index.ts";

interface Place<V> {
  readonly key: ResourceKey;
  readonly namespace: string;
  readonly name: string;
  value: V;
  isGone: boolean;
}

/**
 * Values by key, in the order of namespace, then name, then the rest. Sorted when somebody asks after keys have come or
 * gone: most of them are in order then, which a sort notices.
 */
export class NameOrder<V> {
  readonly #places = new Map<ResourceKey, Place<V>>();
  #sorted: Place<V>[] = [];
  #isStale = false;
  #values: readonly V[] | null = null;

  get(key: ResourceKey): V | undefined {
    return this.#places.get(key)?.value;
  }

  set(key: ResourceKey, value: V): void {
    this.#values = null;
    const known = this.#places.get(key);
    if (known !== undefined) {
      known.value = value;
      return;
    }
    const { namespace, name } = parseKey(key);
    const place = { key, namespace, name, value, isGone: false };
    this.#places.set(key, place);
    this.#sorted.push(place);
    this.#isStale = true;
  }

  delete(key: ResourceKey): void {
    const place = this.#places.get(key);
    if (place === undefined) return;
    this.#values = null;
    place.isGone = true;
    this.#places.delete(key);
    this.#isStale = true;
  }

  /** The same list as long as nothing changes. */
  values(): readonly V[] {
    if (this.#isStale) {
      this.#sorted = this.#sorted.filter(({ isGone }) => !isGone).sort(compare);
      this.#isStale = false;
    }
    this.#values ??= this.#sorted.map(({ value }) => value);
    return this.#values;
  }
}

function compare(a: Place<unknown>, b: Place<unknown>): number {
  return compareText(a.namespace, b.namespace) || compareText(a.name, b.name) || compareText(a.key, b.key);
}

/** By code unit, so that the order is the same in every locale. */
function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
