import { H2 } from "./errors.ts";
import type { Http2ErrorCode } from "./errors.ts";
import { FLAG, FRAME, FRAME_HEADER_BYTES, MAX_31 } from "./frames.ts";
import { MAX_FRAME_BYTES } from "./limits.ts";
import { OctetStore } from "./octet-store.ts";

/** Takes the frames of a connection. Stream ids are checked for being there or not, and for nothing else. */
export interface FrameEvents {
  /**
   * A DATA frame begins, with `size` octets of data; `length` counts for flow control, padding included. Chunks follow,
   * then the end.
   */
  onDataFrame(stream: number, length: number, size: number, isLast: boolean): void;
  /** A piece of the frame's data: bytes[start, end), never empty. */
  onDataChunk(bytes: Uint8Array, start: number, end: number): void;
  onDataFrameEnd(): void;
  /** A whole header block of HEADERS and its CONTINUATION frames. `dependency`: the stream's parent, or -1. */
  onHeaderBlock(
    stream: number,
    isLast: boolean,
    dependency: number,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): void;
  onPriority(stream: number, dependency: number): void;
  onRstStream(stream: number, code: number): void;
  onSettingsAck(): void;
  /** bytes[start, end) are whole parameters. */
  onSettings(bytes: Uint8Array, start: number, end: number): void;
  onPing(isAck: boolean, bytes: Uint8Array, start: number): void;
  onGoAway(lastStream: number, code: number): void;
  /** `increment` may be 0. */
  onWindowUpdate(stream: number, increment: number): void;
  /** Of a type that is not known: ignored (RFC 9113 section 5.5). */
  onUnknownFrame(): void;
  /** The frame's size is wrong, and it concerns that stream alone. */
  onStreamSizeError(stream: number): void;
  /** The connection cannot go on; nothing more is read. */
  onConnectionError(code: Http2ErrorCode, problem: string): void;
}

/**
 * Cuts a connection's octets into frames (RFC 9113 sections 4 and 6), and header blocks together. DATA passes as it
 * comes; of other frames what is not whole is copied and waits, bounded by the frame size.
 *
 *   frame ⇄ data (within a DATA frame)        any ─error, stop→ dead
 */
export class FrameReader {
  private readonly events: FrameEvents;
  private readonly maxContinuations: number;
  private readonly maxBlockBytes: number;
  private isDead = false;
  /** Section 3.4: SETTINGS come first. */
  private awaitsSettings = true;
  /** Frames that came whole, DATA aside. */
  framesRead = 0;
  private readonly partial = new OctetStore();
  /** Of a DATA frame: octets of data, and of padding behind them, that are still to come. */
  private isInData = false;
  private awaitsPadding = false;
  private data = 0;
  private padding = 0;
  /** Of DATA with padding whose length has not come yet. */
  private stream = 0;
  private flags = 0;
  /** The stream whose header block goes on; 0 for none. */
  private blockStream = 0;
  private isBlockLast = false;
  private dependency = -1;
  private continuations = 0;
  private readonly block = new OctetStore();

  constructor(maxContinuations: number, maxBlockBytes: number, events: FrameEvents) {
    this.maxContinuations = maxContinuations;
    this.maxBlockBytes = maxBlockBytes;
    this.events = events;
  }

  /** A frame or a header block has begun and is not whole; DATA aside. */
  get isWithinFrame(): boolean {
    return this.partial.length > 0 || this.blockStream !== 0;
  }

  stop(): void {
    this.isDead = true;
    this.partial.clear();
    this.block.clear();
    this.blockStream = 0;
  }

  read(bytes: Uint8Array, start: number, end: number): void {
    let at = start;
    while (at < end && !this.isDead) {
      if (this.isInData) at = this.readData(bytes, at, end);
      else if (this.partial.length > 0) at = this.resume(bytes, at, end);
      else {
        const next = this.readFrame(bytes, at, end);
        if (next < 0) {
          if (!this.isDead) this.partial.append(bytes, at, end);
          return;
        }
        at = next;
      }
    }
  }

  /** Goes on with a frame of which some octets wait. Takes no octet of the next one. */
  private resume(bytes: Uint8Array, start: number, end: number): number {
    const { partial } = this;
    let at = start;
    for (;;) {
      const wanted = partial.length < FRAME_HEADER_BYTES ? FRAME_HEADER_BYTES : frameEnd(partial.bytes);
      const taken = Math.min(wanted - partial.length, end - at);
      partial.append(bytes, at, at + taken);
      at += taken;
      if (partial.length < wanted) return end;
      const { bytes: whole, length } = partial;
      const next = this.readFrame(whole, 0, length);
      if (this.isDead) return end;
      if (next >= 0) {
        partial.clear();
        return at;
      }
      // Its header is whole, and asks for more.
      if (at === end) return end;
    }
  }

