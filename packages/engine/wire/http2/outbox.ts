import { Buffer } from "node:buffer";
import { copyBytes, sliceLatin1 } from "../../base/index.ts";
import type { Fields } from "../../message/index.ts";
import { frameHeader } from "./encode-frames.ts";
import { FLAG, FRAME, FRAME_HEADER_BYTES, INITIAL_WINDOW, MAX_31 } from "./frames.ts";
import { MAX_FRAME_BYTES } from "./limits.ts";
import type { Http2Stream } from "./stream.ts";
import type { Http2Writer } from "./writer.ts";

export interface OutboxEvents {
  /** Writes trailers, with END_STREAM: the table is the session's. */
  writeTrailers(stream: Http2Stream, trailers: Fields): void;
  /** END_STREAM has been written. */
  onEndSent(stream: Http2Stream): void;
  /** DATA was written: so many frames that the peer may answer with WINDOW_UPDATE. */
  onDataSent(worthyFrames: number): void;
}

/** A chunk up to this size is held for a moment, so that END_STREAM can go with it, and travels as text. */
const MAX_HELD = 14_336;

/** A DATA frame of this size is worth a WINDOW_UPDATE, however small the windows are (CVE-2019-9511). */
const WORTHY_BYTES = 1_024;

/** What a chunk that waits costs beyond its octets. */
const CHUNK_CHARGE = 128;

function held(stream: Http2Stream): number {
  return stream.queue === null ? 0 : stream.queuedBytes + stream.queue.length * CHUNK_CHARGE;
}

/**
 * Where frames of DATA are put together, so that the writer gets a few of them as one piece and keeps it in one buffer.
 * As large as the smaller ones of net's slabs; frames that fill it to the octet.
 */
const ASSEMBLY_BYTES = 65_536;
const MAX_ASSEMBLED_DATA = MAX_FRAME_BYTES - FRAME_HEADER_BYTES;
const assembly: Buffer = Buffer.allocUnsafeSlow(ASSEMBLY_BYTES);

/** Puts a frame's header at `at`; returns the offset behind it. */
function beginFrame(stream: Http2Stream, length: number, flags: number, at: number): number {
  assembly.writeUIntBE(length, at, 3);
  assembly[at + 3] = FRAME.DATA;
  assembly[at + 4] = flags;
  assembly.writeUInt32BE(stream.id, at + 5);
  return at + FRAME_HEADER_BYTES;
}

/** Moves of the first queued chunk at most `limit` octets to `at`; returns how many. */
function takeQueued(stream: Http2Stream, limit: number, at: number): number {
  const queue = stream.queue!;
  const chunk = queue[0];
  const start = stream.queueOffset;
  const end = Math.min(start + limit, chunk.length);
  assembly.set(start === 0 && end === chunk.length ? chunk : chunk.subarray(start, end), at);
  if (end === chunk.length) {
    queue.shift();
    stream.queueOffset = 0;
  } else {
    stream.queueOffset = end;
  }
  return end - start;
}

/**
 * Sends the bodies of all streams within their windows and the connection's (RFC 9113 section 6.9), in turn: one
 * frame each. What cannot go waits in its stream, copied.
 *
 * Invariants: a stream is in the list exactly while it has octets and a window; octets that wait are never
 * overtaken by later ones of the same stream.
 */
export class Outbox {
  private readonly writer: Http2Writer;
  private readonly events: OutboxEvents;
  private readonly highWaterBytes: number;
  /** What the connection may send. */
  window = INITIAL_WINDOW;
  /** False: the connection's own buffer is full, and everything waits in the streams. */
  isWritable = true;
  /** Streams with octets that wait. */
  waiting = 0;
  /** Octets of data sent so far: whether a peer that stalls gets on. */
  sentBytes = 0;
  private first: Http2Stream | null = null;
  private last: Http2Stream | null = null;
  private isPumping = false;
  /** A chunk that is as good as sent: windows are charged. */
  private heldStream: Http2Stream | null = null;
  private heldText = "";

  constructor(writer: Http2Writer, highWaterBytes: number, events: OutboxEvents) {
    this.writer = writer;
    this.highWaterBytes = highWaterBytes;
    this.events = events;
  }

  body(stream: Http2Stream, chunk: Uint8Array): void {
    const { length } = chunk;
    if (length === 0) return;
    const isFree = this.isWritable && !this.isPumping && this.first === null && stream.queuedBytes === 0;
    if (isFree && length <= stream.sendWindow && length <= this.window) {
      this.send(stream, chunk);
      return;
    }
    if (stream.queuedBytes === 0) this.waiting++;
    (stream.queue ??= []).push(copyBytes(chunk));
    stream.queuedBytes += length;
    this.list(stream);
    this.pump();
  }

  /** END_STREAM behind the body, with trailers or without. */
  end(stream: Http2Stream, trailers: Fields | null): void {
    if (stream.queuedBytes > 0) {
      stream.isEnding = true;
      stream.trailers = trailers;
      return;
    }
    if (trailers === null && this.heldStream === stream) this.writeHeld(FLAG.END_STREAM);
    else this.writeEnd(stream, trailers);
    this.events.onEndSent(stream);
  }

  private writeEnd(stream: Http2Stream, trailers: Fields | null): void {
    if (this.heldStream === stream) this.writeHeld(0);
    if (trailers !== null) this.events.writeTrailers(stream, trailers);
    else this.writer.writeText(frameHeader(0, FRAME.DATA, FLAG.END_STREAM, stream.idText));
  }

