/** Cross-origin resource sharing: preflights answered, responses marked for browsers. */
export { cors } from "./filter.ts";
export type { CorsConfig, CorsOrigin } from "./config.ts";
export { matchOrigin } from "./match-origin.ts";