  /** The frame at `at`: returns the offset behind it, or behind DATA's header; -1 when it is not whole, or dead. */
  private readFrame(bytes: Uint8Array, at: number, end: number): number {
    if (end - at < FRAME_HEADER_BYTES) return -1;
    const length = (bytes[at] << 16) | (bytes[at + 1] << 8) | bytes[at + 2];
    const type = bytes[at + 3];
    const flags = bytes[at + 4];
    const stream =
      ((bytes[at + 5] & 0x7f) << 24) | (bytes[at + 6] << 16) | (bytes[at + 7] << 8) | bytes[at + 8];
    if (length > MAX_FRAME_BYTES) {
      return this.fail(H2.FRAME_SIZE_ERROR, `frame of ${length} bytes, limit ${MAX_FRAME_BYTES}`);
    }
    if (this.awaitsSettings) {
      if (type !== FRAME.SETTINGS || (flags & FLAG.ACK) !== 0) {
        return this.fail(H2.PROTOCOL_ERROR, "first frame is not SETTINGS");
      }
      this.awaitsSettings = end - at < FRAME_HEADER_BYTES + length;
    }
    // Section 6.10: nothing comes between the frames of a header block.
    if (this.blockStream !== 0 && (type !== FRAME.CONTINUATION || stream !== this.blockStream)) {
      return this.fail(H2.PROTOCOL_ERROR, "header block without its CONTINUATION");
    }
    const start = at + FRAME_HEADER_BYTES;
    if (type === FRAME.DATA) {
      this.beginData(stream, length, flags);
      return this.isDead ? -1 : start;
    }
    if (end - start < length) return -1;
    this.takeFrame(type, flags, stream, bytes, start, start + length);
    return this.isDead ? -1 : start + length;
  }

  private takeFrame(
    type: number,
    flags: number,
    stream: number,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): void {
    const length = end - start;
    this.framesRead++;
    switch (type) {
      case FRAME.HEADERS:
        this.takeHeaders(flags, stream, bytes, start, end);
        return;
      case FRAME.CONTINUATION:
        this.takeContinuation(flags, bytes, start, end);
        return;
      case FRAME.WINDOW_UPDATE:
        if (length !== 4) this.sizeError("WINDOW_UPDATE", length);
        else this.events.onWindowUpdate(stream, word31(bytes, start));
        return;
      case FRAME.RST_STREAM:
        if (stream === 0) this.withoutStream("RST_STREAM");
        else if (length !== 4) this.sizeError("RST_STREAM", length);
        else this.events.onRstStream(stream, word32(bytes, start));
        return;
      case FRAME.PRIORITY:
        if (stream === 0) this.withoutStream("PRIORITY");
        else if (length !== 5) this.events.onStreamSizeError(stream);
        else this.events.onPriority(stream, word31(bytes, start));
        return;
      case FRAME.PUSH_PROMISE:
        // Sections 6.6 and 8.4: a client sends none, and a server must not once push is off.
        this.fail(H2.PROTOCOL_ERROR, "PUSH_PROMISE, which was not enabled");
        return;
      case FRAME.SETTINGS:
      case FRAME.PING:
      case FRAME.GOAWAY:
        if (stream !== 0) this.fail(H2.PROTOCOL_ERROR, "frame of the connection with a stream");
        else this.takeConnectionFrame(type, flags, bytes, start, end);
        return;
      default:
        this.events.onUnknownFrame();
    }
  }

  private takeConnectionFrame(
    type: number,
    flags: number,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): void {
    const length = end - start;
    if (type === FRAME.PING) {
      if (length !== 8) this.sizeError("PING", length);
      else this.events.onPing((flags & FLAG.ACK) !== 0, bytes, start);
    } else if (type === FRAME.GOAWAY) {
      if (length < 8) this.sizeError("GOAWAY", length);
      else this.events.onGoAway(word31(bytes, start), word32(bytes, start + 4));
    } else if ((flags & FLAG.ACK) !== 0) {
      if (length !== 0) this.sizeError("SETTINGS with ACK", length);
      else this.events.onSettingsAck();
    } else if (length % 6 !== 0) {
      this.sizeError("SETTINGS", length);
    } else {
      this.events.onSettings(bytes, start, end);
    }
  }