  /** Gives the writer what was held. */
  flush(): void {
    if (this.heldStream !== null) this.writeHeld(0);
  }

  /** The stream is gone: nothing more of it goes out. */
  drop(stream: Http2Stream): void {
    // Windows are charged for it: the peer must see it.
    if (this.heldStream === stream) this.writeHeld(0);
    if (stream.queuedBytes > 0) this.waiting--;
    stream.queue = null;
    stream.queuedBytes = 0;
    stream.trailers = null;
    if (stream.isListed) this.unlist(stream);
  }

  /** The connection's window has grown; false when it has outgrown what a window may be. */
  grow(increment: number): boolean {
    this.window += increment;
    if (this.window > MAX_31) return false;
    this.pump();
    return true;
  }

  /** The same of one stream; `increment` may be below 0. */
  growStream(stream: Http2Stream, increment: number): boolean {
    stream.sendWindow += increment;
    if (stream.sendWindow > MAX_31) return false;
    if (stream.isListed && stream.sendWindow <= 0) this.unlist(stream);
    this.list(stream);
    this.pump();
    return true;
  }

  setWritable(isWritable: boolean): void {
    this.isWritable = isWritable;
    if (isWritable) this.pump();
  }

  /** The connection is over. */
  stop(): void {
    this.isWritable = false;
    this.first = null;
    this.last = null;
  }

  mustHold(stream: Http2Stream): boolean {
    if (this.isWritable && held(stream) <= this.highWaterBytes) return false;
    stream.owesDrain = true;
    return true;
  }

  /** Lets a stream's owner go on, if it was told to hold and need not any longer. */
  relieve(stream: Http2Stream): void {
    if (!stream.owesDrain || !this.isWritable || held(stream) > this.highWaterBytes / 2) return;
    stream.owesDrain = false;
    stream.events?.onDrain();
  }

  private send(stream: Http2Stream, chunk: Uint8Array): void {
    const { length } = chunk;
    this.charge(stream, length);
    if (this.heldStream !== null) this.writeHeld(0);
    if (length <= MAX_HELD) {
      this.heldStream = stream;
      this.heldText = sliceLatin1(chunk, 0, length);
      return;
    }
    let size = 0;
    for (let at = 0; at < length; at += MAX_ASSEMBLED_DATA) {
      if (size === ASSEMBLY_BYTES) {
        this.writer.writeBytes(assembly);
        size = 0;
      }
      const data = Math.min(MAX_ASSEMBLED_DATA, length - at);
      size = beginFrame(stream, data, 0, size);
      assembly.set(chunk.subarray(at, at + data), size);
      size += data;
    }
    this.writer.writeBytes(assembly.subarray(0, size));
  }

  private charge(stream: Http2Stream, length: number): void {
    stream.sendWindow -= length;
    this.window -= length;
    this.sentBytes += length;
    const isWorthy = length >= WORTHY_BYTES || (stream.sendWindow > 0 && this.window > 0);
    if (isWorthy) this.events.onDataSent(Math.ceil(length / MAX_FRAME_BYTES));
  }

  private writeHeld(flags: number): void {
    const { heldStream, heldText } = this;
    this.heldStream = null;
    this.heldText = "";
    this.writer.writeText(frameHeader(heldText.length, FRAME.DATA, flags, heldStream!.idText) + heldText);
  }

  /** Sends what the windows allow, one frame of each stream in turn. */
  private pump(): void {
    if (this.isPumping) return;
    this.isPumping = true;
    while (this.first !== null && this.window > 0 && this.isWritable) {
      const stream = this.first;
      this.unlist(stream);
      this.sendQueued(stream);
      if (stream.queuedBytes > 0) this.list(stream);
      this.relieve(stream);
    }
    this.isPumping = false;
  }

  private sendQueued(stream: Http2Stream): void {
    const length = Math.min(MAX_FRAME_BYTES, this.window, stream.sendWindow, stream.queuedBytes);
    const isWhole = length === stream.queuedBytes;
    const isLast = isWhole && stream.isEnding && stream.trailers === null;
    if (this.heldStream === stream) this.writeHeld(0);
    this.charge(stream, length);
    let size = beginFrame(stream, length, isLast ? FLAG.END_STREAM : 0, 0);
    for (let left = length; left > 0;) {
      const taken = takeQueued(stream, left, size);
      size += taken;
      left -= taken;
    }
    this.writer.writeBytes(assembly.subarray(0, size));
    stream.queuedBytes -= length;
    if (!isWhole) return;
    this.waiting--;
    stream.queue = null;
    if (!stream.isEnding) return;
    if (!isLast) this.events.writeTrailers(stream, stream.trailers!);
    this.events.onEndSent(stream);
  }

  /** Appends a stream that has something to send, and may. */
  private list(stream: Http2Stream): void {
    if (stream.isListed || stream.queuedBytes === 0 || stream.sendWindow <= 0) return;
    stream.isListed = true;
    stream.next = null;
    if (this.last === null) this.first = stream;
    else this.last.next = stream;
    this.last = stream;
  }

  private unlist(stream: Http2Stream): void {
    stream.isListed = false;
    let before: Http2Stream | null = null;
    for (let at = this.first; at !== stream; at = at!.next) before = at;
    if (before === null) this.first = stream.next;
    else before.next = stream.next;
    if (this.last === stream) this.last = before;
    stream.next = null;
  }
}
