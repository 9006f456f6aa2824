import type { Fields } from "@heddle/engine/message";
import { splitList } from "./cache-control.ts";
import { parseHttpTime } from "./http-time.ts";

/** What a request makes its answer depend on; undefined members are not there. */
export interface Conditions {
  readonly noneMatch: string | undefined;
  readonly modifiedSince: string | undefined;
  readonly range: string | undefined;
  readonly ifRange: string | undefined;
}

export function readConditions(fields: Fields): Conditions {
  return {
    noneMatch: fields.getList("if-none-match"),
    modifiedSince: fields.get("if-modified-since"),
    range: fields.getList("range"),
    ifRange: fields.get("if-range"),
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

/** By the weak comparison of RFC 9110 section 8.8.3.2. */
function matchesNone(list: string, etag: string | undefined): boolean {
  const members = splitList(list);
  if (members.length === 1 && members[0] === "*") return true;
  return etag !== undefined && members.some((one) => opaque(one) === opaque(etag));
}

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
  const found = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(asked.range.trim());
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

/** If-Range (RFC 9110 section 13.1.5): by the strong comparison, or the very date. */
function holdsRange(ifRange: string | undefined, { etag, lastModified }: Validators): boolean {
  if (ifRange === undefined) return true;
  if (ifRange.startsWith('"')) return ifRange === etag;
  return !ifRange.startsWith("W/") && ifRange === lastModified;
}
