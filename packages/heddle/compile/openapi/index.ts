/** OpenAPI documents, read for the filter that checks messages by them. */
export { readApi } from "./read-api.ts";
export type { ApiReading } from "./read-api.ts";
export { apiDataName, apiSource } from "./api-source.ts";
export { readApiOnce } from "./api-cache.ts";
