/**
 * The compiled router: host → path → match, with the Gateway API's precedence, and regular expressions in linear
 * time. Pure; a new Router is built beside the old one when a Snapshot is applied.
 */
export { compileRouter } from "./compile-router.ts";
export type { ValueOf } from "./compile-router.ts";
export { changeRouter } from "./change-router.ts";
export type { RouteChange } from "./change-router.ts";
export { StreamTable } from "./stream-table.ts";
export type { StreamServer } from "./stream-table.ts";
export { Router } from "./router.ts";
export type { PathType, RouteEntry } from "./candidate.ts";
export type { ExplainedCandidate, Explanation } from "./explain.ts";
export { queryParam } from "./query-param.ts";
export { compileRegex } from "./regex/index.ts";
export type { RegexResult } from "./regex/index.ts";
