import type { Fields, ResponseHead } from "@heddle/engine/message";
import { splitList } from "./cache-control.ts";
import { DiskBody } from "./disk-body.ts";
import type { StoredHead } from "./stored-head.ts";

/** Bodies that are longer are on disk alone, where there is one; others are in memory too. */
export const LARGE_BYTES = 1_048_576;

type Pairs = readonly (readonly [string, string])[];

/** A response as it is kept. Never changed: one that is validated becomes another with the same body. */
export interface StoredResponse extends StoredHead {
  /** In memory, or in a file that is open while its holders have it. */
  readonly body: Uint8Array | DiskBody;
}

export function releaseBody(body: Uint8Array | DiskBody): void {
  if (body instanceof DiskBody) body.release();
}

/** RFC 9111 section 4.2.3. */
export function ageMs(stored: StoredHead, nowMs: number): number {
  return stored.ageOnArrivalMs + Math.max(0, nowMs - stored.arrivedMs);
}

/** What it takes of the store's bound: its octets, its text, and what the objects around them cost. */
export function sizeOf({ body, key, uri, variant, pairs }: StoredResponse): number {
  let text = key.length + uri.length + variant.length;
  for (const [name, value] of pairs) text += name.length + value.length + 64;
  return body.length + 2 * text + 512;
}

/**
 * Not stored: what framing or this very exchange made (RFC 9111 section 3.1), Age, which is told anew each time,
 * Warning, which is no more (section 5.5), and cookies, which were one client's.
 */
const DROPPED: ReadonlySet<string> = new Set([
  "age",
  "content-length",
  "proxy-authenticate",
  "proxy-authentication-info",
  "proxy-authorization",
  "set-cookie",
  "trailer",
  "warning",
]);

export function storedPairs({ fields }: ResponseHead, omitted: ReadonlySet<string>): Pairs {
  return fields.toPairs().filter(([name]) => !DROPPED.has(name) && !omitted.has(name));
}

/**
 * Of the body that is stored, whatever a 304 says (RFC 9111 section 3.2). Content-Type is not: what is stored is the
 * body as it came, so that nothing hangs on it.
 */
const OF_THE_BODY: ReadonlySet<string> = new Set([...DROPPED, "content-encoding", "content-range", "etag"]);

/** The stored fields, brought up to date by those of a 304 (RFC 9111 sections 3.2 and 4.3.4). */
export function freshenedPairs(stored: Pairs, fields: Fields): Pairs {
  // Two types are somebody's mistake: the one before stays.
  const hasType = fields.getAll("content-type").length < 2;
  const isKept = ([name]: readonly [string, string]) =>
    !OF_THE_BODY.has(name) && (name !== "content-type" || hasType);
  const newer = fields.toPairs().filter(isKept);
  const names = new Set(newer.map(([name]) => name));
  return [...stored.filter(([name]) => !names.has(name)), ...newer];
}

/** At most so many tags, of so many characters, as CDNs take them. */
const MAX_TAGS = 64;
const MAX_TAG_LENGTH = 256;

/** What a response can be purged by: Surrogate-Key, by spaces, and Cache-Tag, by commas. */
export function readTags(fields: Fields): readonly string[] {
  const keys = (fields.getList("surrogate-key") ?? "").split(/[ ,\t]+/);
  const tags = splitList(fields.getList("cache-tag") ?? "");
  const all = new Set([...keys, ...tags].filter((tag) => tag !== "" && tag.length <= MAX_TAG_LENGTH));
  return [...all].slice(0, MAX_TAGS);
}
