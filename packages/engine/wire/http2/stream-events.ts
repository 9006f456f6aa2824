import type { Fault } from "../../base/index.ts";
import type { Fields, ResponseHead } from "../../message/index.ts";

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
