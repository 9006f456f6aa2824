import type { Fault } from "../../base/index.ts";
import type { RequestHead } from "../../message/index.ts";
import type { StreamEvents } from "./stream-events.ts";
import type { Http2Stream } from "./stream.ts";

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
