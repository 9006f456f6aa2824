import { Fields } from "@heddle/engine/message";
import type { RequestHead, ResponseHead } from "@heddle/engine/message";
import { readDirectives } from "./cache-control.ts";
import type { CacheRun, Pending } from "./cache-run.ts";
import type { CacheConfig } from "./config.ts";
import { ageOnArrivalMs, lifetimeOf } from "./freshness.ts";
import { parseHttpTime } from "./http-time.ts";
import { freshenedPairs, readTags, storedPairs } from "./stored-response.ts";
import type { StoredResponse } from "./stored-response.ts";
import { mayStore } from "./storing.ts";
import { readVary, variantOf } from "./vary.ts";

/** A response that may be stored, as it will be when its body is whole; null for one that may not. */
export function pendingFrom(
  request: RequestHead,
  run: CacheRun,
  head: ResponseHead,
  config: CacheConfig,
  nowMs: number,
): Pending | null {
  const { fields } = head;
  const directives = readDirectives(fields);
  const dateMs = dateOf(fields, nowMs);
  const lifetime = lifetimeOf(directives, fields, dateMs, config);
  if (!mayStore(request, run.isPersonal, head, directives, lifetime, config)) return null;
  const vary = readVary(fields);
  if (vary === null) return null;
  const varyNames = [...new Set([...vary, ...config.headers])].sort();
  const response = {
    ...lifetime,
    key: run.key,
    uri: run.uri,
    varyNames,
    variant: variantOf(varyNames, run.request!),
    status: head.status,
    pairs: storedPairs(head),
    tags: readTags(fields),
    etag: fields.get("etag"),
    lastModified: fields.get("last-modified"),
    dateMs,
    askedMs: run.askedMs,
    arrivedMs: nowMs,
    ageOnArrivalMs: ageOnArrivalMs(fields, dateMs, run.askedMs, nowMs),
  };
  return { response, chunks: [], bytes: 0 };
}

/** What `stale` is after a 304 (RFC 9111 section 4.3.4); null where it may not be kept any longer. */
export function freshenedBy(
  { fields }: ResponseHead,
  run: CacheRun,
  config: CacheConfig,
  nowMs: number,
): StoredResponse | null {
  const stale = run.stale!;
  const etag = fields.get("etag");
  // A strong validator of another response: it is none of this one's.
  if (etag !== undefined && etag !== stale.etag && !etag.startsWith("W/")) return null;
  const pairs = freshenedPairs(stale.pairs, fields);
  const merged = Fields.of(pairs);
  const directives = readDirectives(merged);
  if (directives.has("no-store") || directives.has("private")) return null;
  const dateMs = dateOf(merged, nowMs);
  return {
    ...stale,
    ...lifetimeOf(directives, merged, dateMs, config),
    pairs,
    dateMs,
    lastModified: merged.get("last-modified"),
    askedMs: run.askedMs,
    arrivedMs: nowMs,
    ageOnArrivalMs: ageOnArrivalMs(fields, dateMs, run.askedMs, nowMs),
  };
}

/** A HEAD's answer shows that what is stored is no more what the target is (RFC 9111 section 4.3.5). */
export function differsFrom(stored: StoredResponse, { status, fields }: ResponseHead): boolean {
  if (status !== 200) return false;
  const length = fields.get("content-length");
  return (
    (fields.has("etag") && fields.get("etag") !== stored.etag) ||
    (fields.has("last-modified") && fields.get("last-modified") !== stored.lastModified) ||
    (length !== undefined && length !== String(stored.body.length))
  );
}

function dateOf(fields: Fields, nowMs: number): number {
  const time = parseHttpTime(fields.get("date") ?? "", nowMs);
  return Number.isNaN(time) ? nowMs : time;
}
