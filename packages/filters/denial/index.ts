/** Answers every request with an error: a policy that guards it has errors, or is not whole. */
export type { DenialConfig } from "./config.ts";
export { denial } from "./filter.ts";
