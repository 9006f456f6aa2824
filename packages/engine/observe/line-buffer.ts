/** Where a LineBuffer's chunks go. */
export interface LineSink {
  /**
   * Takes a chunk of whole lines, each with its line end, and says whether it did. False: it is busy, and calls the
   * buffer's `flushFull` when it is not. The bytes are the sink's until it takes the next chunk. Must not block.
   */
  write(bytes: Buffer): boolean;
}

export interface LineBufferLimits {
  /** Characters that are handed on without waiting for the timer. */
  readonly chunkChars: number;
  /** Characters that may wait while the sink is busy; beyond it lines are dropped. */
  readonly maxPendingChars: number;
}

export const DEFAULT_LINE_BUFFER_LIMITS: LineBufferLimits = {
  chunkChars: 65_536,
  maxPendingChars: 4_194_304,
};

/**
 * Gathers log lines into large writes. Bounded and lossy: when the sink does not keep up, new lines are dropped and
 * counted, never waited for. The caller flushes by a timer, about once a second, so that a quiet log is not late.
 *
 *   add → pending ──(a chunk long)──→ chunks ──(the sink is idle)──→ sink
 *
 * A backlog goes out chunk by chunk: making bytes of all of it at once would hold up the event loop.
 */
export class LineBuffer {
  private readonly sink: LineSink;
  private readonly limits: LineBufferLimits;
  /** Full chunks that the sink was too busy for, oldest first. */
  private readonly backlog: Buffer[] = [];
  private current: Buffer;
  private used = 0;
  /** The chunk that the sink has; free again when it takes another. */
  private lent: Buffer | null = null;
  private pending = 0;
  private lines = 0;
  private dropped = 0;

  constructor(sink: LineSink, limits: LineBufferLimits = DEFAULT_LINE_BUFFER_LIMITS) {
    this.sink = sink;
    this.limits = limits;
    this.current = this.makeChunk(0);
  }

  /**
   * Adds a line of ASCII, given without its end. It is written into the chunk at once: text that waits as strings
   * is a tree of its pieces, and the garbage collector carries it along (0.5 µs a line).
   */
  add(line: string): void {
    if (this.pending + line.length >= this.limits.maxPendingChars) {
      this.dropped++;
      return;
    }
    const size = line.length + 1;
    if (this.used >= this.limits.chunkChars || this.used + size > this.current.length) this.rotate(size);
    this.current.write(line, this.used, "latin1");
    this.used += size;
    this.current[this.used - 1] = NEWLINE;
    this.pending += size;
    this.lines++;
    this.flushFull();
  }

  /** Hands on what waits when it is a chunk: for the sink that has become idle. */
  flushFull(): void {
    if (this.backlog.length > 0 || this.used >= this.limits.chunkChars) this.flush();
  }

  /** Hands on what waits, chunk by chunk, as long as the sink takes it. */
  flush(): void {
    while (this.pending > 0 && this.handOn()) {}
  }

  private handOn(): boolean {
    const isBacklog = this.backlog.length > 0;
    const chunk = isBacklog ? this.backlog[0] : this.current.subarray(0, this.used);
    if (!this.sink.write(chunk)) return false;
    this.pending -= chunk.length;
    if (isBacklog) {
      this.backlog.shift();
      return true;
    }
    const free = this.lent;
    this.lent = this.current;
    this.current = free ?? this.makeChunk(0);
    this.used = 0;
    return true;
  }

  private rotate(size: number): void {
    if (this.used > 0) this.backlog.push(this.current.subarray(0, this.used));
    this.current = this.makeChunk(size);
    this.used = 0;
  }

  /** Room for a chunk and the line that makes it one. */
  private makeChunk(lineSize: number): Buffer {
    return Buffer.allocUnsafeSlow(Math.max(this.limits.chunkChars + LINE_ROOM, lineSize));
  }

  /** Lines taken so far, those that wait included. */
  get lineCount(): number {
    return this.lines;
  }

  /** Lines dropped so far. */
  get droppedCount(): number {
    return this.dropped;
  }

  get pendingChars(): number {
    return this.pending;
  }
}

const NEWLINE = 10;
const LINE_ROOM = 4_096;
