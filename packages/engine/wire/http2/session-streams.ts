import { makeFault } from "../../base/index.ts";
import type { Fault, FaultCode } from "../../base/index.ts";
import type { Fields, ResponseHead } from "../../message/index.ts";
import { ClosedStreams } from "./closed-streams.ts";
import { headersFrames, rstStreamFrame, windowUpdateFrame, word } from "./encode-frames.ts";
import { H2 } from "./errors.ts";
import type { Http2ErrorCode } from "./errors.ts";
import { INITIAL_WINDOW } from "./frames.ts";
import { HpackEncoder } from "./hpack/encoder.ts";
import type { Http2Limits } from "./limits.ts";
import { MAX_FRAME_BYTES } from "./limits.ts";
import { Outbox } from "./outbox.ts";
import type { OutboxEvents } from "./outbox.ts";
import { PeerSettings } from "./peer-settings.ts";
import { RateBound } from "./rate-bound.ts";
import type { SessionEvents } from "./session-events.ts";
import { StreamTable } from "./stream-table.ts";
import { Http2Stream } from "./stream.ts";
import type { StreamHost } from "./stream.ts";
import type { Http2Writer } from "./writer.ts";

/** So many streams that ended well justify one that is reset: clients do cancel requests. */
const STREAMS_PER_RESET = 10;

/**
 * The streams of a session, how they begin and end, and all that is written on them: what `Http2Session` stands on,
 * which reads the peer's frames.
 *
 *   addStream ─► endStream     both sides have ended
 *            ├─► lose          gone before its time, by the peer or with the connection: its owner hears of it
 *            └─► dropStream    gone before its time, and its owner knows
 */
export abstract class SessionStreams implements OutboxEvents, StreamHost {
  protected readonly writer: Http2Writer;
  protected readonly limits: Http2Limits;
  protected readonly sessionEvents: SessionEvents;
  protected readonly encoder = new HpackEncoder();
  protected readonly outbox: Outbox;
  protected readonly peer = new PeerSettings();
  protected readonly streams = new StreamTable();
  protected readonly closed = new ClosedStreams();
  private readonly resets: RateBound;
  protected readonly controlFrames: RateBound;
  /** Of the read at hand. */
  protected nowMs = 0;
  /** The connection is over: `onSessionFault` came, or `abort` or `close` was called. */
  isDead = false;
  /** The peer has acknowledged our SETTINGS; some time after `start` it must have (section 6.5.3). */
  hasSettingsAck = false;
  /** Frames other than DATA that the connection holds back. */
  private pendingFrames = 0;
  private endedWell = 0;
  /** Streams that the current read has brought something. */
  protected readonly touched: Http2Stream[] = [];

  constructor(writer: Http2Writer, limits: Http2Limits, events: SessionEvents, resetsPerSecond: number) {
    this.writer = writer;
    this.limits = limits;
    this.sessionEvents = events;
    this.outbox = new Outbox(writer, limits.highWaterBytes, this);
    this.resets = new RateBound(resetsPerSecond, resetsPerSecond);
    this.controlFrames = new RateBound(limits.controlFramesPerSecond, limits.controlFramesPerSecond * 10);
  }

  /** The connection cannot go on: GOAWAY, and everybody hears of it. */
  abstract onConnectionError(code: Http2ErrorCode, problem: string): void;
  abstract writeInformational(stream: Http2Stream, head: ResponseHead): void;
  abstract writeHead(stream: Http2Stream, head: ResponseHead, isLast: boolean): void;

  /** Gives the writer what was held back so that frames could be joined. Before each flush of the connection. */
  flush(): void {
    this.outbox.flush();
  }

  /** False: the connection holds back; bodies wait in their streams, and go out in turn once it is true again. */
  setWritable(isWritable: boolean): void {
    if (this.isDead || isWritable === this.outbox.isWritable) return;
    if (isWritable) this.pendingFrames = 0;
    this.outbox.setWritable(isWritable);
    if (isWritable) for (const stream of this.streams.toArray()) this.outbox.relieve(stream);
  }

