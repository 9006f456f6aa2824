import type { Fields, ResponseHead } from "../../message/index.ts";
import { word } from "./encode-frames.ts";
import type { Http2ErrorCode } from "./errors.ts";
import type { StreamEvents } from "./stream-events.ts";

/** What a stream has done for it by its session. */
export interface StreamHost {
  writeInformational(stream: Http2Stream, head: ResponseHead): void;
  writeHead(stream: Http2Stream, head: ResponseHead, isLast: boolean): void;
  writeBody(stream: Http2Stream, chunk: Uint8Array): void;
  writeEnd(stream: Http2Stream, trailers: Fields | null): void;
  resetByOwner(stream: Http2Stream, code: Http2ErrorCode): void;
  resumed(stream: Http2Stream): void;
  mustHold(stream: Http2Stream): boolean;
  isStreamStalled(stream: Http2Stream): boolean;
}

/**
 * One stream of a session (RFC 9113 section 5.1), as its owner sees it: to write to, and to attach an object to.
 * What is written leaves with the session's `flush`.
 *
 *   open ─(isRemoteEnded)→ half-closed (remote) ─(isLocalEnded)→ closed
 *     └──(isLocalEnded)──→ half-closed (local) ──(isRemoteEnded)──┘        any ─RST_STREAM, connection lost→ closed
 */
export class Http2Stream {
  readonly id: number;
  /** The object that gets the stream's events. */
  events: StreamEvents | null = null;
  /** Whatever the owner wants to find again when the stream is closed and has no events any more. */
  attachment: unknown = null;
  private readonly host: StreamHost;
  /** @internal The id's four octets. */
  readonly idText: string;

  /** @internal What may be sent; below 0 after the peer has made its initial window smaller (section 6.9.2). */
  sendWindow: number;
  /** @internal Octets that wait for a window or for the connection, copied, and how much of the first has gone. */
  queue: Uint8Array[] | null = null;
  queueOffset = 0;
  queuedBytes = 0;
  /** @internal In the list of those that can send, and the next of it. */
  isListed = false;
  next: Http2Stream | null = null;
  /** @internal The owner was told to hold. */
  owesDrain = false;
  /** @internal END_STREAM is to follow what is queued, with these trailers. */
  isEnding = false;
  trailers: Fields | null = null;
  /** @internal END_STREAM was sent. */
  isLocalEnded = false;

  /** @internal What the peer may send, and what it has sent since its window was last opened. */
  receiveWindow: number;
  received = 0;
  isPaused = false;
  /** @internal END_STREAM was received. */
  isRemoteEnded = false;
  /** @internal Octets of the body that are still to come by content-length; -1 where it says nothing. */
  expected = -1;
  /** @internal A client has the final response's head, a server has sent it. */
  hasResponse = false;
  informationals = 0;
  /** @internal Of the request; "CONNECT" for an extended one, whose protocol is `upgrade`. */
  method = "";
  upgrade = "";
  /** @internal In the list of those that the current read has brought something. */
  isTouched = false;
  /** The stream is gone: what is written to it goes nowhere. */
  isClosed = false;

  constructor(id: number, host: StreamHost, sendWindow: number, receiveWindow: number) {
    this.id = id;
    this.host = host;
    this.idText = word(id);
    this.sendWindow = sendWindow;
    this.receiveWindow = receiveWindow;
  }

  /**
   * More than limits.highWaterBytes wait, or the connection is held back: write no more until `onDrain`. Who asks
   * and is told so gets an `onDrain`.
   */
  get isHeldBack(): boolean {
    return this.host.mustHold(this);
  }

  /** Octets wait for a window that the peer does not open: a reader that stalls. */
  get isStalled(): boolean {
    return this.host.isStreamStalled(this);
  }

  /** We have sent END_STREAM, or it waits behind what is queued; or the stream is closed. */
  get isWriteEnded(): boolean {
    return this.isLocalEnded || this.isEnding || this.isClosed;
  }

  /** Server: 1xx other than 101. */
  writeInformational(head: ResponseHead): void {
    this.host.writeInformational(this, head);
  }

  /** Server: the response's head. `isLast`: nothing follows. */
  writeHead(head: ResponseHead, isLast: boolean): void {
    this.host.writeHead(this, head, isLast);
  }

  /** Valid during the call only; what the windows do not let pass is copied and waits. */
  writeBody(chunk: Uint8Array): void {
    this.host.writeBody(this, chunk);
  }

  /**
   * END_STREAM, with the last of the body where it can be. A server's stream whose request is still coming is reset
   * with NO_ERROR behind it (section 8.1): no more of it comes.
   */
  writeEnd(trailers: Fields | null): void {
    this.host.writeEnd(this, trailers);
  }

  /** RST_STREAM; what waits is dropped. No event comes after it, but the session's onStreamClosed. */
  reset(code: Http2ErrorCode): void {
    this.host.resetByOwner(this, code);
  }

  /** Holds the peer back: its window on this stream is not opened again until `resume`. Others go on. */
  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    if (!this.isPaused) return;
    this.isPaused = false;
    this.host.resumed(this);
  }
}
