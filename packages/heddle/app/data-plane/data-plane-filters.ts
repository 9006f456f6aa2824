import type { FilterRegistry } from "@heddle/engine/filter";
import type { DataUnit } from "@heddle/engine/model";
import { builtinLoaders, LazyFilters, type FilterLoaders } from "@heddle/filters/lazy";
import type { filterCodePrefix } from "@heddle/filters/own";

export interface DataPlaneFilters {
  readonly filters: FilterRegistry;
  /** See DataPlaneOptions of the engine. */
  prepare(data: readonly DataUnit[], names: readonly string[]): Promise<void>;
}

/** The filters of one data plane, with what they have outside of it. Their code is loaded when it is used first. */
export function openDataPlaneFilters(): DataPlaneFilters {
  const lazy = new LazyFilters({ ...builtinLoaders, "rate-limit": loadRateLimit });
  return {
    filters: lazy.registry,
    async prepare(data, names) {
      await lazy.load(names);
      if (!data.some(({ name }) => name.startsWith(codePrefix))) return;
      const { loadFilterCode } = await import("@heddle/filters/own");
      await loadFilterCode(data);
    },
  };
}

const codePrefix: typeof filterCodePrefix = "filter-code/";

/** With limits that are counted in stores. */
const loadRateLimit: FilterLoaders[string] = async () => {
  const { rateLimitWith } = await import("@heddle/filters/rate-limit");
  const { openLimitStores } = await import("../../limit-store/index.ts");
  return rateLimitWith(openLimitStores());
};
