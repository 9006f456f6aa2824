import type { PathChange } from "../path-change/index.ts";

/**
 * RequestRedirect of the Gateway API. The port of Location, where `port` is 0: that of `scheme` (80, 443) where that
 * is given, else the listener's own. It is left out where it is the scheme's own (80 for http, 443 for https).
 */
export interface RedirectConfig {
  /** "" keeps the request's. */
  readonly scheme: "" | "http" | "https";
  /** "" keeps the request's, without its port. */
  readonly hostname: string;
  /** Null keeps the request's path; the query is kept in every case. */
  readonly path: PathChange | null;
  /** 0: see above. */
  readonly port: number;
  readonly statusCode: 301 | 302 | 303 | 307 | 308;
}
