/**
 * The HTTP/2 codec (RFC 9113) with its own HPACK (RFC 7541), for both roles: bytes in, events out, and messages back
 * to bytes. Sans-IO: it knows no socket, clock or timer. A session is one connection; it decodes to the heads and
 * fields that every codec decodes to, sees to stream states, windows and SETTINGS, and bounds whatever a peer can
 * make it do or keep by Http2Limits.
 */
export { Http2ServerSession } from "./server-session.ts";
export type { ServerSessionOptions } from "./server-options.ts";
export { Http2ClientSession } from "./client-session.ts";
export type { Http2Session } from "./session.ts";
export type { Http2Stream } from "./stream.ts";
export type { ServerSessionEvents, SessionEvents } from "./session-events.ts";
export type { ResponseStreamEvents, StreamEvents } from "./stream-events.ts";
export type { Http2Writer } from "./writer.ts";
export { DEFAULT_HTTP2_LIMITS } from "./limits.ts";
export type { Http2Limits } from "./limits.ts";
export { H2, resetCodeOf } from "./errors.ts";
export type { Http2ErrorCode } from "./errors.ts";
export { CLIENT_PREFACE } from "./preface.ts";
