/** Changes requests on their way to the backend, and its responses. */
export type * from "./config.ts";
export { transform } from "./filter.ts";
