/**
 * The plain data that filters are configured with: `FilterSpec.config` for each `FilterSpec.name` that compile
 * emits. All of it is checked: names are tokens in lower case, values are field values, ports are 1–65535.
 * Filters run in the order of their list.
 */

export type HeaderModifierSpec = { readonly name: "header-modifier"; readonly config: HeaderModifierConfig };
export type RedirectSpec = { readonly name: "redirect"; readonly config: RedirectConfig };
export type RewriteSpec = { readonly name: "rewrite"; readonly config: RewriteConfig };
export type MirrorSpec = { readonly name: "mirror"; readonly config: MirrorConfig };
export type FaultsSpec = { readonly name: "faults"; readonly config: FaultsConfig };
export type CorsSpec = { readonly name: "cors"; readonly config: CorsConfig };

/** One HTTPRoute filter as the data plane builds it: the factory's name and its configuration. */
export type GatewayFilterSpec =
  | HeaderModifierSpec
  | RedirectSpec
  | RewriteSpec
  | MirrorSpec
  | CorsSpec
  | FaultsSpec;

export interface HeaderValue {
  /** Lower-case. */
  readonly name: string;
  readonly value: string;
}

/** RequestHeaderModifier and ResponseHeaderModifier: set, then add, then remove; no name twice in one list. */
export interface HeaderModifierConfig {
  readonly direction: "request" | "response";
  /** Replaces all values of the name. */
  readonly set: readonly HeaderValue[];
  /** Appends to the values that are there. */
  readonly add: readonly HeaderValue[];
  /** Lower-case names. */
  readonly remove: readonly string[];
}

/**
 * How redirect and rewrite change the path. "full" replaces all of it; `value` begins with "/". "prefix" replaces
 * `exchange.matchedPath` without its trailing slash, by segments; `value` begins with "/" and does not end with
 * it, or is "". What is left empty becomes "/": /foo → /xyz makes /foo/bar into /xyz/bar and /foo into /xyz,
 * /foo → "" makes /foo/bar into /bar and /foo into /.
 */
export interface PathChange {
  readonly type: "full" | "prefix";
  readonly value: string;
}

/**
 * RequestRedirect. The port of Location, where `port` is 0: that of `scheme` (80, 443) where that is given, else
 * the listener's own. It is left out where it is the scheme's own (80 for http, 443 for https).
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

/** URLRewrite. */
export interface RewriteConfig {
  /** Replaces Host towards the upstream; "" keeps it. */
  readonly hostname: string;
  /** Null keeps it. */
  readonly path: PathChange | null;
}

/** RequestMirror: a copy goes to `cluster` for `numerator` of every `denominator` requests, answers are dropped. */
export interface MirrorConfig {
  readonly cluster: string;
  /** 0 ≤ numerator ≤ denominator. */
  readonly numerator: number;
  readonly denominator: number;
  /** Per worker, of all its copies. Default: the filter's own. */
  readonly maxConcurrent?: number;
  readonly maxBufferedBytes?: number;
}

/** Faults injected by a TrafficPolicy. Shares are from 0 to 1. */
export interface FaultsConfig {
  readonly delay: { readonly ms: number; readonly share: number } | null;
  /** 0 and -1 for no status of the kind; one of them is given. */
  readonly abort: { readonly httpStatus: number; readonly grpcStatus: number; readonly share: number } | null;
  /** All must be there. */
  readonly headers: readonly HeaderValue[];
}

/** CORS (Fetch standard, as the Gateway API words it). */
export interface CorsConfig {
  /** Empty: every origin is denied. */
  readonly allowOrigins: readonly CorsOrigin[];
  readonly allowCredentials: boolean;
  /** Upper-case; may be ["*"]. GET, HEAD and POST are always allowed. */
  readonly allowMethods: readonly string[];
  /** Lower-case; may be ["*"]. */
  readonly allowHeaders: readonly string[];
  /** Lower-case; may hold "*", which must not be sent where credentials are allowed. */
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
