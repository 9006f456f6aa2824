import { makeFault, sliceLatin1 } from "../../base/index.ts";
import type { Fault, FaultCode } from "../../base/index.ts";
import {
  CONNECTION_STREAM,
  goAwayFrame,
  pingFrame,
  SETTINGS_ACK,
  settingsFrame,
  windowUpdateFrame,
} from "./encode-frames.ts";
import { errorName, H2 } from "./errors.ts";
import type { Http2ErrorCode } from "./errors.ts";
import type { FrameEvents } from "./frame-reader.ts";
import { FrameReader } from "./frame-reader.ts";
import { INITIAL_WINDOW, MAX_31, SETTING } from "./frames.ts";
import { HpackDecoder } from "./hpack/decoder.ts";
import type { FieldSink } from "./hpack/decoder.ts";
import type { Http2Limits } from "./limits.ts";
import { MAX_FRAME_BYTES } from "./limits.ts";
import type { SessionEvents } from "./session-events.ts";
import { SessionStreams } from "./session-streams.ts";
import type { Http2Stream } from "./stream.ts";
import type { TrailerCollector } from "./trailer-collector.ts";
import type { Http2Writer } from "./writer.ts";

/** Our own pings: eight octets each. */
const KEEPALIVE_PING = "heddle k";
const DRAIN_PING = "heddle d";

/** For blocks that concern nobody any more: decoded all the same. */
const NOBODY: FieldSink = { take: () => {} };

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
export abstract class Http2Session extends SessionStreams implements FrameEvents {
  protected readonly reader: FrameReader;
  protected readonly decoder = new HpackDecoder();
  /** The highest stream that the peer, and that we have begun. */
  protected lastPeerStream = 0;
  protected lastOwnStream = 0;
  private pingIsOut = false;
  /** The last GOAWAY of a graceful end is written. */
  isDrained = false;
  protected isDraining = false;
  /** What the peer has sent on the connection since its window was opened last. */
  private received = 0;
  /** Of the DATA frame at hand: its stream, null when nobody wants it. */
  private dataStream: Http2Stream | null = null;
  private isDataLast = false;
  private dataLength = 0;

  constructor(writer: Http2Writer, limits: Http2Limits, events: SessionEvents, resetsPerSecond: number) {
    super(writer, limits, events, resetsPerSecond);
    // What is a little too large is still decoded, and refused by its size.
    this.reader = new FrameReader(limits.maxContinuations, limits.maxHeadBytes + MAX_FRAME_BYTES, this);
  }

  /** Code of a fault of the whole connection that is the peer's doing. */
  protected abstract faultCode(code: Http2ErrorCode): FaultCode;
  protected abstract readonly trailers: TrailerCollector;
  /** The fault of a stream that the peer has reset. */
  protected abstract peerReset(stream: Http2Stream, code: number): Fault;
  /** A block that begins a stream, or is a head of one; the stream is in no way ended. Must be decoded. */
  protected abstract onHead(
    stream: number,
    isLast: boolean,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): void;
  /** The stream was never begun (section 5.1, "idle"). */
  protected abstract isIdle(stream: number): boolean;

  /** Writes what a connection begins with (section 3.4). */
  start(): void {
    const extra = this.limits.connectionWindowBytes - INITIAL_WINDOW;
    if (extra > 0) this.writer.writeText(windowUpdateFrame(CONNECTION_STREAM, extra));
  }

  protected writeSettings(pairs: readonly (readonly [number, number])[]): void {
    this.writer.writeText(
      settingsFrame([
        ...pairs,
        [SETTING.INITIAL_WINDOW_SIZE, this.limits.streamWindowBytes],
        [SETTING.MAX_HEADER_LIST_SIZE, this.limits.maxHeadBytes],
        [SETTING.NO_RFC7540_PRIORITIES, 1],
      ]),
    );
  }

  /** Takes all of bytes[from, to). `nowMs` is the clock's, for rates. Throws for nothing that a peer can do. */
  read(bytes: Uint8Array, from: number, to: number, nowMs: number): void {
    this.nowMs = nowMs;
    this.reader.read(bytes, from, to);
    const { touched } = this;
    if (touched.length === 0) return;
    for (let i = 0; i < touched.length; i++) {
      const stream = touched[i];
      stream.isTouched = false;
      stream.events?.onReadDone();
    }
    touched.length = 0;
  }

