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
 */
export class LineBuffer {
  private readonly sink: LineSink;
  private readonly limits: LineBufferLimits;
  private pending = "";
  private lines = 0;
  private dropped = 0;

  constructor(sink: LineSink, limits: LineBufferLimits = DEFAULT_LINE_BUFFER_LIMITS) {
    this.sink = sink;
    this.limits = limits;
  }

  /** Adds a line, given without its end. */
  add(line: string): void {
    if (this.pending.length + line.length >= this.limits.maxPendingChars) {
      this.dropped++;
      return;
    }
    this.lines++;
    this.pending += line + "\n";
    this.flushFull();
  }

  /** Hands on what waits when it is a chunk: for the sink that has become idle. */
  flushFull(): void {
    if (this.pending.length >= this.limits.chunkChars) this.flush();
  }

  /** Hands on what waits, if the sink takes it. */
  flush(): void {
    if (this.pending !== "" && this.sink.write(this.pending)) this.pending = "";
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
    return this.pending.length;
  }
}
