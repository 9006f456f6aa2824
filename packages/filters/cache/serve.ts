import type { Filter, Reply } from "@heddle/engine/filter";
import { isUnmodified, rangeOf } from "./conditions.ts";
import type { Conditions } from "./conditions.ts";
import { ageMs } from "./stored-response.ts";
import type { StoredResponse } from "./stored-response.ts";

/** What a 304 says of the response that the client has (RFC 9110 section 15.4.5). */
const OF_304: ReadonlySet<string> = new Set([
  "cache-control",
  "content-location",
  "date",
  "etag",
  "expires",
  "vary",
]);

/**
 * A stored response as the answer to a request: whole, the part that was asked for, or that the client has it already.
 * `status` is the member of Cache-Status; "" for none.
 */
export function serve(
  stored: StoredResponse,
  asked: Conditions,
  status: string,
  nowMs: number,
  from: Filter,
): Reply {
  const extra: (readonly [string, string])[] = [["age", String(Math.floor(ageMs(stored, nowMs) / 1_000))]];
  if (status !== "") extra.push(["cache-status", status]);
  if (stored.status === 200) {
    if (isUnmodified(asked, stored)) {
      const headers = [...stored.pairs.filter(([name]) => isOf304(name, stored)), ...extra];
      return { status: 304, headers, body: "", from };
    }
    const part = servePart(stored, asked, extra, from);
    if (part !== null) return part;
  }
  const headers = [...stored.pairs, ...extra];
  return { status: stored.status, headers, ...octetsOf(stored, 0, stored.body.length - 1), from };
}

/** Last-Modified is worth its octets where there is no ETag. */
const isOf304 = (name: string, { etag }: StoredResponse): boolean =>
  OF_304.has(name) || (name === "last-modified" && etag === undefined);

/** Null: the whole is to be sent. */
function servePart(
  stored: StoredResponse,
  asked: Conditions,
  extra: readonly (readonly [string, string])[],
  from: Filter,
): Reply | null {
  const { length } = stored.body;
  const range = rangeOf(asked, stored, length);
  if (range === null) return null;
  if (range === "unsatisfiable")
    return { status: 416, headers: [["content-range", `bytes */${length}`], ...extra], body: "", from };
  const { first, last } = range;
  const headers = [...stored.pairs, ["content-range", `bytes ${first}-${last}/${length}`] as const, ...extra];
  return { status: 206, headers, ...octetsOf(stored, first, last), from };
}

function octetsOf({ body }: StoredResponse, first: number, last: number): Pick<Reply, "body" | "source"> {
  if (body instanceof Uint8Array) return { body: body.subarray(first, last + 1) };
  return { body: "", source: body.source(first, last) };
}

/** Where the octets begin that `serve` would send. */
export function firstOctet(stored: StoredResponse, asked: Conditions): number {
  const range = stored.status === 200 ? rangeOf(asked, stored, stored.body.length) : null;
  return range === null || range === "unsatisfiable" ? 0 : range.first;
}
