/** Copies of what passes, as JSON lines, for a recorder. */
export type { RecorderConfig } from "./config.ts";
export { recorder } from "./filter.ts";
