/** Decompresses request bodies. */
export { decompression } from "./filter.ts";
export type { DecompressionConfig } from "./config.ts";
