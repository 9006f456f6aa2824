import type { ServerSpec } from "../model/index.ts";
import type { HostIndex } from "./host-index.ts";
import type { PathTable } from "./path-table.ts";

/** A Gateway listener with its routes, by their hostnames; the next build uses its tables again. */
export interface ServerTable<T> {
  readonly spec: ServerSpec;
  readonly hosts: HostIndex<PathTable<T>>;
}
