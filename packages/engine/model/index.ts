/**
 * The Snapshot: what a data plane needs to know, as plain data in named, content-hashed units; each kind of unit has
 * its file. `heddle/compile` makes them, `source` cuts what changed into deltas, and `runtime` builds listeners,
 * routers and clusters from them.
 */
export * from "./acme-challenge-unit.ts";
export * from "./balancing-spec.ts";
export * from "./cluster-settings.ts";
export * from "./cluster-unit.ts";
export * from "./data-unit.ts";
export * from "./endpoints-unit.ts";
export * from "./health-check-spec.ts";
export * from "./listener-settings.ts";
export * from "./listener-unit.ts";
export * from "./priority.ts";
export * from "./request-limits.ts";
export * from "./route-unit.ts";
export * from "./secret-units.ts";
export * from "./session-persistence.ts";
export * from "./stream-route-unit.ts";
export * from "./units.ts";
