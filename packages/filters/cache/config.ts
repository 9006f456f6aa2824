/** A shared cache for the responses of one rule, or of one backend. */
export interface CacheConfig {
  /** The store that they are kept in, which places share: one bound for all. No place is answered another's. */
  readonly store: string;
  /** Of each worker. */
  readonly memoryBytes: number;
  /** Of one response's body. */
  readonly maxObjectBytes: number;
  /** Shared by the workers, and kept over a restart. Null: memory alone. */
  readonly disk: { readonly folder: string; readonly maxBytes: number } | null;
  /** Which parameters of the query are part of the key. The others are not sent on either. */
  readonly query: { readonly mode: "all" | "only" | "except"; readonly names: readonly string[] };
  /** Lower-case names of request headers whose values are part of the key. */
  readonly headers: readonly string[];
  /** Of errors, which are stored where they say how long they are fresh. */
  readonly statuses: readonly number[];
  /** Lower-case names of response fields that say it in place of Cache-Control, the first that is there (RFC 9213). */
  readonly targets: readonly string[];
  /** Share of the time since Last-Modified for which a response without another word is fresh; null: none is. */
  readonly heuristic: { readonly share: number; readonly maxMs: number } | null;
  /** For responses that do not say: how long they may be used beyond their freshness, while or if asking fails. */
  readonly staleWhileRevalidateMs: number;
  readonly staleIfErrorMs: number;
  /** Whether Cache-Control and Pragma of requests are followed (RFC 9111 section 5.2.1: they are advice). */
  readonly followsRequests: boolean;
  /** Whether a response with Set-Cookie is stored, without it, or not at all. */
  readonly removesCookies: boolean;
  /** Null: each request asks for itself. */
  readonly coalescing: { readonly maxWaiting: number; readonly timeoutMs: number } | null;
  /** Whether Cache-Status is added (RFC 9211). */
  readonly tellsStatus: boolean;
  /** The data unit with what was purged; "" for none. */
  readonly purges: string;
}
