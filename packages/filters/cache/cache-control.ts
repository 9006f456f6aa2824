import { isToken } from "@heddle/engine/message";
import type { Fields } from "@heddle/engine/message";

/** A delta that is more than a 31-bit number is this many seconds (RFC 9111 section 1.2.2). */
const MAX_DELTA = 2_147_483_648;

/** The directives of a Cache-Control field, by lower-case name; null for one without an argument. */
export type Directives = ReadonlyMap<string, string | null>;

const NONE: Directives = new Map();

/** Characters. Nobody says more, and reading it takes time: whoever does is passed by. */
const MAX_LENGTH = 4_096;
const TOO_LONG: Directives = new Map([["no-store", null]]);

/** Which ask for more the larger they are: of two the larger counts. */
const FLOORS: ReadonlySet<string> = new Set(["min-fresh"]);

/** Of which no argument allows the most. */
const OPEN: ReadonlySet<string> = new Set(["max-stale"]);

/**
 * Reads every Cache-Control line of a head as one list (RFC 9111 section 5.2). Of a directive that is there twice the
 * stricter counts (section 4.2.1): mostly the one without an argument, or the smaller number. White space around "="
 * makes an argument invalid. What is no directive is passed over.
 */
export function readDirectives(fields: Fields, name: string = "cache-control"): Directives {
  const list = fields.getList(name);
  if (list === undefined) return NONE;
  return list.length > MAX_LENGTH ? TOO_LONG : parseDirectives(list);
}

export function parseDirectives(list: string): Directives {
  const found = new Map<string, string | null>();
  for (const member of splitList(list)) {
    const at = member.indexOf("=");
    const name = (at < 0 ? member : member.slice(0, at)).trim().toLowerCase();
    if (!isToken(name)) continue;
    put(found, name, at < 0 ? null : argumentOf(member, at));
  }
  return found;
}

/** Whose arguments are lists of names: of two, all of both count. */
const LISTS: ReadonlySet<string> = new Set(["no-cache", "private"]);

function put(found: Map<string, string | null>, name: string, value: string | null): void {
  const before = found.get(name);
  if (before === undefined) {
    found.set(name, value);
    return;
  }
  if (value === null || before === null) found.set(name, OPEN.has(name) ? (before ?? value) : null);
  else if (LISTS.has(name)) found.set(name, `${before},${value}`);
  else if (parseDelta(before) > parseDelta(value) !== FLOORS.has(name)) found.set(name, value);
}

/** "" where there is white space before or after "=", which the grammar has not: it is no number then. */
function argumentOf(member: string, at: number): string {
  const isSpaced = /[ \t]=|=[ \t]/.test(member.slice(Math.max(0, at - 1), at + 2));
  return isSpaced ? "" : unquote(member.slice(at + 1));
}

/** Members of a comma-separated list; commas within quotes are none of its. Without its end a quote hides nothing. */
export function splitList(list: string): string[] {
  const members: string[] = [];
  let start = 0;
  let isQuoted = false;
  for (let at = 0; at < list.length; at++) {
    const c = list.charCodeAt(at);
    if (isQuoted && c === 92) at++;
    else if (c === 34) isQuoted = !isQuoted;
    else if (c === 44 && !isQuoted) {
      members.push(list.slice(start, at));
      start = at + 1;
    }
  }
  members.push(...(isQuoted ? list.slice(start).split(",") : [list.slice(start)]));
  return members.map((member) => member.trim()).filter((member) => member !== "");
}

/** "" for a quote without its end, or with something behind it. */
function unquote(text: string): string {
  if (!text.startsWith('"')) return text;
  return /^"(?:[^"\\]|\\.)*"$/.test(text) ? text.slice(1, -1).replace(/\\(.)/g, "$1") : "";
}

/** Seconds; 0 for what is no delta-seconds, so that it is stale (RFC 9111 section 4.2.1). */
function parseDelta(text: string | null): number {
  if (text === null || !/^[0-9]+$/.test(text)) return 0;
  return Math.min(Number(text), MAX_DELTA);
}

/** Milliseconds of a directive; undefined where it is not there. */
export function deltaMs(directives: Directives, name: string): number | undefined {
  const text = directives.get(name);
  return text === undefined ? undefined : parseDelta(text) * 1_000;
}
