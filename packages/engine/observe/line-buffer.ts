/** Where a LineBuffer's chunks go. */
export interface LineSink {
  /**
   * Takes a chunk of whole lines, each with its line end, and says whether it did. False: it is busy, and calls the
   * buffer's `flushFull` when it is not. Must not block.
   */
  write(text: string): boolean;
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
  private pending = "";
  /** Whole chunks that the sink has not taken yet, oldest first. */
  private readonly chunks: string[] = [];
  private chunkChars = 0;
  private lines = 0;
  private dropped = 0;

  constructor(sink: LineSink, limits: LineBufferLimits = DEFAULT_LINE_BUFFER_LIMITS) {
    this.sink = sink;
    this.limits = limits;
  }

  /** Adds a line, given without its end. */
  add(line: string): void {
    if (this.pendingChars + line.length >= this.limits.maxPendingChars) {
      this.dropped++;
      return;
    }
    this.lines++;
    this.pending += line + "\n";
    if (this.pending.length < this.limits.chunkChars) return;
    this.chunks.push(this.pending);
    this.chunkChars += this.pending.length;
    this.pending = "";
    this.flushFull();
  }

  /** Hands on whole chunks while the sink takes them: for the sink that has become idle. */
  flushFull(): void {
    while (this.chunks.length > 0 && this.sink.write(this.chunks[0])) {
      this.chunkChars -= this.chunks[0].length;
      this.chunks.shift();
    }
  }

  /** Hands on everything that waits, if the sink takes it. */
  flush(): void {
    this.flushFull();
    if (this.chunks.length === 0 && this.pending !== "" && this.sink.write(this.pending)) this.pending = "";
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
    return this.chunkChars + this.pending.length;
  }
}
