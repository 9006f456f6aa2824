import type { RequestHead } from "@heddle/engine/message";
import { splitList } from "./cache-control.ts";
import { parseHttpTime } from "./http-time.ts";

/** What a request makes its answer depend on; undefined members are not there. */
export interface Conditions {
  readonly noneMatch: string | undefined;
  readonly modifiedSince: string | undefined;
  readonly range: string | undefined;
  readonly ifRange: string | undefined;
}

export const NO_CONDITIONS: Conditions = {
  noneMatch: undefined,
  modifiedSince: undefined,
  range: undefined,
  ifRange: undefined,
};

export function readConditions({ method, fields }: Pick<RequestHead, "method" | "fields">): Conditions {
  // RFC 9110 section 14.2: Range is of GET alone.
  const hasRange = method === "GET";
  return {
    noneMatch: fields.getList("if-none-match"),
    modifiedSince: fields.get("if-modified-since"),
    range: hasRange ? fields.getList("range") : undefined,
    ifRange: hasRange ? fields.getList("if-range") : undefined,
  };
}

export const isConditional = ({ noneMatch, modifiedSince }: Conditions): boolean =>
  noneMatch !== undefined || modifiedSince !== undefined;

/** What of a stored response conditions are judged by. */
export interface Validators {
  readonly etag: string | undefined;
  readonly lastModified: string | undefined;
  readonly dateMs: number;
}

/** The client has it: 304 (RFC 9110 section 13.2.2, RFC 9111 section 4.3.2). If-None-Match goes before the date. */
export function isUnmodified(asked: Conditions, stored: Validators): boolean {
  if (asked.noneMatch !== undefined) return matchesNone(asked.noneMatch, stored.etag);
  if (asked.modifiedSince === undefined) return false;
  const since = parseHttpTime(asked.modifiedSince, stored.dateMs);
  if (Number.isNaN(since)) return false;
  const modified = parseHttpTime(stored.lastModified ?? "", stored.dateMs);
  return (Number.isNaN(modified) ? stored.dateMs : modified) <= since;
}

/** By the weak comparison of RFC 9110 section 8.8.3.2, as If-None-Match has it. */
function matchesNone(list: string, etag: string | undefined): boolean {
  const members = splitList(list);
  if (members.length === 1 && members[0] === "*") return true;
  return members.some((one) => isAlike(one, etag));
}

export const isAlike = (one: string, etag: string | undefined): boolean =>
  etag !== undefined && opaque(one) === opaque(etag);

const opaque = (etag: string): string => (etag.startsWith("W/") ? etag.slice(2) : etag);

/** Octets `first` to `last`, both included. */
export interface ByteRange {
  readonly first: number;
  readonly last: number;
}

/**
 * The one range that is asked for (RFC 9110 section 14): null where the whole is to be sent instead, as for several at
 * once; "unsatisfiable" where it is beyond the end.
 */
export function rangeOf(
  asked: Conditions,
  stored: Validators,
  length: number,
): ByteRange | "unsatisfiable" | null {
  if (asked.range === undefined || !holdsRange(asked.ifRange, stored)) return null;
  const found = /^bytes=(\d{0,15})-(\d{0,15})$/i.exec(asked.range.trim());
  if (found === null) return null;
  const [, from, to] = found;
  if (from === "" && to === "") return null;
  if (from === "") {
    if (Number(to) === 0 || length === 0) return "unsatisfiable";
    return { first: Math.max(0, length - Number(to)), last: length - 1 };
  }
  const first = Number(from);
  if (to !== "" && Number(to) < first) return null;
  if (first >= length) return "unsatisfiable";
  return { first, last: to === "" ? length - 1 : Math.min(Number(to), length - 1) };
}

/**
 * If-Range (RFC 9110 section 13.1.5): by the strong comparison, or the very date, which is a strong validator where the
 * response was made a second later at least (section 8.8.2.2): within that second it may have changed again.
 */
function holdsRange(ifRange: string | undefined, { etag, lastModified, dateMs }: Validators): boolean {
  if (ifRange === undefined) return true;
  if (ifRange.startsWith('"')) return ifRange === etag;
  return ifRange === lastModified && dateMs - parseHttpTime(ifRange, dateMs) >= 1_000;
}
