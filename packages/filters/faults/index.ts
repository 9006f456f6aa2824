/** Delays a share of the requests, or answers it with an error. */
export { faults } from "./filter.ts";
export type { FaultsAbort, FaultsConfig } from "./config.ts";
