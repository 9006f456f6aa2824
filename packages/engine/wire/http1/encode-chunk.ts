import type { Fields } from "../../message/index.ts";
import { encodeFields } from "./encode-fields.ts";

/** The line before a chunk of `length` octets, more than 0: "1a" and CRLF. A CRLF follows the octets. */
export function encodeChunkSize(length: number): string {
  return `${length.toString(16)}\r\n`;
}

/** The end of a chunked body without trailers. */
export const LAST_CHUNK = "0\r\n\r\n";

/** The end of a chunked body. */
export function encodeLastChunk(trailers: Fields | null): string {
  return trailers === null ? LAST_CHUNK : `0\r\n${encodeFields(trailers, 0)}\r\n`;
}