  /** Open streams, of either side. */
  get streamCount(): number {
    return this.streams.size;
  }

  /** Octets of bodies sent so far: a peer that stalls is one for which it does not grow. */
  get sentBodyBytes(): number {
    return this.outbox.sentBytes;
  }

  isStreamStalled(stream: Http2Stream): boolean {
    return this.outbox.isWritable && stream.queuedBytes > 0;
  }

  mustHold(stream: Http2Stream): boolean {
    return !stream.isClosed && this.outbox.mustHold(stream);
  }

  // Streams

  protected touch(stream: Http2Stream): void {
    if (stream.isTouched) return;
    stream.isTouched = true;
    this.touched.push(stream);
  }

  protected addStream(id: number): Http2Stream {
    const { streamWindowBytes } = this.limits;
    // Until it has acknowledged ours, the peer goes by the protocol's window.
    const window = this.hasSettingsAck ? streamWindowBytes : Math.max(streamWindowBytes, INITIAL_WINDOW);
    const stream = new Http2Stream(id, this, this.peer.initialWindow, window);
    this.streams.add(stream);
    return stream;
  }

  /** The peer's END_STREAM. */
  protected endRemote(stream: Http2Stream, trailers: Fields | null): void {
    stream.isRemoteEnded = true;
    this.touch(stream);
    stream.events?.onEnd(trailers);
    if (stream.isLocalEnded) this.endStream(stream);
  }

  /** Both sides have ended. */
  protected endStream(stream: Http2Stream): void {
    if (stream.isClosed) return;
    this.closed.addEnded(stream.id);
    this.endedWell++;
    if (this.endedWell % STREAMS_PER_RESET === 0) this.resets.earn(1);
    this.forget(stream);
    this.sessionEvents.onStreamClosed(stream);
  }

  protected forget(stream: Http2Stream): void {
    stream.isClosed = true;
    this.streams.delete(stream.id);
  }

  /** The stream is gone before its time, and its owner hears of it. */
  protected lose(stream: Http2Stream, fault: Fault): void {
    // The connection may have ended with what was written just now.
    if (stream.isClosed) return;
    const { events } = stream;
    stream.events = null;
    this.outbox.drop(stream);
    this.forget(stream);
    events?.onReset(fault);
    this.sessionEvents.onStreamClosed(stream);
  }

  /** The same when its owner knows. */
  protected dropStream(stream: Http2Stream, code: Http2ErrorCode): void {
    stream.events = null;
    this.outbox.drop(stream);
    this.writeReset(stream, code);
    if (stream.isClosed) return;
    this.forget(stream);
    this.sessionEvents.onStreamClosed(stream);
  }

  /** The peer opens no window any more: streams whose octets wait for one get no further. */
  loseStalled(fault: Fault): void {
    if (this.isDead || !this.outbox.isWritable || this.outbox.waiting === 0) return;
    for (const stream of this.streams.toArray()) {
      if (!this.isStreamStalled(stream)) continue;
      this.outbox.drop(stream);
      this.writeReset(stream, H2.CANCEL);
      this.lose(stream, fault);
    }
  }

  /** The peer broke the rules on a stream: it is reset, and counted (threat 2: CVE-2025-8671). */
  protected breakStream(
    stream: Http2Stream,
    code: Http2ErrorCode,
    problem: string,
    faultCode: FaultCode = this.malformedCode,
  ): void {
    if (stream.isClosed) return;
    this.outbox.drop(stream);
    this.writeReset(stream, code);
    this.lose(stream, makeFault(faultCode, problem));
    this.countReset();
  }

  protected abstract readonly malformedCode: FaultCode;