  /** A frame or a header block has begun and is not whole: the head's time limit holds. */
  get isWithinFrame(): boolean {
    return this.reader.isWithinFrame;
  }

  /** Frames that came whole: whether a peer that is within one gets on. */
  get framesRead(): number {
    return this.reader.framesRead;
  }

  /** A stream's octets wait for a window that the peer does not open. */
  get isStalled(): boolean {
    return this.outbox.isWritable && this.outbox.waiting > 0;
  }

  /** Asks whether the peer is there: `onPong` says so. One at a time; of no effect while one is out. */
  ping(): void {
    if (this.pingIsOut || this.isDead) return;
    this.pingIsOut = true;
    this.writeControl(pingFrame(false, KEEPALIVE_PING));
  }

  /** A PING to a peer that sends no more: one that is gone altogether has its kernel answer with RST. */
  probe(): void {
    if (!this.isDead) this.writeControl(pingFrame(false, KEEPALIVE_PING));
  }

  /**
   * Begins the graceful end (section 6.8). A server sends GOAWAY with the highest id, and a ping; when that is
   * answered, or `finishDrain` is called, GOAWAY with the last id that it will answer. A client only opens no more.
   * Streams go on; the owner closes when `streamCount` is 0 and `isDrained`.
   */
  drain(): void {
    if (this.isDraining || this.isDead) return;
    this.isDraining = true;
    this.writeControl(goAwayFrame(MAX_31, H2.NO_ERROR) + pingFrame(false, DRAIN_PING));
  }

  /** The second GOAWAY, without waiting any longer. */
  finishDrain(): void {
    if (this.isDrained || this.isDead) return;
    this.isDraining = true;
    this.isDrained = true;
    this.writeControl(goAwayFrame(this.lastPeerStream, H2.NO_ERROR));
  }

  /** Ends the connection with GOAWAY; every stream gets `onReset(fault)`. The owner flushes and closes. */
  abort(code: Http2ErrorCode, fault: Fault): void {
    if (this.isDead) return;
    this.outbox.flush();
    this.writer.writeText(goAwayFrame(this.lastPeerStream, code));
    this.close(fault);
  }

  /** The transport is gone: every stream gets `onReset` with this fault, and nothing is written any more. */
  close(fault: Fault): void {
    if (this.isDead) return;
    this.isDead = true;
    this.reader.stop();
    this.outbox.stop();
    this.dataStream = null;
    const streams = this.streams.toArray();
    this.streams.clear();
    for (const stream of streams) {
      stream.isClosed = true;
      stream.queue = null;
      stream.queuedBytes = 0;
      const { events } = stream;
      stream.events = null;
      events?.onReset(fault);
      this.sessionEvents.onStreamClosed(stream);
    }
  }

  // FrameEvents

  onConnectionError(code: Http2ErrorCode, problem: string): void {
    if (this.isDead) return;
    const fault = makeFault(this.faultCode(code), `${errorName(code)}: ${problem}`);
    this.abort(code, fault);
    this.sessionEvents.onSessionFault(fault);
  }

  onHeaderBlock(
    id: number,
    isLast: boolean,
    dependency: number,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): void {
    this.controlFrames.earn(2);
    const stream = this.streams.get(id);
    if (stream === undefined ? this.isIdle(id) : !stream.isRemoteEnded && !this.isTrailers(stream)) {
      if (dependency === id) this.onSelfDependency(id, bytes, start, end);
      else this.onHead(id, isLast, bytes, start, end);
    } else if (stream === undefined) {
      if (this.decode(bytes, start, end, null)) this.onClosedStream(id, "HEADERS");
    } else if (stream.isRemoteEnded) {
      if (this.decode(bytes, start, end, null)) {
        this.breakStream(stream, H2.STREAM_CLOSED, "HEADERS behind the end of the stream");
      }
    } else {
      this.onTrailers(stream, isLast, bytes, start, end);
    }
  }

  /** The stream has had its head: what comes now is trailers. */
  protected abstract isTrailers(stream: Http2Stream): boolean;

  /** False when the block cannot be decoded, and the connection is over. Null: it concerns nobody any more. */
  protected decode(bytes: Uint8Array, start: number, end: number, sink: FieldSink | null): boolean {
    const problem = this.decoder.decode(bytes, start, end, sink ?? NOBODY);
    if (problem === "") return true;
    this.onConnectionError(H2.COMPRESSION_ERROR, `header block: ${problem}`);
    return false;
  }

