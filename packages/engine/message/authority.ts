import { parseIpv6 } from "./ip-address.ts";

/**
 * The authority of a request, checked and lower-cased: `host[:port]`. Null when it is not one.
 *
 * Narrower than RFC 3986 section 3.2 where the grammar allows what no server name is and where two readers could
 * see two hosts: no userinfo, no empty host, no empty port, no sub-delimiters or escapes in a name, no IPv6 zone.
 *
 *   host   letters, digits and - . _ ~ (a name or an IPv4 address), or [IPv6]
 *   port   1–5 digits, 0–65535
 */
export function parseAuthority(text: string): string | null {
  const length = text.length;
  if (length === 0 || length > MAX_AUTHORITY) return null;
  let at = 0;
  let hasUpper = false;
  if (text.charCodeAt(0) === 91) {
    at = text.indexOf("]") + 1;
    if (at === 0 || parseIpv6(text.slice(1, at - 1)) === null) return null;
    hasUpper = true;
  } else {
    for (; at < length; at++) {
      const kind = HOST_BYTES[text.charCodeAt(at) & 0xff];
      if (kind === 0 || text.charCodeAt(at) > 127) break;
      if (kind === 2) hasUpper = true;
    }
    if (at === 0) return null;
  }
  if (at < length && !isPort(text, at)) return null;
  return hasUpper ? text.toLowerCase() : text;
}

/** Longest name of RFC 1035 in text, and a port. */
const MAX_AUTHORITY = 253 + 6;

/** ":" and 1–5 digits up to 65535, from `at` to the end. */
function isPort(text: string, at: number): boolean {
  if (text.charCodeAt(at) !== 58) return false;
  const digits = text.length - at - 1;
  if (digits < 1 || digits > 5) return false;
  let port = 0;
  for (let i = at + 1; i < text.length; i++) {
    const digit = text.charCodeAt(i) - 48;
    if (digit < 0 || digit > 9) return false;
    port = port * 10 + digit;
  }
  return port <= 65_535;
}

/** 1: may stand in a name; 2: the same, upper-case. */
const HOST_BYTES: Uint8Array = (() => {
  const table = new Uint8Array(256);
  for (const c of "abcdefghijklmnopqrstuvwxyz0123456789-._~") table[c.charCodeAt(0)] = 1;
  for (const c of "ABCDEFGHIJKLMNOPQRSTUVWXYZ") table[c.charCodeAt(0)] = 2;
  return table;
})();
