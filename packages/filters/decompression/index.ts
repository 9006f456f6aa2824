/** Decompresses request bodies. */
export { decompression } from "./filter.ts";
export type { DecompressionConfig } from "./config.ts";
export { responseDecompression } from "./response-filter.ts";