  private onTrailers(
    stream: Http2Stream,
    isLast: boolean,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): void {
    const { trailers } = this;
    trailers.reset(this.limits.maxTrailerBytes, this.limits.maxFields);
    if (!this.decode(bytes, start, end, trailers)) return;
    const fields = trailers.finish();
    if (trailers.problem !== "") {
      this.breakStream(stream, H2.PROTOCOL_ERROR, `trailers: ${trailers.problem}`, trailers.code);
    } else if (!isLast) {
      // Section 8.1: nothing comes behind them.
      this.breakStream(stream, H2.PROTOCOL_ERROR, "trailers without END_STREAM");
    } else if (stream.expected > 0) {
      this.breakStream(stream, H2.PROTOCOL_ERROR, "body is shorter than its content-length");
    } else {
      this.endRemote(stream, fields);
    }
  }

  /** RFC 7540 section 5.3.1, which RFC 9113 leaves with those that still send priorities. */
  private onSelfDependency(id: number, bytes: Uint8Array, start: number, end: number): void {
    if (!this.decode(bytes, start, end, null)) return;
    if (this.isIdle(id)) this.noteSkipped(id);
    this.breakUnknown(id, H2.PROTOCOL_ERROR);
  }

  /** A stream of the peer that we do not serve: from now on it is closed. */
  protected noteSkipped(id: number): void {
    if (id > this.lastPeerStream) this.lastPeerStream = id;
  }

  onDataFrame(id: number, length: number, size: number, isLast: boolean): void {
    this.dataStream = null;
    this.isDataLast = isLast;
    this.dataLength = length;
    if (size === 0) {
      if (!isLast && !this.countControl("DATA without data")) return;
    } else if (length >= 1_024) {
      this.controlFrames.earn(1);
    }
    const stream = this.streams.get(id);
    if (stream === undefined) {
      if (this.isIdle(id)) this.onConnectionError(H2.PROTOCOL_ERROR, "DATA on an idle stream");
      else this.onClosedStream(id, "DATA");
      return;
    }
    stream.receiveWindow -= length;
    if (stream.isRemoteEnded) {
      this.breakStream(stream, H2.STREAM_CLOSED, "DATA behind the end of the stream");
    } else if (stream.receiveWindow < 0) {
      this.breakStream(stream, H2.FLOW_CONTROL_ERROR, "DATA beyond the stream's window");
    } else if (!this.isTrailers(stream)) {
      this.breakStream(stream, H2.PROTOCOL_ERROR, "DATA before a head");
    } else if (stream.expected >= 0 && size > stream.expected) {
      this.breakStream(stream, H2.PROTOCOL_ERROR, "body is longer than its content-length");
    } else {
      if (stream.expected >= 0) stream.expected -= size;
      this.dataStream = stream;
    }
  }

  onDataChunk(bytes: Uint8Array, start: number, end: number): void {
    const stream = this.dataStream;
    if (stream === null || stream.isClosed) return;
    this.touch(stream);
    stream.events?.onBody(bytes.subarray(start, end));
  }

  onDataFrameEnd(): void {
    const { dataStream: stream, dataLength } = this;
    this.dataStream = null;
    // The connection's window is opened whoever the data was for: one stream's slow reader stops no other. It has
    // room for two of the largest frames at least whenever one begins, so that it is never exceeded (section 6.9.1);
    // what is kept is bounded by the streams' windows.
    this.received += dataLength;
    if (this.received * 2 >= this.limits.connectionWindowBytes) {
      this.writeControl(windowUpdateFrame(CONNECTION_STREAM, this.received));
      this.received = 0;
    }
    if (stream === null || stream.isClosed) return;
    if (this.isDataLast) {
      if (stream.expected > 0) {
        this.breakStream(stream, H2.PROTOCOL_ERROR, "body is shorter than its content-length");
      } else {
        this.endRemote(stream, null);
      }
      return;
    }
    stream.received += dataLength;
    if (!stream.isPaused) this.openWindow(stream);
  }

