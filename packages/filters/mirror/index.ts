/** Copies a share of the requests to another cluster. */
export { mirror } from "./filter.ts";
export type { MirrorConfig } from "./config.ts";
