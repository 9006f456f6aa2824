/** Rewrites host and path of requests towards the upstream. */
export { rewrite } from "./filter.ts";
export type { RewriteConfig } from "./config.ts";
