/**
 * The HTTP/1.1 codec (RFC 9112): bytes in, events out, and heads back to text. Sans-IO: it knows no socket, clock
 * or timer; a connection feeds it what it read and asks its state when the bytes stop coming.
 *
 * Both readers are strict (design.md section 4): a message that two readers could frame, route or name in two ways
 * is refused with a Fault, never repaired. Everything they hold on to is bounded by Http1Limits.
 */
export { RequestReader } from "./request-reader.ts";
export type { RequestReaderEvents } from "./request-reader.ts";
export { ResponseReader } from "./response-reader.ts";
export type { ResponseReaderEvents } from "./response-reader.ts";
export type { ReaderState } from "./message-reader.ts";
export type { Http1Limits } from "./limits.ts";
export { encodeRequestHead } from "./encode-request.ts";
export { encodeResponseHead, responseFraming } from "./encode-response.ts";
export type { ResponseFraming } from "./encode-response.ts";
export { encodeChunkSize, encodeLastChunk, LAST_CHUNK } from "./encode-chunk.ts";
export { statusLine } from "./reasons.ts";
