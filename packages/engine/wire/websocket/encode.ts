/** RFC 6455 section 7.4.1: a server that goes down. */
export const GOING_AWAY = 1001;

const FIN_CLOSE = 0x88;
const MASKED = 0x80;
/** Section 5.5: control frames have no longer payload. */
const MAX_PAYLOAD = 125;

/**
 * A close frame (section 5.5.1). `mask`: four octets that cannot be foreseen, towards a server; null towards a client.
 * Throws RangeError for a reason of more than 123 octets in UTF-8.
 */
export function encodeCloseFrame(code: number, reason: string, mask: Uint8Array | null): Uint8Array {
  const text = new TextEncoder().encode(reason);
  const length = 2 + text.length;
  if (length > MAX_PAYLOAD) throw new RangeError(`reason is ${text.length} octets, limit ${MAX_PAYLOAD - 2}`);
  const start = mask === null ? 2 : 6;
  const frame = new Uint8Array(start + length);
  frame[0] = FIN_CLOSE;
  frame[1] = mask === null ? length : MASKED | length;
  frame[start] = code >> 8;
  frame[start + 1] = code & 0xff;
  frame.set(text, start + 2);
  if (mask === null) return frame;
  frame.set(mask, 2);
  for (let at = 0; at < length; at++) frame[start + at] ^= mask[at & 3];
  return frame;
}
