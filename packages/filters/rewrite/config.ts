import type { PathChange } from "../path-change/index.ts";

/** URLRewrite of the Gateway API. */
export interface RewriteConfig {
  /** Replaces Host towards the upstream, port included; "" keeps it. */
  readonly hostname: string;
  /** Null keeps it. The query is kept in every case. */
  readonly path: PathChange | null;
}
