/**
 * The one form of a path that policy, router and upstream see (design.md "Paths"; RFC 3986 section 6.2.2):
 *
 * - unreserved escapes are decoded, other escapes are upper-cased, nothing is decoded twice;
 * - dot segments are resolved, encoded ones too; runs of slashes become one;
 * - `%2F`, `%5C`, `%00` and a backslash are refused, or, with "keep", stay as escapes (a backslash becomes `%5C`).
 *
 * Returns null for what is refused: no leading slash, a control, space, `#`, `?` or non-ASCII character, a broken
 * escape, dot segments that climb above the root, and dot segments in a disguise that some servers see through:
 * with a path parameter (`..;x`, Tomcat) or, with "keep", beside an escaped slash (`..%2F`).
 *
 * Idempotent. Returns the same string when there is nothing to do, after one scan.
 */
export function normalizePath(path: string, escapedSlashes: "refuse" | "keep"): string | null {
  if (path.charCodeAt(0) !== SLASH) return null;
  let previous = 0;
  for (let i = 0; i < path.length; i++) {
    const c = path.charCodeAt(i);
    if (c > 126) return null;
    const kind = PATH_BYTES[c];
    if (kind === PLAIN) {
      previous = c;
      continue;
    }
    if (kind === REFUSED) return null;
    if (kind === ESCAPE || previous === SLASH) return resolve(path, escapedSlashes === "keep");
    previous = c;
  }
  return path;
}

const SLASH = 47;

const REFUSED = 0;
const PLAIN = 1;
/** Slash and dot: something to do only right after a slash. */
const AFTER_SLASH = 2;
/** Percent and backslash. */
const ESCAPE = 3;

const PATH_BYTES: Uint8Array = (() => {
  const table = new Uint8Array(128);
  table.fill(PLAIN, 33, 127);
  table[35] = REFUSED; // #
  table[63] = REFUSED; // ?
  table[SLASH] = AFTER_SLASH;
  table[46] = AFTER_SLASH;
  table[37] = ESCAPE;
  table[92] = ESCAPE;
  return table;
})();

function resolve(path: string, keepsSlashes: boolean): string | null {
  const segments: string[] = [];
  let endsInSlash = false;
  for (const raw of path.slice(1).split("/")) {
    const segment = decodeSegment(raw, keepsSlashes);
    if (segment === null || isDisguisedDots(segment)) return null;
    endsInSlash = segment === "" || segment === "." || segment === "..";
    if (segment === ".." && segments.pop() === undefined) return null;
    if (!endsInSlash) segments.push(segment);
  }
  return `/${segments.join("/")}${endsInSlash && segments.length > 0 ? "/" : ""}`;
}

/** One segment with its escapes in their one form; null when it is refused. */
function decodeSegment(raw: string, keepsSlashes: boolean): string | null {
  let out = "";
  for (let i = 0; i < raw.length; i++) {
    const c = raw.charCodeAt(i);
    if (c > 126 || PATH_BYTES[c] === REFUSED) return null;
    if (c === 92) {
      if (!keepsSlashes) return null;
      out += "%5C";
    } else if (c === 37) {
      const escape = raw.slice(i + 1, i + 3);
      if (!/^[0-9a-f]{2}$/i.test(escape)) return null;
      const code = Number.parseInt(escape, 16);
      if (!keepsSlashes && (code === SLASH || code === 92 || code === 0)) return null;
      out += isUnreserved(code) ? String.fromCharCode(code) : `%${escape.toUpperCase()}`;
      i += 2;
    } else {
      out += raw[i];
    }
  }
  return out;
}

/** RFC 3986 section 2.3. */
function isUnreserved(c: number): boolean {
  const letter = c | 32;
  if (letter >= 97 && letter <= 122) return true;
  return (c >= 48 && c <= 57) || c === 45 || c === 46 || c === 95 || c === 126;
}

/** A part between real and escaped slashes that is "." or "..", parameters aside, and not the whole segment. */
function isDisguisedDots(segment: string): boolean {
  if (!segment.includes(".") || segment === "." || segment === "..") return false;
  return segment.split(/%2F|%5C/).some((part) => /^\.\.?(;|%3B|%00|$)/.test(part));
}
