/** CORS of the Gateway API, which is the CORS protocol of the Fetch standard. */
export interface CorsConfig {
  /** Empty: every origin is denied. */
  readonly allowOrigins: readonly CorsOrigin[];
  readonly allowCredentials: boolean;
  /** As written; may be ["*"]. Browsers allow GET, HEAD and POST without being told. */
  readonly allowMethods: readonly string[];
  /** Lower-case; may be ["*"]. */
  readonly allowHeaders: readonly string[];
  /** Lower-case; may hold "*", which is left out where credentials are allowed. */
  readonly exposeHeaders: readonly string[];
  /** Seconds. */
  readonly maxAge: number;
}

/** One allowed origin, taken apart. "*" alone is { scheme: "", match: "suffix", host: "", port: 0 }. */
export interface CorsOrigin {
  /** "" for any. */
  readonly scheme: "" | "http" | "https";
  /** "exact": the host is `host`. "suffix": it ends with `host` (".example.com") after one character or more; any host for "". */
  readonly match: "exact" | "suffix";
  /** Lower-case. */
  readonly host: string;
  /** The scheme's own where none was written; 0 for any. */
  readonly port: number;
}
