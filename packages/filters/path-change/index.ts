/** Path modification, shared by redirect and rewrite. */
export { changePath } from "./path-change.ts";
export type { PathChange } from "./path-change.ts";
