import type { FilterFactory, FilterRegistry } from "@heddle/engine/filter";
import type { FilterLoaders } from "./loaders.ts";

/** Filters whose code is loaded by name, once, when a configuration uses them. */
export class LazyFilters {
  private readonly loaders: FilterLoaders;
  private readonly loaded = new Map<string, FilterFactory>();

  constructor(loaders: FilterLoaders) {
    this.loaders = loaders;
  }

  /** Those loaded so far: it grows. */
  get registry(): FilterRegistry {
    return this.loaded;
  }

  /**
   * Loads those of `names` that are known here. Never rejects: of one that cannot be loaded `create` throws why, so its
   * rule fails closed. One after the other: a data plane that serves meanwhile is not kept for the sum of them.
   */
  async load(names: readonly string[]): Promise<void> {
    for (const name of names) {
      const loader = Object.hasOwn(this.loaders, name) ? this.loaders[name] : undefined;
      if (loader === undefined || this.loaded.has(name)) continue;
      this.loaded.set(name, await loader().catch((error: unknown) => unloadable(name, error)));
    }
  }
}

function unloadable(name: string, cause: unknown): FilterFactory {
  return {
    name,
    create() {
      throw new Error(`its code cannot be loaded: ${cause instanceof Error ? cause.message : String(cause)}`);
    },
  };
}
