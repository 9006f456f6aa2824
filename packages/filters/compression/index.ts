/** Compresses responses. */
export { compression } from "./filter.ts";
export type { CompressionConfig } from "./config.ts";
