import { FLAG, FRAME, MAX_31 } from "./frames.ts";

/** Frames as latin1 text: one character, one octet. Strings are what a connection takes with the least work. */

/** The four octets of a number. */
export function word(value: number): string {
  return String.fromCharCode(value >>> 24, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff);
}

/** The three octets of a length; most frames are short. */
const LENGTHS: readonly string[] = Array.from({ length: 2_048 }, (_, length) => encodeLength(length));

function encodeLength(length: number): string {
  return String.fromCharCode(length >>> 16, (length >>> 8) & 0xff, length & 0xff);
}

function lengthText(length: number): string {
  return length < LENGTHS.length ? LENGTHS[length] : encodeLength(length);
}

/** Type and flags of what is sent all the time. */
const KINDS: readonly string[] = Array.from({ length: 10 * 8 }, (_, i) => String.fromCharCode(i >> 3, i & 7));

/** A frame's header; flags below 8, as all of ours are. `stream` is the text of its id. */
export function frameHeader(length: number, type: number, flags: number, stream: string): string {
  return lengthText(length) + KINDS[type * 8 + flags] + stream;
}

export const CONNECTION_STREAM = word(0);

export function rstStreamFrame(stream: string, code: number): string {
  return frameHeader(4, FRAME.RST_STREAM, 0, stream) + word(code);
}

export function windowUpdateFrame(stream: string, increment: number): string {
  return frameHeader(4, FRAME.WINDOW_UPDATE, 0, stream) + word(increment);
}

export const SETTINGS_ACK = frameHeader(0, FRAME.SETTINGS, FLAG.ACK, CONNECTION_STREAM);

/** Pairs of identifier and value. */
export function settingsFrame(pairs: readonly (readonly [number, number])[]): string {
  let payload = "";
  for (const [id, value] of pairs) payload += String.fromCharCode(id >> 8, id & 0xff) + word(value);
  return frameHeader(payload.length, FRAME.SETTINGS, 0, CONNECTION_STREAM) + payload;
}

/** `payload` has eight octets. */
export function pingFrame(isAck: boolean, payload: string): string {
  return frameHeader(8, FRAME.PING, isAck ? FLAG.ACK : 0, CONNECTION_STREAM) + payload;
}

/** Without debug data: it would tell a stranger about us. */
export function goAwayFrame(lastStream: number, code: number): string {
  return frameHeader(8, FRAME.GOAWAY, 0, CONNECTION_STREAM) + word(lastStream & MAX_31) + word(code);
}

/** A header block as HEADERS and as many CONTINUATION frames as it needs. */
export function headersFrames(block: string, isLast: boolean, stream: string, maxFrameBytes: number): string {
  const ending = isLast ? FLAG.END_STREAM : 0;
  if (block.length <= maxFrameBytes) {
    return frameHeader(block.length, FRAME.HEADERS, ending | FLAG.END_HEADERS, stream) + block;
  }
  let out = frameHeader(maxFrameBytes, FRAME.HEADERS, ending, stream) + block.slice(0, maxFrameBytes);
  for (let at = maxFrameBytes; at < block.length; at += maxFrameBytes) {
    const piece = block.slice(at, at + maxFrameBytes);
    const flags = at + maxFrameBytes >= block.length ? FLAG.END_HEADERS : 0;
    out += frameHeader(piece.length, FRAME.CONTINUATION, flags, stream) + piece;
  }
  return out;
}
