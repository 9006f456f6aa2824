/** Bounds the bodies of requests, and their media types. */
export { requestLimits } from "./filter.ts";
export type { MediaRange, RequestLimitsConfig } from "./config.ts";
