import { Pace } from "@heddle/engine/base";
import type { Resource, ResourceKey } from "../../resources/index.ts";
import type { Store } from "../../store/index.ts";
import type { Births } from "./births.ts";

/**
 * Brings the store to what the sources ask for, and remembers what it wrote: a resource that did not change costs a
 * look in a map, one that left the sources is deleted, and what others put into the store is left alone.
 */
export class StoreSync {
  private readonly store: Store;
  private readonly births: Births;
  private readonly pace: Pace;
  private written = new Map<ResourceKey, Resource>();

  constructor(store: Store, births: Births, pace: Pace = new Pace({ napMs: 0 })) {
    this.pace = pace;
    this.store = store;
    this.births = births;
  }

  /**
   * Yields after each change. `kept` stay as they are although no source gives them. `changed`: the keys that are to be
   * looked at, by default all.
   */
  async sync(
    wanted: ReadonlyMap<ResourceKey, Resource>,
    kept: ReadonlySet<ResourceKey>,
    changed: ReadonlySet<ResourceKey> | null = null,
  ): Promise<number> {
    let changes = 0;
    for (const key of changed ?? wanted.keys()) {
      const resource = wanted.get(key);
      if (resource === undefined || this.written.get(key) === resource) continue;
      const result = await this.store.put(withUid(resource, this.births.of(key).uid));
      if (result.ok && result.isChanged) changes++;
      this.written.set(key, resource);
      await this.pace.rest();
    }
    for (const key of changed ?? this.written.keys()) {
      if (wanted.has(key) || kept.has(key) || !this.written.has(key)) continue;
      this.written.delete(key);
      await this.store.delete(key);
      this.births.forget(key);
      changes++;
      await this.pace.rest();
    }
    return changes;
  }
}

/** One that its document gives stays. */
export function withUid(resource: Resource, uid: string): Resource {
  return { ...resource, metadata: { uid, ...resource.metadata } } as Resource;
}
