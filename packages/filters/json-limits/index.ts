/** Holds the JSON of requests to bounds. */
export { jsonLimits } from "./filter.ts";
export { JsonScanner } from "./json-scanner.ts";
export type { JsonFault } from "./json-scanner.ts";
export type { JsonBounds, JsonLimitsConfig } from "./config.ts";