  onPriority(id: number, dependency: number): void {
    if (!this.countControl("PRIORITY") || dependency !== id) return;
    const stream = this.streams.get(id);
    this.breakPriority(id, stream, H2.PROTOCOL_ERROR, "stream that depends on itself");
  }

  onRstStream(id: number, code: number): void {
    const stream = this.streams.get(id);
    if (stream === undefined) {
      if (this.isIdle(id)) this.onConnectionError(H2.PROTOCOL_ERROR, "RST_STREAM on an idle stream");
      else this.countControl("RST_STREAM of a closed stream");
      return;
    }
    const fault = this.peerReset(stream, code);
    this.closed.addReset(id, true);
    this.lose(stream, fault);
    this.countReset();
  }

  onSettingsAck(): void {
    this.hasSettingsAck = true;
    this.countControl("SETTINGS");
  }

  onSettings(bytes: Uint8Array, start: number, end: number): void {
    if (!this.countControl("SETTINGS")) return;
    const { peer } = this;
    const before = peer.initialWindow;
    const problem = peer.take(bytes, start, end, this.isClient);
    if (problem !== "") {
      this.onConnectionError(peer.code, problem);
      return;
    }
    this.encoder.resize(peer.headerTableBytes);
    // Behind it the peer takes what we do for what its settings say.
    this.writeControl(SETTINGS_ACK);
    const change = peer.initialWindow - before;
    if (change !== 0) {
      // Section 6.9.2: of open streams too, and below 0 where it must be.
      for (const stream of this.streams.toArray()) {
        if (this.outbox.growStream(stream, change)) continue;
        this.onConnectionError(
          H2.FLOW_CONTROL_ERROR,
          "INITIAL_WINDOW_SIZE makes a stream's window too large",
        );
        return;
      }
    }
    this.sessionEvents.onSettings();
  }

  protected abstract readonly isClient: boolean;

  onPing(isAck: boolean, bytes: Uint8Array, start: number): void {
    if (!this.countControl("PING")) return;
    const payload = sliceLatin1(bytes, start, start + 8);
    if (!isAck) {
      this.writeControl(pingFrame(true, payload));
    } else if (payload === DRAIN_PING) {
      if (this.isDraining) this.finishDrain();
    } else if (payload === KEEPALIVE_PING && this.pingIsOut) {
      this.pingIsOut = false;
      this.sessionEvents.onPong();
    }
  }

  onGoAway(_lastStream: number, code: number): void {
    if (this.countControl("GOAWAY")) this.sessionEvents.onGoAway(code);
  }

  onWindowUpdate(id: number, increment: number): void {
    if (!this.countControl("WINDOW_UPDATE")) return;
    if (id === 0) {
      if (increment === 0) this.onConnectionError(H2.PROTOCOL_ERROR, "WINDOW_UPDATE of 0");
      else if (!this.outbox.grow(increment)) {
        this.onConnectionError(H2.FLOW_CONTROL_ERROR, "connection's window is larger than 2^31-1");
      }
      return;
    }
    const stream = this.streams.get(id);
    if (stream === undefined) {
      // Section 5.1: it may have been under way when the stream ended.
      if (this.isIdle(id)) this.onConnectionError(H2.PROTOCOL_ERROR, "WINDOW_UPDATE on an idle stream");
      else if (increment === 0) this.breakUnknown(id, H2.PROTOCOL_ERROR);
    } else if (increment === 0) {
      this.breakStream(stream, H2.PROTOCOL_ERROR, "WINDOW_UPDATE of 0");
    } else if (!this.outbox.growStream(stream, increment)) {
      this.breakStream(stream, H2.FLOW_CONTROL_ERROR, "stream's window is larger than 2^31-1");
    }
  }

  onUnknownFrame(): void {
    this.countControl("frame of an unknown type");
  }

  onStreamSizeError(id: number): void {
    const stream = this.streams.get(id);
    this.breakPriority(id, stream, H2.FRAME_SIZE_ERROR, "PRIORITY of a wrong size");
  }

  /** PRIORITY may come in any state of a stream. One that is idle must not be reset (section 6.4). */
  private breakPriority(
    id: number,
    stream: Http2Stream | undefined,
    code: Http2ErrorCode,
    problem: string,
  ): void {
    if (stream !== undefined) this.breakStream(stream, code, problem);
    else if (this.isIdle(id)) this.onConnectionError(code, problem);
    else this.breakUnknown(id, code);
  }
}
