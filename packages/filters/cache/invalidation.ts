import type { ResponseHead } from "@heddle/engine/message";
import { cacheKey, keyedQuery } from "./cache-key.ts";
import type { CacheRun } from "./cache-run.ts";
import type { CacheConfig } from "./config.ts";

/**
 * The keys whose responses a request that is not safe made doubtful (RFC 9111 section 4.4): its target's, and those of
 * Location and Content-Location where they are of the same origin, the one that clients see or the one that came here,
 * so that no site empties another's.
 */
export function invalidatedKeys(
  run: CacheRun,
  { fields }: ResponseHead,
  place: string,
  query: CacheConfig["query"],
): string[] {
  const others = [fields.get("location"), fields.get("content-location")].flatMap((reference) =>
    reference === undefined ? [] : keyOf(reference, run, place, query),
  );
  return [...(run.key === "" ? [] : [run.key]), ...others];
}

function keyOf(
  reference: string,
  { origin, forwarded, uri }: CacheRun,
  place: string,
  query: CacheConfig["query"],
): string[] {
  if (!URL.canParse(reference, uri)) return [];
  const url = new URL(reference, uri);
  if (url.origin !== new URL(uri).origin && url.origin !== new URL(origin).origin) return [];
  const keyed = keyedQuery(url.search, query);
  return keyed === null ? [] : [cacheKey(place, `${origin}${url.pathname}${keyed}`, forwarded)];
}
