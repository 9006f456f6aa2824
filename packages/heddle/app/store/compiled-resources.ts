import { listPlaces } from "@heddle/engine/base";
import { keyOf, type Resource, type ResourceKey } from "../../resources/index.ts";
import type { Stored } from "../../store/index.ts";

/**
 * Stored resources as compile sees them. A change of status makes a new stored object, and compile compares by identity:
 * it goes on seeing the one before.
 */
export class CompiledResources {
  /** What is seen instead of what is stored, where statuses were written. */
  private readonly seen = new Map<ResourceKey, { readonly stored: Stored; readonly seen: Resource }>();
  private last: readonly Stored[] = [];
  private resources: readonly Resource[] = [];

  /** A status was written: `after` is stored now. */
  wrote(before: Stored, after: Stored): void {
    const key = keyOf(before);
    this.seen.set(key, { stored: after, seen: this.of(key, before) });
  }

  /** For each of the stored ones what compile is to see. One that is the same object as the last time costs nothing. */
  ofAll(stored: readonly Stored[]): readonly Resource[] {
    const places = listPlaces(this.last, stored);
    const resources: Resource[] = [];
    for (let at = 0; at < stored.length; at++) {
      const [one, place] = [stored[at]!, places[at]!];
      resources.push(place === -1 ? this.of(keyOf(one), one) : this.resources[place]!);
    }
    this.last = stored;
    this.resources = resources;
    if (this.seen.size > stored.length * 2) this.forgetOthers(stored);
    return resources;
  }

  private of(key: ResourceKey, stored: Stored): Resource {
    const known = this.seen.get(key);
    return known?.stored === stored ? known.seen : stored;
  }

  private forgetOthers(stored: readonly Stored[]): void {
    const keys = new Set(stored.map(keyOf));
    for (const key of this.seen.keys()) if (!keys.has(key)) this.seen.delete(key);
  }
}
