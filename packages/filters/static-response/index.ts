/** Answers of its own, without a backend: maintenance, robots.txt. */
export type { StaticAnswer, StaticBody, StaticPath, StaticResponseConfig } from "./config.ts";
export { staticResponse } from "./filter.ts";
