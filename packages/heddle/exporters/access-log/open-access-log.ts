import { formatCommon, formatJson, LineBuffer } from "@heddle/engine/observe";
import type { AccessRecord, LineBufferLimits, QueryLogging, WorkerLane } from "@heddle/engine/observe";
import { AppendSink } from "./append-sink.ts";

export interface AccessLogSettings {
  /** A file, made with mode 0640 when it is not there, or "-" for standard output. */
  readonly path: string;
  /** Default "json". */
  readonly format?: "json" | "common";
  /** Default "none": paths only. */
  readonly query?: QueryLogging;
  /** How long a line may wait for others. Default 1,000. */
  readonly flushMs?: number;
  readonly limits?: LineBufferLimits;
  /** Where lines and drops are counted. */
  readonly lane?: WorkerLane;
  /** A write failed, and its lines are lost; called at most once a second. */
  readonly onError?: (error: Error) => void;
}

export interface AccessLog {
  /** Writes one line, soon. Never waits: when the file does not keep up, lines are dropped and counted. */
  record(record: AccessRecord): void;
  /** For log rotation (SIGHUP): goes on in a new file of the same path. Rejects, and keeps the old one, on error. */
  reopen(): Promise<void>;
  /** Writes what waits, for at most `timeoutMs` (default 1,000), and closes. */
  close(timeoutMs?: number): Promise<void>;
  readonly lineCount: number;
  /** Dropped for want of room, or lost by a failed write. */
  readonly droppedCount: number;
}

const ERROR_INTERVAL_MS = 1_000;

/** Opens the access log of one worker; several may append to one file. Rejects when it cannot be opened. */
export async function openAccessLog(settings: AccessLogSettings): Promise<AccessLog> {
  let quietUntilMs = 0;
  const sink = await AppendSink.open(settings.path, (error) => {
    const nowMs = performance.now();
    if (nowMs < quietUntilMs) return;
    quietUntilMs = nowMs + ERROR_INTERVAL_MS;
    settings.onError?.(error);
  });
  return new OpenAccessLog(sink, settings);
}

class OpenAccessLog implements AccessLog {
  private readonly sink: AppendSink;
  private readonly buffer: LineBuffer;
  private readonly isJson: boolean;
  private readonly query: QueryLogging;
  private readonly lane: WorkerLane | undefined;
  private readonly timer: NodeJS.Timeout;
  private isClosed = false;

  constructor(sink: AppendSink, settings: AccessLogSettings) {
    this.sink = sink;
    this.buffer = new LineBuffer(sink, settings.limits);
    this.isJson = settings.format !== "common";
    this.query = settings.query ?? "none";
    this.lane = settings.lane;
    this.timer = setInterval(() => this.tick(), settings.flushMs ?? 1_000).unref();
    // A chunk is ready again only after a while, or at once when the file was behind.
    sink.onIdle = () => this.buffer.flushFull();
  }

  record(record: AccessRecord): void {
    if (this.isClosed) return;
    this.buffer.add(this.isJson ? formatJson(record, this.query) : formatCommon(record, this.query));
  }

  reopen(): Promise<void> {
    return this.sink.reopen();
  }

  async close(timeoutMs: number = 1_000): Promise<void> {
    if (this.isClosed) return;
    this.isClosed = true;
    clearInterval(this.timer);
    await this.drained(timeoutMs);
    this.tellLane();
    // A write that hangs keeps its descriptor: closing it under the write could hit another file.
    if (this.sink.isIdle) await this.sink.close();
  }

  get lineCount(): number {
    return this.buffer.lineCount;
  }

  get droppedCount(): number {
    return this.buffer.droppedCount + this.sink.lostCount;
  }

  private tick(): void {
    this.buffer.flush();
    this.tellLane();
  }

  private tellLane(): void {
    this.lane?.setLogLines(this.lineCount, this.droppedCount);
  }

  private drained(timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timeout = setTimeout(resolve, timeoutMs);
      this.sink.onIdle = () => {
        this.buffer.flush();
        if (!this.sink.isIdle) return;
        clearTimeout(timeout);
        resolve();
      };
      if (this.sink.isIdle) this.sink.onIdle();
    });
  }
}
