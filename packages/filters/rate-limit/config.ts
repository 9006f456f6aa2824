/** Limits that are looked at together: a request that one of them refuses is charged to none. */
export interface RateLimitConfig {
  readonly limits: readonly LimitConfig[];
  /** Which fields tell the client how it stands. "standard": RateLimit and RateLimit-Policy. */
  readonly headers: "standard" | "x-ratelimit" | "both" | "none";
  /** Of a request that is refused: 400–599. */
  readonly status: number;
  readonly body: string;
  /** Null: the limits hold for this process. */
  readonly store: StoreConfig | null;
}

export interface LimitConfig {
  /** What clients and metrics see: letters, digits, hyphens. */
  readonly name: string;
  /** Limits of one scope, name, meter and key are one limit, wherever they are built. */
  readonly scope: string;
  readonly meter: MeterConfig;
  /** All of them together are the key; none: all requests have the same. */
  readonly key: readonly KeyPart[];
  /** What becomes of a request that lacks a part of the key: it shares one with all such, passes uncounted, is refused. */
  readonly whenMissing: "shared" | "skip" | "deny";
  /** Null: every request. */
  readonly match: MatchConfig | null;
  readonly cost: CostConfig;
  /** It counts, and refuses nothing. */
  readonly isShadow: boolean;
}

export type MeterConfig =
  /** `tokens` in `periodMs`, at most `burst` at once. */
  | {
      readonly kind: "token-bucket";
      readonly tokens: number;
      readonly periodMs: number;
      readonly burst: number;
    }
  /** `quota` in any stretch of `windowMs`. */
  | { readonly kind: "sliding-window"; readonly quota: number; readonly windowMs: number }
  /** `quota` in each minute, hour, day or month (UTC). */
  | {
      readonly kind: "fixed-window";
      readonly quota: number;
      readonly unit: "minute" | "hour" | "day" | "month";
    }
  /** `quota` in flight. */
  | { readonly kind: "concurrency"; readonly quota: number };

export type KeyPart =
  | { readonly from: "subject" | "issuer" | "method" | "host" | "path" | "route" }
  /** By the names that lead to it: `["org", "id"]`. */
  | { readonly from: "claim"; readonly path: readonly string[] }
  /** Headers in lower case. */
  | { readonly from: "header" | "cookie" | "query"; readonly name: string }
  /** The first so many bits of the client's address. */
  | { readonly from: "client-address"; readonly ipv4Bits: number; readonly ipv6Bits: number }
  | { readonly from: "constant"; readonly value: string };

/** Every condition that is given must hold. */
export interface MatchConfig {
  /** Empty: any. */
  readonly methods: readonly string[];
  /** By segments, without a slash at the end ("" is everything). Empty: any. */
  readonly pathPrefixes: readonly string[];
  /** Lower-case names; a null value: any. */
  readonly headers: readonly { readonly name: string; readonly value: string | null }[];
}

export type CostConfig =
  | { readonly from: "constant"; readonly units: number }
  /** `units` where there is no such header. One that cannot be read costs the whole quota. */
  | { readonly from: "request-header"; readonly name: string; readonly units: number }
  /** Charged when the response is there, so it may exceed the limit: a request is let in while something is left. */
  | {
      readonly from: "response-header";
      readonly name: string;
      readonly units: number;
      /** The client does not get to see it. */
      readonly isRemoved: boolean;
    };

/** Limits that several processes share. Concurrency is each process's own. */
export interface StoreConfig {
  /** `redis://HOST:PORT/DB`, or `rediss:` for TLS. */
  readonly url: string;
  /** The data unit with who we are there (StoreCredentials); "" for nobody. */
  readonly credentials: string;
  readonly timeoutMs: number;
  readonly whenUnavailable: "allow" | "deny" | "local";
  /** The share of each limit that this process gives by itself while the store is away; 0 to 1. */
  readonly localShare: number;
}

/** The value of the data unit of a store. Absent: not needed. */
export interface StoreCredentials {
  readonly username?: string;
  readonly password?: string;
  /** Certificates in PEM: of authorities in place of the system's, and our own with its key. */
  readonly ca?: string;
  readonly certificate?: string;
  readonly key?: string;
}
