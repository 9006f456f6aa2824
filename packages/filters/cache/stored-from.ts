import { Fields } from "@heddle/engine/message";
import type { RequestHead, ResponseHead } from "@heddle/engine/message";
import type { CacheRun } from "./cache-run.ts";
import type { CacheConfig } from "./config.ts";
import { isAlike } from "./conditions.ts";
import { ageOnArrivalMs, lifetimeOf } from "./freshness.ts";
import { parseHttpTime } from "./http-time.ts";
import { Pending } from "./pending.ts";
import { readRules } from "./response-rules.ts";
import { freshenedPairs, readTags, storedPairs } from "./stored-response.ts";
import type { StoredResponse } from "./stored-response.ts";
import { forbidsStoring, isShareable, mayStore } from "./storing.ts";
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
  const rules = readRules(fields, config.targets);
  const dateMs = dateOf(fields, nowMs);
  const lifetime = lifetimeOf(head.status, rules, fields, dateMs, config);
  if (!mayStore(request, run.isPersonal, head, rules, lifetime, config)) return null;
  const varyNames = varyNamesOf(fields, config);
  if (varyNames === null) return null;
  const response = {
    ...lifetime,
    key: run.key,
    uri: run.uri,
    varyNames,
    variant: variantOf(varyNames, run.request!),
    status: head.status,
    pairs: storedPairs(head, rules.omitted),
    tags: readTags(fields),
    etag: fields.get("etag"),
    lastModified: fields.get("last-modified"),
    dateMs,
    askedMs: run.askedMs,
    arrivedMs: nowMs,
    ageOnArrivalMs: ageOnArrivalMs(fields, dateMs, run.askedMs, nowMs),
  };
  return new Pending(response);
}

/** Null: no other request may have it. */
function varyNamesOf(fields: Fields, config: CacheConfig): readonly string[] | null {
  const vary = readVary(fields);
  return vary === null ? null : [...new Set([...vary, ...config.headers])].sort();
}

/**
 * What `stale` is after a 304 (RFC 9111 section 4.3.4), or after a HEAD's answer that shows no other response (section
 * 4.3.5); null where it may not be kept any longer.
 */
export function freshenedBy(
  { fields }: ResponseHead,
  run: CacheRun,
  config: CacheConfig,
  nowMs: number,
): StoredResponse | null {
  const stale = run.stale!;
  const etag = fields.get("etag");
  // The validator of another response: it is none of this one's. A strong one is so by a single letter.
  if (etag !== undefined && etag !== stale.etag && !(etag.startsWith("W/") && isAlike(etag, stale.etag)))
    return null;
  const whole = freshenedPairs(stale.pairs, fields);
  const rules = readRules(Fields.of(whole), config.targets);
  const { directives, omitted } = rules;
  if (forbidsStoring(directives)) return null;
  const pairs = whole.filter(([name]) => !omitted.has(name));
  const merged = Fields.of(pairs);
  // It is good for this request: that is what it varies by, whatever it did before.
  const varyNames = varyNamesOf(merged, config);
  if (varyNames === null) return null;
  const dateMs = dateOf(merged, nowMs);
  return {
    ...stale,
    ...lifetimeOf(stale.status, rules, merged, dateMs, config),
    varyNames,
    variant: variantOf(varyNames, run.request!),
    pairs,
    tags: readTags(merged),
    dateMs,
    lastModified: merged.get("last-modified"),
    askedMs: run.askedMs,
    arrivedMs: nowMs,
    ageOnArrivalMs: ageOnArrivalMs(fields, dateMs, run.askedMs, nowMs),
  };
}

/**
 * Section 3.5 holds for what is brought up to date too: it has the fields of an answer to somebody's own request, which
 * are then theirs alone.
 */
export function isForAll({ pairs }: StoredResponse, run: CacheRun, { targets }: CacheConfig): boolean {
  return !run.isPersonal || isShareable(readRules(Fields.of(pairs), targets).directives);
}

/** A HEAD's answer shows that what is stored is no more what the target is (RFC 9111 section 4.3.5). */
export function differsFrom(stored: StoredResponse, { status, fields }: ResponseHead): boolean {
  if (status !== stored.status) return true;
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
