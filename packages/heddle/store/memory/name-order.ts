import { parseKey, type ResourceKey } from "../../resources/index.ts";

interface Place {
  readonly key: ResourceKey;
  readonly namespace: string;
  readonly name: string;
  isGone: boolean;
}

/**
 * Keys by namespace, then name, then the rest. Sorted when somebody asks after keys have come or gone: most of them are
 * in order then, which a sort notices.
 */
export class NameOrder {
  readonly #places = new Map<ResourceKey, Place>();
  #sorted: Place[] = [];
  #isStale = false;

  add(key: ResourceKey): void {
    const { namespace, name } = parseKey(key);
    const place = { key, namespace, name, isGone: false };
    this.#places.set(key, place);
    this.#sorted.push(place);
    this.#isStale = true;
  }

  delete(key: ResourceKey): void {
    const place = this.#places.get(key);
    if (place === undefined) return;
    place.isGone = true;
    this.#places.delete(key);
    this.#isStale = true;
  }

  *keys(): Generator<ResourceKey> {
    if (this.#isStale) {
      this.#sorted = this.#sorted.filter(({ isGone }) => !isGone).sort(compare);
      this.#isStale = false;
    }
    for (const { key } of this.#sorted) yield key;
  }
}

function compare(a: Place, b: Place): number {
  return compareText(a.namespace, b.namespace) || compareText(a.name, b.name) || compareText(a.key, b.key);
}

/** By code unit, so that the order is the same in every locale. */
function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
