import { Timer } from "../base/index.ts";
import type { TimerWheel } from "../base/index.ts";
import type { Connection } from "../net/index.ts";

/** How long, and how many octets, what was written last waits for a client that still sends. */
const LINGER_MS = 2_000;
const LINGER_BYTES = 67_108_864;

/**
 * The end of a client's connection: FIN behind what is written, and reading on for a while, since closing at once would
 * lose it to a RST; of a client that has said that it sends no more the connection is closed behind what is written. A slow
 * reader gets what waits for it as long as it reads; after that it has a moment to close.
 */
export class Linger extends Timer {
  private readonly connection: Connection;
  private readonly wheel: TimerWheel;
  private readonly stallMs: number;
  private read = 0;
  private pending: number;
  /** Clock milliseconds at which the client was last seen to read. */
  private lastMs: number;

  /**
   * `stallMs`: for how long the client may read nothing while octets wait for it; less than `LINGER_MS` is no more time.
   * `isDone`: the client sends no more; default: it may.
   */
  constructor(connection: Connection, wheel: TimerWheel, nowMs: number, stallMs: number, isDone = false) {
    super();
    this.connection = connection;
    this.wheel = wheel;
    this.stallMs = stallMs;
    if (isDone) connection.close();
    else connection.end();
    this.pending = connection.pendingBytes;
    this.lastMs = nowMs;
    if (!connection.isClosed) wheel.schedule(this, nowMs + LINGER_MS);
  }

  /** The client still sends: nobody reads it. */
  onBytes(length: number): void {
    this.read += length;
    if (this.read > LINGER_BYTES) this.connection.destroy();
  }

  /** The client has ended too. What it has not read yet still goes out. */
  onEnd(): void {
    if (this.connection.pendingBytes === 0) this.connection.destroy();
  }

  /** The connection is closed. */
  stop(): void {
    this.wheel.cancel(this);
  }

  expire(nowMs: number): void {
    const { pendingBytes } = this.connection;
    const isReading = pendingBytes < this.pending;
    this.pending = pendingBytes;
    if (isReading) this.lastMs = nowMs;
    const mayStall = pendingBytes > 0 && nowMs - this.lastMs < this.stallMs;
    if (isReading || mayStall) this.wheel.schedule(this, nowMs + LINGER_MS);
    else this.connection.destroy(pendingBytes > 0);
  }
}
