import { TOKEN_BYTES } from "../message/index.ts";

/** Tables over the 256 octets: what may stand where. One load and one branch per octet. */

export const TAB = 9;
export const LF = 10;
export const CR = 13;
export const SP = 32;
export const COLON = 58;

/** Octets of a field value (RFC 9110 section 5.5): tab, space, visible ASCII, obs-text. */
export const VALUE_OCTETS: Uint8Array = (() => {
  const table = new Uint8Array(256).fill(1, 32);
  table[TAB] = 1;
  table[127] = 0;
  return table;
})();

/** Octets of a response's field name: a token. */
export const RESPONSE_NAME_OCTETS: Uint8Array = TOKEN_BYTES;

/**
 * Octets of a request's field name: a token without an underscore. CGI, WSGI and their like map "-" and "_" to one
 * variable, so that `X_Forwarded_For` would pass for the field that the proxy set (threat 18).
 */
export const REQUEST_NAME_OCTETS: Uint8Array = (() => {
  const table = TOKEN_BYTES.slice();
  table[95] = 0;
  return table;
})();

/** Octets of a request target, by what the scan does with them. */
export const TARGET_REFUSED = 0;
const TARGET_PLAIN = 1;
/** Slash and dot: right after a slash the path needs normalising. */
export const TARGET_SLASH = 2;
const TARGET_DOT = 3;
/** Percent and backslash: the path needs normalising. */
export const TARGET_ESCAPE = 4;
export const TARGET_QUESTION = 5;

/**
 * Visible ASCII but "#". Wider than RFC 3986 by `"<>[]^{|}` and the grave accent, which browsers leave in queries:
 * they separate nothing, so no two readers see two targets.
 */
export const TARGET_OCTETS: Uint8Array = (() => {
  const table = new Uint8Array(256).fill(TARGET_PLAIN, 33, 127);
  table[35] = TARGET_REFUSED;
  table[47] = TARGET_SLASH;
  table[46] = TARGET_DOT;
  table[37] = TARGET_ESCAPE;
  table[92] = TARGET_ESCAPE;
  table[63] = TARGET_QUESTION;
  return table;
})();

/** Whether bytes[start, end) are `text`, exactly. */
export function hasOctets(bytes: Uint8Array, start: number, end: number, text: string): boolean {
  if (end - start !== text.length) return false;
  for (let i = 0; i < text.length; i++) if (bytes[start + i] !== text.charCodeAt(i)) return false;
  return true;
}

/** The value of a hexadecimal digit; -1 for any other octet. */
export const HEX_VALUES: Int8Array = (() => {
  const table = new Int8Array(256).fill(-1);
  for (let i = 0; i < 16; i++) {
    table["0123456789abcdef".charCodeAt(i)] = i;
    table["0123456789ABCDEF".charCodeAt(i)] = i;
  }
  return table;
})();

/** How far a line may still be scanned without a look at it: 1 for octets that end or break one. */
export const LINE_ENDERS: Uint8Array = (() => {
  const table = new Uint8Array(256).fill(1, 0, 32);
  table[TAB] = 0;
  table[127] = 1;
  return table;
})();
