import { NAME } from "../../message/index.ts";

/** Rules of message body length (RFC 9112 section 6), the same for both directions: refuse, never repair. */

export const CONTENT_LENGTH_BIT = 1 << NAME.CONTENT_LENGTH;
const TRANSFER_ENCODING_BIT = 1 << NAME.TRANSFER_ENCODING;

/**
 * The number in bytes[start, end), a Content-Length value; -1 when it is not 1–16 digits of at most 2^53 - 1.
 * Digits alone: no sign, list or space; no leading zero either, which some readers take for octal.
 */
export function parseContentLength(bytes: Uint8Array, start: number, end: number): number {
  const digits = end - start;
  if (digits < 1 || digits > 16) return -1;
  if (digits > 1 && bytes[start] === 48) return -1;
  let length = 0;
  for (let i = start; i < end; i++) {
    const digit = bytes[i] - 48;
    if (digit < 0 || digit > 9) return -1;
    length = length * 10 + digit;
  }
  return length <= Number.MAX_SAFE_INTEGER ? length : -1;
}

/** Whether bytes[start, end) is "chunked", of any case, and nothing else. */
export function isChunked(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start !== CHUNKED.length) return false;
  for (let i = 0; i < CHUNKED.length; i++) {
    if ((bytes[start + i] | 32) !== CHUNKED.charCodeAt(i)) return false;
  }
  return true;
}

const CHUNKED = "chunked";

/**
 * Why the framing fields of a head contradict each other; "" when they do not. `seen` and `repeated` are a
 * FieldScanner's masks.
 */
export function framingProblem(seen: number, repeated: number, version: number): string {
  if ((repeated & CONTENT_LENGTH_BIT) !== 0) return "repeated content-length";
  if ((seen & TRANSFER_ENCODING_BIT) === 0) return "";
  if ((repeated & TRANSFER_ENCODING_BIT) !== 0) return "repeated transfer-encoding";
  if ((seen & CONTENT_LENGTH_BIT) !== 0) return "content-length beside transfer-encoding";
  if (version === 10) return "transfer-encoding in HTTP/1.0";
  return "";
}
