/** Refuses requests with an effect that pages of other sites have browsers send. */
export { csrf } from "./filter.ts";
export type { CsrfConfig } from "./config.ts";
