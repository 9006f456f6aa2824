/**
 * Configuration of filters of the user's, checked by the schema that the filter brings. It loads TypeBox, which costs a
 * thread some megabytes: whoever checks imports it when there is something to check.
 */
export { checkConfig } from "./check-config.ts";
export type { CheckedConfig, ConfigProblem } from "./check-config.ts";
