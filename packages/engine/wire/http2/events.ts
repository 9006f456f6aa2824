import type { Fault } from "../../base/index.ts";
import type { Fields, RequestHead, ResponseHead } from "../../message/index.ts";
import type { Http2Stream } from "./stream.ts";

/** Where a session puts what it sends; `net/Connection` is one. The session never flushes it. */
export interface Http2Writer {
  /** Latin1: one character, one octet. */
  writeText(text: string): void;
  /** The bytes are valid during the call only. */
  writeBytes(bytes: Uint8Array): void;
}

/**
 * What a session tells the object that is attached to a stream. No event comes once `onReset` has, or the owner has
 * reset the stream.
 */
export interface StreamEvents {
  /**
   * Valid during the call only. After `pause` there may come as much as the stream's window allows
   * (limits.streamWindowBytes), and no more.
   */
  onBody(chunk: Uint8Array): void;
  /** The peer's last octet. Not called after a head that was `isLast`. */
  onEnd(trailers: Fields | null): void;
  /** The read that brought this stream its head, body or end is worked off: a good moment to flush what it led to. */
  onReadDone(): void;
  /** After `isHeldBack` was true: what waited is on its way. */
  onDrain(): void;
  /**
   * The stream is over before its time: reset by the peer, broken by it, or its connection is gone. `fault` says
   * whose doing it was and whether another attempt is safe. Nothing can be written any more.
   */
  onReset(fault: Fault): void;
}

/** The same, of a stream that a client opened. */
export interface ResponseStreamEvents extends StreamEvents {
  /** 1xx other than 101. */
  onInformational(head: ResponseHead): void;
  /**
   * `isLast`: no body and no trailers follow, `onEnd` is not called. A 2xx to an extended CONNECT comes as 101, with
   * `upgrade` among its fields, and what follows is the tunnel's.
   */
  onResponse(head: ResponseHead, isLast: boolean): void;
}

/** What a session tells its owner about the connection. */
export interface SessionEvents {
  /**
   * The connection is broken, by the peer or by us: every stream has had its `onReset`, and GOAWAY with the right
   * code is written. The owner flushes, and closes. Comes once, and nothing comes after it.
   */
  onSessionFault(fault: Fault): void;
  /** A stream is gone, however it ended; `session.streamCount` no longer counts it. */
  onStreamClosed(stream: Http2Stream): void;
  /** The peer takes no new streams (`canOpen` is false); those that it will not answer have had their `onReset`. */
  onGoAway(errorCode: number): void;
  /** The answer to `ping`. */
  onPong(): void;
  /** The peer's SETTINGS came: `canOpen` may have changed. */
  onSettings(): void;
}

export interface ServerSessionEvents extends SessionEvents {
  /**
   * A request. `isLast`: no body and no trailers follow. The returned object gets what follows; null: the stream was
   * answered or reset within the call. An extended CONNECT comes as the HTTP/1.1 form of the same: GET with `upgrade`
   * set, never `isLast`; a 101 to it goes out as 200.
   */
  onRequest(stream: Http2Stream, head: RequestHead, isLast: boolean): StreamEvents | null;
  /**
   * A request that is refused, of which nothing may be forwarded: malformed, too large, with a path that is refused.
   * The owner may answer it within the call (`writeHead` with `isLast`, or with a body and its end); the session then
   * resets the stream with the right code.
   */
  onRequestRefused(stream: Http2Stream, fault: Fault): void;
}
