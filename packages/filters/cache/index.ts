/** A shared cache by RFC 9111. */
export { cache } from "./filter.ts";
export type { CacheConfig } from "./config.ts";
export type { Purge } from "./purge-list.ts";
