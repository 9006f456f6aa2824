/** Regular expressions of users, matched in linear time. */
export { compileRegex } from "./compile-regex.ts";
export type { RegexResult } from "./compile-regex.ts";
export { Regex } from "./regex.ts";
