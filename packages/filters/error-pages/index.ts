/** Pages in place of errors. */
export type { ErrorPage, ErrorPagesConfig, PageFormat } from "./config.ts";
export { errorPages } from "./filter.ts";
