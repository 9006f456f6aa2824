import { LENGTH_UNKNOWN } from "@heddle/engine/message";
import type { RequestHead, ResponseHead } from "@heddle/engine/message";
import type { Directives } from "./cache-control.ts";
import type { CacheConfig } from "./config.ts";
import type { Lifetime } from "./freshness.ts";
import type { ResponseRules } from "./response-rules.ts";

/** Statuses whose rules for caches are followed here (RFC 9111 section 5.2.2.3). */
const UNDERSTOOD: ReadonlySet<number> = new Set([200, 203, 204, 300, 301, 302, 303, 307, 308, 404, 410]);

/**
 * Those, and any other success that its directives say is fresh (section 3). Not 205 and 206, whose bodies are none or
 * a part; not what a client's own mistake may bring about for all (400, 413, 431 …), unless the policy says so.
 */
function isStorable(status: number, directives: Directives, { statuses }: CacheConfig): boolean {
  if (UNDERSTOOD.has(status)) return true;
  if (directives.has("must-understand")) return false;
  return (status >= 200 && status < 300 && status !== 205 && status !== 206) || statuses.includes(status);
}

/**
 * Whether a shared cache may store the response (RFC 9111 sections 3 and 3.5); the policy's own bounds count too.
 * `isPersonal`: the request said who asks. Whatever is unclear is not stored.
 */
export function mayStore(
  request: RequestHead,
  isPersonal: boolean,
  head: ResponseHead,
  { directives, omitted }: ResponseRules,
  lifetime: Lifetime,
  config: CacheConfig,
): boolean {
  if (request.method !== "GET" || !isStorable(head.status, directives, config)) return false;
  if (forbidsStoring(directives)) return false;
  if (isPersonal && !isShareable(directives)) return false;
  const mayHaveCookies = config.removesCookies || omitted.has("set-cookie");
  if (head.fields.has("set-cookie") && !mayHaveCookies) return false;
  if (head.bodyLength !== LENGTH_UNKNOWN && head.bodyLength > config.maxObjectBytes) return false;
  // A field that appears twice is somebody's mistake, or an attack on who reads the other one.
  if (head.fields.getAll("etag").length > 1 || head.fields.getAll("content-type").length > 1) return false;
  return isWorthIt(head, lifetime);
}

/**
 * Of the whole: the fields that `private` names, where it names some (section 5.2.2.7), are in `omitted`. With
 * must-understand, and a status that we do, no-store is passed over (section 5.2.2.3).
 */
export const forbidsStoring = (directives: Directives): boolean =>
  directives.has("private") || (directives.has("no-store") && !directives.has("must-understand"));

/** Section 3.5. */
export const isShareable = (directives: Directives): boolean =>
  directives.has("public") || directives.has("s-maxage") || directives.has("must-revalidate");

/** Section 3, last point: only what says how long it lives, or can be asked about again. */
function isWorthIt({ fields }: ResponseHead, lifetime: Lifetime): boolean {
  if (lifetime.freshMs > 0) return true;
  if (!lifetime.isExplicit && !lifetime.mustAsk) return false;
  if (lifetime.staleIfErrorMs > 0 || lifetime.staleWhileRevalidateMs > 0) return true;
  return fields.has("etag") || fields.has("last-modified");
}
