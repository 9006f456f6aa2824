/** Sets, adds and removes headers of requests or responses. */
export { headerModifier } from "./filter.ts";
export type { HeaderModifierConfig, HeaderValue } from "./config.ts";
