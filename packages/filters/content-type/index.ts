/** Media types, for filters that choose by them. No filter itself. */
export { matchesType } from "./matches-type.ts";
