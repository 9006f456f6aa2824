/** The last of the authenticators: lets a request go on by what they found, or answers 401. */
export { authentication } from "./filter.ts";
export type { AuthenticationConfig } from "./config.ts";
