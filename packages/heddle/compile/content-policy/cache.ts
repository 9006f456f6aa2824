import type { CacheConfig } from "@heddle/filters";
import { parseKey, type CacheSpec, type ResourceKey } from "../../resources/index.ts";
import { durationMs } from "../routes/route-settings.ts";
import type { Member } from "./member.ts";

/** The data unit with what was purged, which the main thread adds. */
export const CACHE_PURGES = "cache-purges";

export const cacheMember: Member<"cache"> = (spec, { policy, options }) => ({
  filters: [
    { stage: "cache", spec: { name: "cache", config: cacheConfig(spec, policy, options.cacheFolder) } },
  ],
});

function cacheConfig(spec: CacheSpec, policy: ResourceKey, folder?: string): CacheConfig {
  const { namespace, name } = parseKey(policy);
  const { heuristic, coalescing } = spec;
  return {
    store: `${namespace}/${name}`,
    memoryBytes: spec.memoryBytes,
    maxObjectBytes: spec.maxObjectBytes,
    disk: spec.disk === undefined || folder === undefined ? null : { folder, maxBytes: spec.disk.maxBytes },
    query: queryOf(spec),
    headers: (spec.key?.headers ?? []).map((header) => header.toLowerCase()),
    statuses: spec.errorStatuses ?? [],
    targets: (spec.targetList ?? []).map((field) => field.toLowerCase()),
    heuristic:
      heuristic === undefined ? null : { share: heuristic.percent / 100, maxMs: durationMs(heuristic.max) },
    staleWhileRevalidateMs: durationMs(spec.staleWhileRevalidate),
    staleIfErrorMs: durationMs(spec.staleIfError),
    followsRequests: spec.requestDirectives === "Follow",
    removesCookies: spec.setCookie === "Remove",
    coalescing:
      coalescing.maxWaiting === 0
        ? null
        : { maxWaiting: coalescing.maxWaiting, timeoutMs: durationMs(coalescing.timeout) },
    tellsStatus: spec.cacheStatus === "Add",
    purges: CACHE_PURGES,
  };
}

function queryOf({ key }: CacheSpec): CacheConfig["query"] {
  const { only, except } = key?.query ?? {};
  if (only !== undefined) return { mode: "only", names: only };
  return except === undefined ? { mode: "all", names: [] } : { mode: "except", names: except };
}
