import { Pace } from "@heddle/engine/base";
import { keyOf, type Resource, type ResourceKey } from "../../resources/index.ts";
import type { Store } from "../../store/index.ts";
import type { Births } from "./births.ts";
import { withUid } from "./sync-store.ts";

/**
 * What compile makes is in the store beside what was declared, so that clients read and watch it as they do the rest.
 * It is no input of compile, and gives way to a resource of its name that somebody declares.
 */
export class GeneratedResources {
  private readonly store: Store;
  private readonly births: Births;
  private readonly pace: Pace;
  private readonly written = new Map<ResourceKey, Resource>();
  private readonly kinds = new Set<Resource["kind"]>();

  constructor(store: Store, births: Births, pace: Pace = new Pace({ napMs: 0 })) {
    this.pace = pace;
    this.store = store;
    this.births = births;
  }

  /** Whether what the store has under that key is one of them. */
  has(key: ResourceKey): boolean {
    return this.written.has(key);
  }

  /** False where none of them is of that kind. */
  mayHave(kind: Resource["kind"]): boolean {
    return this.kinds.has(kind);
  }

  /** Before those are written that are declared now: they do not take over a status that is not theirs. */
  async giveWay(declared: ReadonlyMap<ResourceKey, Resource>): Promise<void> {
    for (const key of this.written.keys()) if (declared.has(key)) await this.remove(key);
  }

  /** Brings the store to what compile gave. Yields after each change. */
  async sync(wanted: readonly Resource[]): Promise<void> {
    const left = new Set(this.written.keys());
    for (const resource of wanted) {
      const key = keyOf(resource);
      left.delete(key);
      if (this.written.get(key) === resource) continue;
      await this.store.put(withUid(resource, this.births.of(key).uid));
      // A put leaves the status as it was.
      await this.store.putStatus(key, (resource as { status?: unknown }).status);
      this.written.set(key, resource);
      this.kinds.add(resource.kind);
      await this.pace.rest();
    }
    for (const key of left) {
      await this.remove(key);
      await this.pace.rest();
    }
  }

  private async remove(key: ResourceKey): Promise<void> {
    await this.store.delete(key);
    this.births.forget(key);
    this.written.delete(key);
  }
}
