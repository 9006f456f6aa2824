import type { Fields, ResponseHead } from "../../message/index.ts";
import type { Http2ErrorCode } from "./errors.ts";
import type { StreamEvents } from "./stream-events.ts";

/**
 * One stream of a session (RFC 9113 section 5.1), as its owner sees it: to write to, and to attach an object to.
 * What is written leaves with the session's `flush`.
 */
export class Http2Stream {
  readonly id: number;
  /** The object that gets the stream's events. */
  events: StreamEvents | null = null;

  constructor(id: number) {
    this.id = id;
  }

  /** More than limits.highWaterBytes wait, or the connection is held back: write no more until `onDrain`. */
  get isHeldBack(): boolean {
    return false;
  }

  /** Octets wait for a window that the peer does not open: a reader that stalls. */
  get isStalled(): boolean {
    return false;
  }

  /** We have sent END_STREAM, or it waits behind what is queued; or the stream is closed. */
  get isWriteEnded(): boolean {
    return false;
  }

  /** The stream is gone: what is written to it goes nowhere. */
  get isClosed(): boolean {
    return false;
  }

  /** Server: 1xx other than 101. */
  writeInformational(_head: ResponseHead): void {
    throw new Error("not built");
  }

  /** Server: the response's head. `isLast`: nothing follows. */
  writeHead(_head: ResponseHead, _isLast: boolean): void {
    throw new Error("not built");
  }

  /** Valid during the call only; what the windows do not let pass is copied and waits. */
  writeBody(_chunk: Uint8Array): void {
    throw new Error("not built");
  }

  /**
   * END_STREAM, with the last of the body where it can be. A server's stream whose request is still coming is reset
   * with NO_ERROR behind it (section 8.1): no more of it comes.
   */
  writeEnd(_trailers: Fields | null): void {
    throw new Error("not built");
  }

  /** RST_STREAM; what waits is dropped. No event comes after it, but the session's onStreamClosed. */
  reset(_code: Http2ErrorCode): void {
    throw new Error("not built");
  }

  /** Holds the peer back: its window on this stream is not opened again until `resume`. Others go on. */
  pause(): void {
    throw new Error("not built");
  }

  resume(): void {
    throw new Error("not built");
  }
}
