/**
 * Frames of WebSockets (RFC 6455 section 5), sans-IO, as far as a tunnel needs them that says goodbye at its end: where one
 * ends, and a close frame of its own. Payloads pass unread.
 */
export { FrameFollower } from "./frame-follower.ts";
export { encodeCloseFrame, GOING_AWAY } from "./encode.ts";
