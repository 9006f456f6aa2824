/** Answers requests with a redirection to another scheme, host, port or path. */
export { redirect } from "./filter.ts";
export type { RedirectConfig } from "./config.ts";
