/**
 * The filters of this package, loaded when a configuration uses them: a data plane has the code of those that it runs, and
 * its memory (bench/README.md, "At rest").
 */
export { LazyFilters } from "./lazy-filters.ts";
export { builtinLoaders } from "./loaders.ts";
export type { FilterLoaders } from "./loaders.ts";