  /** The same of a stream that is closed, or that was refused. */
  protected breakUnknown(id: number, code: Http2ErrorCode): void {
    this.closed.addReset(id, false);
    this.writeControl(rstStreamFrame(word(id), code));
    this.countReset();
  }

  protected writeReset(stream: Http2Stream, code: Http2ErrorCode): void {
    this.closed.addReset(stream.id, false);
    this.writeControl(rstStreamFrame(stream.idText, code));
  }

  /** Section 5.1, "closed". */
  protected onClosedStream(id: number, type: string): void {
    switch (this.closed.howEnded(id)) {
      case "reset by us":
        return;
      case "reset by peer":
        this.breakUnknown(id, H2.STREAM_CLOSED);
        return;
      case "ended":
        this.onConnectionError(H2.STREAM_CLOSED, `${type} on a closed stream`);
        return;
      case "unknown":
        // Section 5.1.1: a new stream's id is higher than any before. Else the stream was closed long ago.
        this.onConnectionError(
          type === "HEADERS" ? H2.PROTOCOL_ERROR : H2.STREAM_CLOSED,
          `${type} on a stream below the last one`,
        );
    }
  }

  protected openWindow(stream: Http2Stream): void {
    if (stream.received * 2 < this.limits.streamWindowBytes || stream.isRemoteEnded || stream.isClosed)
      return;
    this.writeControl(windowUpdateFrame(stream.idText, stream.received));
    stream.receiveWindow += stream.received;
    stream.received = 0;
  }

  resumed(stream: Http2Stream): void {
    if (!this.isDead) this.openWindow(stream);
  }

  resetByOwner(stream: Http2Stream, code: Http2ErrorCode): void {
    if (!stream.isClosed && !this.isDead) this.dropStream(stream, code);
  }

  // Sending

  writeBody(stream: Http2Stream, chunk: Uint8Array): void {
    if (!stream.isWriteEnded) this.outbox.body(stream, chunk);
  }

  writeEnd(stream: Http2Stream, trailers: Fields | null): void {
    if (!stream.isWriteEnded) this.outbox.end(stream, trailers);
  }

  writeTrailers(stream: Http2Stream, trailers: Fields): void {
    const block = this.encoder.begin() + this.encoder.fields(trailers, false);
    this.writeControl(headersFrames(block, true, stream.idText, MAX_FRAME_BYTES));
  }

  onDataSent(worthyFrames: number): void {
    // Each is worth a WINDOW_UPDATE of the stream and one of the connection.
    this.controlFrames.earn(2 * worthyFrames);
  }

  onEndSent(stream: Http2Stream): void {
    stream.isLocalEnded = true;
    this.onHalfClosed(stream);
  }

  /** We have ended; the peer perhaps has not. */
  protected abstract onHalfClosed(stream: Http2Stream): void;

  /** Anything but DATA. A peer that makes us write, and does not read, gets no further than a bound. */
  protected writeControl(text: string): void {
    if (this.isDead) return;
    this.writer.writeText(text);
    if (this.outbox.isWritable) return;
    this.pendingFrames++;
    const limit = this.limits.maxPendingControlFrames;
    if (this.pendingFrames > limit) {
      this.onConnectionError(
        H2.ENHANCE_YOUR_CALM,
        `more than ${limit} frames wait for a peer that does not read`,
      );
    }
  }

  /** Of frames that carry nothing; false when there were too many, and the connection is over. */
  protected countControl(type: string): boolean {
    if (this.controlFrames.take(this.nowMs)) return true;
    const limit = this.limits.controlFramesPerSecond;
    this.onConnectionError(
      H2.ENHANCE_YOUR_CALM,
      `${type}: more than ${limit} frames a second that carry nothing`,
    );
    return false;
  }

  protected countReset(): void {
    if (this.resets.take(this.nowMs)) return;
    const limit = this.limits.resetsPerSecond;
    this.onConnectionError(H2.ENHANCE_YOUR_CALM, `more than ${limit} streams reset in a second`);
  }
}
