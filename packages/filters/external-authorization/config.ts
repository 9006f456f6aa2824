/** Asks a service whether a request may pass. */
export interface ExternalAuthorizationConfig {
  readonly cluster: string;
  readonly protocol: HttpAuthorizationConfig | GrpcAuthorizationConfig;
  readonly timeoutMs: number;
  /** What becomes of a request where there is no verdict. */
  readonly failureMode: "Deny" | "Allow";
  /** Of the answer where there is no verdict and it is denied. */
  readonly statusOnError: number;
  /** Null: the body is not sent. */
  readonly body: ForwardedBody | null;
  /** Null: every request is asked for. */
  readonly cache: VerdictCacheConfig | null;
}

export interface ForwardedBody {
  readonly maxBytes: number;
  /** "deny": 413. "truncate": the service gets the first `maxBytes` of it. */
  readonly longer: "deny" | "truncate";
}

/** Forward auth: a request like the client's, answered with 2xx or otherwise. */
export interface HttpAuthorizationConfig {
  readonly kind: "http";
  /** Goes before the request's own path; "" for nothing. With `isWholePath` it is all of the path. */
  readonly path: string;
  readonly isWholePath: boolean;
  /** Of the request, besides Authorization: lower-case names. */
  readonly requestHeaders: readonly string[];
  /** Of an answer that allows, for the upstream: lower-case names. Null: all that a request may have. */
  readonly toUpstream: readonly string[] | null;
  /** Of an answer that allows, for the client: lower-case names. */
  readonly toClient: readonly string[];
}

/** envoy.service.auth.v3.Authorization/Check. */
export interface GrpcAuthorizationConfig {
  readonly kind: "grpc";
  /** `:authority` of the call. */
  readonly authority: string;
  /** Lower-case names; null: all. */
  readonly requestHeaders: readonly string[] | null;
  /** AttributeContext.context_extensions. */
  readonly contextExtensions: readonly (readonly [string, string])[];
}

export interface VerdictCacheConfig {
  /** What the verdict depends on: never empty. */
  readonly key: readonly CacheKeyPart[];
  readonly ttlMs: number;
  /** Verdicts kept, per worker. */
  readonly maxEntries: number;
}

export type CacheKeyPart =
  | { readonly part: "method" | "host" | "path" | "query" | "client-address" | "principal" }
  /** All values of it; lower-case. */
  | { readonly part: "header"; readonly name: string };
