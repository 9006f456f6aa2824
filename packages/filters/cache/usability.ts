import { deltaMs } from "./cache-control.ts";
import type { Directives } from "./cache-control.ts";
import { ageMs } from "./stored-response.ts";
import type { StoredResponse } from "./stored-response.ts";

/**
 * What may be done with a stored response: "fresh" and "stale" are answered as they are, "refresh" as well while it is
 * asked for anew; "ask" only once the endpoint said that it is still good, since it is stale, or since the request
 * wants it so.
 */
export type Usability = "fresh" | "stale" | "refresh" | "ask" | "ask-for-request";

/** RFC 9111 sections 4.2, 4.2.4, 5.2.1 and RFC 5861 section 3. */
export function usabilityOf(stored: StoredResponse, asked: Directives, nowMs: number): Usability {
  const age = ageMs(stored, nowMs);
  if (isRefused(stored, asked, age)) return "ask-for-request";
  if (stored.mustAsk) return "ask";
  if (stored.freshMs > age) return "fresh";
  const overdueMs = age - stored.freshMs;
  if (stored.mayBeStale && mayBeStaleBy(asked, overdueMs)) return "stale";
  return overdueMs < stored.staleWhileRevalidateMs ? "refresh" : "ask";
}

/** May it stand in for an error (RFC 5861 section 4)? */
export function mayStandIn(stored: StoredResponse, nowMs: number): boolean {
  return ageMs(stored, nowMs) - stored.freshMs < stored.staleIfErrorMs;
}

/** The request wants a fresher one. */
function isRefused({ freshMs }: StoredResponse, asked: Directives, age: number): boolean {
  if (asked.size === 0) return false;
  const maxAge = deltaMs(asked, "max-age");
  const minFresh = deltaMs(asked, "min-fresh");
  if (asked.has("no-cache") || (minFresh !== undefined && freshMs - age < minFresh)) return true;
  // Of no age at all is only what comes now. Max-stale speaks of the response's lifetime, not of this bound.
  return maxAge !== undefined && (maxAge === 0 || age > maxAge);
}

function mayBeStaleBy(asked: Directives, overdueMs: number): boolean {
  const value = asked.get("max-stale");
  if (value === undefined) return false;
  return value === null || overdueMs <= deltaMs(asked, "max-stale")!;
}
