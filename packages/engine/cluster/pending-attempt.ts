import { copyBytes } from "../base/index.ts";
import type { Fault } from "../base/index.ts";
import type { Fields, RequestHead, UpstreamEvents, UpstreamStream } from "../message/index.ts";

/** Who has it wait. */
export interface PendingOwner {
  onPendingReset(): void;
}

/**
 * An attempt whose connection cannot carry it yet: there is none, ALPN has not agreed on a protocol, or the endpoint's
 * SETTINGS have not come. Holds what is written, up to the high-water mark and a chunk, and passes it on.
 *
 *   waiting ─(begin)─► passing on
 *      └──(reset, fault)──► over
 */
export class PendingAttempt implements UpstreamStream {
  readonly head: RequestHead;
  readonly isLast: boolean;
  readonly events: UpstreamEvents;
  private readonly highWaterBytes: number;
  private stream: UpstreamStream | null = null;
  private readonly chunks: Uint8Array[] = [];
  private bytes = 0;
  private isEnded = false;
  private trailers: Fields | null = null;
  private isPaused = false;
  private isHeldBack = false;
  /** Nobody wants it any more. */
  isOver = false;
  /** Null: it looks by itself, at `isOver`. */
  owner: PendingOwner | null = null;

  constructor(head: RequestHead, isLast: boolean, events: UpstreamEvents, highWaterBytes: number) {
    this.head = head;
    this.isLast = isLast;
    this.events = events;
    this.highWaterBytes = highWaterBytes;
  }

  get mayBeUnsent(): boolean {
    return this.stream === null || this.stream.mayBeUnsent;
  }

  /** The connection can carry it, as `opened`, or never will. */
  begin(opened: UpstreamStream | Fault): void {
    if (this.isOver) return;
    if ("code" in opened) {
      this.isOver = true;
      this.events.onUpstreamReset(opened);
      return;
    }
    this.stream = opened;
    for (const chunk of this.chunks.splice(0)) opened.writeBody(chunk);
    if (this.isEnded) opened.writeEnd(this.trailers);
    if (this.isPaused) opened.pauseResponseBody();
    if (opened.flush() && this.isHeldBack) this.events.onUpstreamDrain();
  }

  writeBody(chunk: Uint8Array): void {
    if (this.stream !== null) {
      this.stream.writeBody(chunk);
      return;
    }
    this.chunks.push(copyBytes(chunk));
    this.bytes += chunk.length;
  }

  writeEnd(trailers: Fields | null): void {
    if (this.stream !== null) {
      this.stream.writeEnd(trailers);
      return;
    }
    this.isEnded = true;
    this.trailers = trailers;
  }

  flush(): boolean {
    if (this.stream !== null) return this.stream.flush();
    this.isHeldBack = this.bytes > this.highWaterBytes;
    return !this.isHeldBack;
  }

  reset(fault: Fault): void {
    this.isOver = true;
    this.chunks.length = 0;
    this.owner?.onPendingReset();
    this.stream?.reset(fault);
  }

  pauseResponseBody(): void {
    this.isPaused = true;
    this.stream?.pauseResponseBody();
  }

  resumeResponseBody(): void {
    this.isPaused = false;
    this.stream?.resumeResponseBody();
  }
}
