import type { Fields } from "@heddle/engine/message";
import { deltaMs } from "./cache-control.ts";
import type { CacheConfig } from "./config.ts";
import { parseHttpTime } from "./http-time.ts";
import type { ResponseRules } from "./response-rules.ts";

/** How long a response is fresh, and how long it may be used beyond that. Milliseconds. */
export interface Lifetime {
  readonly freshMs: number;
  /** Someone said how long: the endpoint, or the policy's heuristic. */
  readonly isExplicit: boolean;
  readonly staleWhileRevalidateMs: number;
  readonly staleIfErrorMs: number;
  /** A request's max-stale may have it stale. */
  readonly mayBeStale: boolean;
  /** Asked for each time, however fresh (no-cache). */
  readonly mustAsk: boolean;
}

/**
 * Statuses whose responses may be fresh by a heuristic; of others the endpoint has to say so (RFC 9110 section 15.1).
 * Marked public they may be too (RFC 9111 section 4.2.2).
 */
const BY_HEURISTIC: ReadonlySet<number> = new Set([200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501]);

/** RFC 9111 sections 4.2.1, 4.2.2 and 4.2.4, and RFC 5861. `dateMs` is the response's Date. */
export function lifetimeOf(
  status: number,
  rules: ResponseRules,
  fields: Fields,
  dateMs: number,
  config: CacheConfig,
): Lifetime {
  const { directives } = rules;
  const told = toldMs(rules, fields, dateMs);
  const mayGuess = BY_HEURISTIC.has(status) || directives.has("public");
  const freshMs = told ?? (mayGuess ? heuristicMs(fields, dateMs, config) : undefined);
  const mustAsk = directives.has("no-cache");
  // 4.2.4: what forbids stale responses in so many words.
  const isStrict = mustAsk || directives.has("must-revalidate") || directives.has("proxy-revalidate");
  // 5.2.2.10: s-maxage forbids them too, unless the same field allows them by RFC 5861.
  const mayBeStale = !isStrict && !directives.has("s-maxage");
  const window = (name: string, byPolicy: number) =>
    isStrict ? 0 : (deltaMs(directives, name) ?? (mayBeStale ? byPolicy : 0));
  return {
    freshMs: freshMs ?? 0,
    isExplicit: freshMs !== undefined,
    staleWhileRevalidateMs: window("stale-while-revalidate", config.staleWhileRevalidateMs),
    staleIfErrorMs: window("stale-if-error", config.staleIfErrorMs),
    mayBeStale,
    mustAsk,
  };
}

/** Section 4.2.1: s-maxage, then max-age, then Expires. Undefined: the response does not say. */
function toldMs(
  { directives, isTargeted }: ResponseRules,
  fields: Fields,
  dateMs: number,
): number | undefined {
  const age = deltaMs(directives, "s-maxage") ?? deltaMs(directives, "max-age");
  if (age !== undefined || isTargeted) return age;
  const expires = fields.getAll("expires");
  if (expires.length === 0) return undefined;
  // 5.3: an invalid date, "0" among them, is in the past; of several the earliest counts.
  const times = expires.map((text) => parseHttpTime(text, dateMs));
  return times.some(Number.isNaN) ? 0 : Math.max(0, Math.min(...times) - dateMs);
}

/** Section 4.2.2; off unless the policy asks for it. */
function heuristicMs(fields: Fields, dateMs: number, { heuristic }: CacheConfig): number | undefined {
  if (heuristic === null) return undefined;
  const modified = parseHttpTime(fields.get("last-modified") ?? "", dateMs);
  if (Number.isNaN(modified) || modified >= dateMs) return undefined;
  return Math.min((dateMs - modified) * heuristic.share, heuristic.maxMs);
}

/** Section 4.2.3: the age with which a response arrives. */
export function ageOnArrivalMs(fields: Fields, dateMs: number, askedMs: number, arrivedMs: number): number {
  const [text = ""] = fields.getAll("age").flatMap((value) => value.split(","));
  const said = /^[0-9]+$/.test(text.trim()) ? Math.min(Number(text), 2_147_483_648) * 1_000 : 0;
  return Math.max(0, arrivedMs - dateMs, said + (arrivedMs - askedMs));
}
