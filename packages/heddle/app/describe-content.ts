import type { CacheConfig } from "../compile/index.ts";

/** Effects of the filters of ContentPolicies, in words. */
export function cacheEffect(config: CacheConfig): string {
  const { query, headers, heuristic, coalescing } = config;
  const seconds = (ms: number) => `${ms / 1_000} s`;
  return [
    `answers from store ${config.store} what may be (RFC 9111), up to ${config.maxObjectBytes} octets each`,
    ...(query.mode === "all" ? [] : [`by query parameters ${query.mode} ${query.names.join(", ")}`]),
    ...(headers.length === 0 ? [] : [`by headers ${headers.join(", ")}`]),
    ...(heuristic === null ? [] : [`for ${heuristic.share * 100} % of the age where none is said`]),
    ...(config.staleWhileRevalidateMs === 0
      ? []
      : [`stale for ${seconds(config.staleWhileRevalidateMs)} while it asks anew`]),
    ...(config.staleIfErrorMs === 0 ? [] : [`stale for ${seconds(config.staleIfErrorMs)} on errors`]),
    ...(coalescing === null ? [] : [`one request asks for up to ${coalescing.maxWaiting}`]),
  ].join(", ");
}
