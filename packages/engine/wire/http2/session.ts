import type { Fault } from "../../base/index.ts";
import type { Http2ErrorCode } from "./errors.ts";
import type { Http2Limits } from "./limits.ts";
import type { SessionEvents } from "./session-events.ts";
import type { Http2Writer } from "./writer.ts";

/**
 * One HTTP/2 connection, of either role (RFC 9113). Sans-IO: the owner feeds it what it read, and sends what it
 * wrote:
 *
 *   session.start()                               once: preface, SETTINGS
 *   session.read(bytes, 0, length, nowMs)         for each read; events come within
 *   session.flush(); connection.flush()           behind each read, and behind anything written outside of one
 *   session.setWritable(false | true)             connection.flush() said to hold | drained
 *
 * Windows are opened, and SETTINGS and PING answered, by themselves. A slow reader of one stream stops that stream
 * alone.
 */
export abstract class Http2Session {
  protected readonly writer: Http2Writer;
  protected readonly limits: Http2Limits;

  constructor(writer: Http2Writer, limits: Http2Limits, _events: SessionEvents) {
    this.writer = writer;
    this.limits = limits;
  }

  /** Writes what a connection begins with (section 3.4). */
  start(): void {
    throw new Error("not built");
  }

  /** Takes all of bytes[from, to). `nowMs` is the clock's, for rates. Throws for nothing that a peer can do. */
  read(_bytes: Uint8Array, _from: number, _to: number, _nowMs: number): void {
    throw new Error("not built");
  }

  /** Gives the writer what was held back so that frames could be joined. Before each flush of the connection. */
  flush(): void {
    throw new Error("not built");
  }

  /** False: the connection holds back; bodies wait in their streams, and go out in turn once it is true again. */
  setWritable(_isWritable: boolean): void {
    throw new Error("not built");
  }

  /** Open streams, of either side. */
  get streamCount(): number {
    return 0;
  }

  /** A frame or a header block has begun and is not whole: the head's time limit holds. */
  get isWithinFrame(): boolean {
    return false;
  }

  /** The peer has acknowledged our SETTINGS; some time after `start` it must have (section 6.5.3). */
  get hasSettingsAck(): boolean {
    return false;
  }

  /** A stream's octets wait for a window that the peer does not open. */
  get isStalled(): boolean {
    return false;
  }

  /** The connection is over: `onSessionFault` came, or `close` was called. */
  get isDead(): boolean {
    return false;
  }

  /** Asks whether the peer is there: `onPong` says so. One at a time; of no effect while one is out. */
  ping(): void {
    throw new Error("not built");
  }

  /**
   * Begins the graceful end (section 6.8). A server sends GOAWAY with the highest id, and a ping; when that is
   * answered, or `finishDrain` is called, GOAWAY with the last id that it will answer. A client only opens no more.
   * Streams go on; the owner closes when `streamCount` is 0 and `isDrained`.
   */
  drain(): void {
    throw new Error("not built");
  }

  /** The second GOAWAY, without waiting any longer. */
  finishDrain(): void {
    throw new Error("not built");
  }

  /** The last GOAWAY of a graceful end is written. */
  get isDrained(): boolean {
    return false;
  }

  /** Ends the connection with GOAWAY; every stream gets `onReset(fault)`. The owner flushes and closes. */
  abort(_code: Http2ErrorCode, _fault: Fault): void {
    throw new Error("not built");
  }

  /** The transport is gone: every stream gets `onReset` with this fault, and nothing is written any more. */
  close(_fault: Fault): void {
    throw new Error("not built");
  }
}