  /** Section 6.2. */
  private takeHeaders(flags: number, stream: number, bytes: Uint8Array, start: number, end: number): void {
    if (stream === 0) {
      this.withoutStream("HEADERS");
      return;
    }
    let from = start;
    let to = end;
    if ((flags & FLAG.PADDED) !== 0) {
      if (from === to) {
        this.sizeError("HEADERS", 0);
        return;
      }
      to -= bytes[from++];
    }
    this.dependency = -1;
    if ((flags & FLAG.PRIORITY) !== 0) {
      if (end - from < 5) {
        this.sizeError("HEADERS", end - start);
        return;
      }
      this.dependency = word31(bytes, from);
      from += 5;
    }
    if (from > to) {
      this.fail(H2.PROTOCOL_ERROR, "padding larger than its HEADERS frame");
      return;
    }
    const isLast = (flags & FLAG.END_STREAM) !== 0;
    if ((flags & FLAG.END_HEADERS) !== 0) {
      this.events.onHeaderBlock(stream, isLast, this.dependency, bytes, from, to);
      return;
    }
    this.blockStream = stream;
    this.isBlockLast = isLast;
    this.continuations = 0;
    this.block.append(bytes, from, to);
  }

  /** Section 6.10. Frames and octets of a block are bounded: what they decode to is not known before (threat 3). */
  private takeContinuation(flags: number, bytes: Uint8Array, start: number, end: number): void {
    const { blockStream, block } = this;
    if (blockStream === 0) {
      this.fail(H2.PROTOCOL_ERROR, "CONTINUATION without a header block");
      return;
    }
    this.continuations++;
    if (this.continuations > this.maxContinuations) {
      this.fail(
        H2.ENHANCE_YOUR_CALM,
        `more than ${this.maxContinuations} CONTINUATION frames in a header block`,
      );
      return;
    }
    block.append(bytes, start, end);
    if (block.length > this.maxBlockBytes) {
      this.fail(H2.ENHANCE_YOUR_CALM, `header block is larger than ${this.maxBlockBytes} bytes`);
      return;
    }
    if ((flags & FLAG.END_HEADERS) === 0) return;
    this.blockStream = 0;
    this.events.onHeaderBlock(blockStream, this.isBlockLast, this.dependency, block.bytes, 0, block.length);
    block.clear();
  }

  /** Section 6.1. */
  private beginData(stream: number, length: number, flags: number): void {
    if (stream === 0) {
      this.withoutStream("DATA");
      return;
    }
    this.isInData = true;
    this.data = length;
    this.padding = 0;
    if ((flags & FLAG.PADDED) !== 0) {
      if (length === 0) {
        this.sizeError("DATA", 0);
        return;
      }
      this.awaitsPadding = true;
      this.stream = stream;
      this.flags = flags;
      return;
    }
    this.events.onDataFrame(stream, length, length, (flags & FLAG.END_STREAM) !== 0);
    if (length === 0 && !this.isDead) this.endData();
  }

  private readData(bytes: Uint8Array, start: number, end: number): number {
    let at = start;
    if (this.awaitsPadding) {
      this.awaitsPadding = false;
      const length = this.data;
      this.padding = bytes[at++];
      this.data = length - 1 - this.padding;
      if (this.data < 0) {
        this.fail(H2.PROTOCOL_ERROR, "padding larger than its DATA frame");
        return end;
      }
      this.events.onDataFrame(this.stream, length, this.data, (this.flags & FLAG.END_STREAM) !== 0);
    } else if (this.data > 0) {
      const to = Math.min(at + this.data, end);
      this.data -= to - at;
      this.events.onDataChunk(bytes, at, to);
      at = to;
    }
    if (this.data === 0) {
      const skipped = Math.min(this.padding, end - at);
      this.padding -= skipped;
      at += skipped;
      if (this.padding === 0 && !this.isDead) this.endData();
    }
    return at;
  }

  private endData(): void {
    this.isInData = false;
    this.events.onDataFrameEnd();
  }

  private withoutStream(type: string): void {
    this.fail(H2.PROTOCOL_ERROR, `${type} without a stream`);
  }

  private sizeError(type: string, length: number): void {
    this.fail(H2.FRAME_SIZE_ERROR, `${type} of ${length} bytes`);
  }

  private fail(code: Http2ErrorCode, problem: string): -1 {
    this.stop();
    this.events.onConnectionError(code, problem);
    return -1;
  }
}

function frameEnd(bytes: Uint8Array): number {
  return FRAME_HEADER_BYTES + ((bytes[0] << 16) | (bytes[1] << 8) | bytes[2]);
}

/** The number in four octets; word31 without the reserved bit. */
function word32(bytes: Uint8Array, at: number): number {
  return ((bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3]) >>> 0;
}

function word31(bytes: Uint8Array, at: number): number {
  return word32(bytes, at) & MAX_31;
}
