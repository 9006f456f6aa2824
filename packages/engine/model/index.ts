/**
 * The Snapshot and its units: plain data, no code. `heddle/compile` makes them, `runtime` builds listeners,
 * routers and clusters from them.
 */
export * from "./priority.ts";
export * from "./units.ts";
