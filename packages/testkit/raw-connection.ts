import { once } from "node:events";
import net from "node:net";
import tls from "node:tls";

const DEFAULT_TIMEOUT_MS = 30_000;

/** How a connection came to its end. */
export type ConnectionEnd = "end" | "reset";

/**
 * A TCP or TLS connection that keeps every byte it receives, and lets a test read them in order.
 * Bytes are text in latin1, so that each character is one byte. It is half-open: the other side's end does not end ours.
 */
export class RawConnection {
  readonly socket: net.Socket;
  /** Resolves when both directions are done or the connection broke; never rejects. */
  readonly closed: Promise<ConnectionEnd>;
  /** True once the other side has ended its direction. */
  hasEnded = false;
  /** Grows by doubling; what was received is its beginning. */
  #bytes = Buffer.alloc(1024);
  #receivedLength = 0;
  #consumed = 0;
  #isClosed = false;
  #broke = false;
  #wake: (() => void)[] = [];

  constructor(socket: net.Socket) {
    this.socket = socket;
    socket.on("data", (chunk: Buffer) => this.#take(chunk));
    // A reset is an outcome to assert on, `closed`, and not an exception.
    socket.on("error", () => (this.#broke = true));
    socket.on("end", () => {
      this.hasEnded = true;
      this.#notify();
    });
    this.closed = new Promise((resolve) => {
      socket.on("close", () => {
        this.#isClosed = true;
        this.#notify();
        resolve(this.#broke ? "reset" : "end");
      });
    });
  }

  /** All that has been received so far, read or not. */
  get received(): Buffer {
    return this.#bytes.subarray(0, this.#receivedLength);
  }

  /** What has been received and not yet read. */
  get unread(): string {
    return this.received.toString("latin1", this.#consumed);
  }

  send(bytes: string | Uint8Array): void {
    this.socket.write(typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes);
  }

  /** Ends our direction, after what was sent. */
  end(): void {
    this.socket.end();
  }

  /** Breaks the connection with a TCP reset. */
  reset(): void {
    this.socket.resetAndDestroy();
  }

  /**
   * Reads up to and including the first match of `pattern`, and returns what was read.
   * Rejects after `timeoutMs` (30 s), or when the other side ends without a match; the message carries what there was.
   */
  receiveUntil(pattern: string | RegExp, timeoutMs: number = DEFAULT_TIMEOUT_MS): Promise<string> {
    let searched = 0;
    return this.#read(`${pattern}`, timeoutMs, () => {
      if (typeof pattern === "string") {
        // From where the last search ended, or a long body would be searched again with each of its chunks.
        const at = this.received.indexOf(pattern, Math.max(this.#consumed, searched), "latin1");
        searched = this.#receivedLength - pattern.length + 1;
        return at === -1 ? -1 : at + pattern.length - this.#consumed;
      }
      const match = pattern.exec(this.unread);
      return match === null ? -1 : match.index + match[0].length;
    });
  }

  /** Reads exactly `count` bytes. Rejects like `receiveUntil`. */
  receiveBytes(count: number, timeoutMs: number = DEFAULT_TIMEOUT_MS): Promise<string> {
    return this.#read(`${count} bytes`, timeoutMs, (unreadLength) => (unreadLength >= count ? count : -1));
  }

  /** Reads everything until the other side ends or the connection closes. */
  receiveToEnd(timeoutMs: number = DEFAULT_TIMEOUT_MS): Promise<string> {
    return this.#read("the end", timeoutMs, (unreadLength, isOver) => (isOver ? unreadLength : -1));
  }

  /** Closes at once, and waits until it is closed. */
  async close(): Promise<void> {
    this.socket.destroy();
    await this.closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #read(
    wanted: string,
    timeoutMs: number,
    lengthToRead: (unreadLength: number, isOver: boolean) => number,
  ): Promise<string> {
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      const isOver = this.hasEnded || this.#isClosed;
      const length = lengthToRead(this.#receivedLength - this.#consumed, isOver);
      if (length !== -1) {
        const from = this.#consumed;
        this.#consumed += length;
        return this.received.toString("latin1", from, this.#consumed);
      }
      if (isOver) throw new Error(`connection ended before ${wanted}; ${this.#describeUnread()}`);
      const leftMs = deadline - performance.now();
      if (leftMs <= 0) {
        throw new Error(`no ${wanted} within ${timeoutMs} ms; ${this.#describeUnread()}`);
      }
      await this.#change(leftMs);
    }
  }

  #change(timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, timeoutMs);
      this.#wake.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  #take(chunk: Buffer): void {
    const length = this.#receivedLength + chunk.length;
    if (length > this.#bytes.length) {
      const grown = Buffer.alloc(2 * length);
      this.#bytes.copy(grown);
      this.#bytes = grown;
    }
    chunk.copy(this.#bytes, this.#receivedLength);
    this.#receivedLength = length;
    this.#notify();
  }

  #describeUnread(): string {
    return `unread: ${JSON.stringify(this.unread.slice(0, 2000))}`;
  }

  #notify(): void {
    for (const wake of this.#wake.splice(0)) wake();
  }
}

export interface ConnectRawOptions {
  /** Default 127.0.0.1. */
  host?: string;
  /** Speaks TLS with these options: `ca`, `servername`, `cert`, `key`, `ALPNProtocols` and the like. */
  tls?: tls.ConnectionOptions;
}

/** Opens a connection on which a test says exactly the bytes it wants to say. */
export async function connectRaw(port: number, options: ConnectRawOptions = {}): Promise<RawConnection> {
  const target = { port, host: options.host ?? "127.0.0.1", allowHalfOpen: true };
  if (options.tls === undefined) {
    const socket = net.connect(target);
    await once(socket, "connect");
    socket.setNoDelay(true);
    return new RawConnection(socket);
  }
  const socket = tls.connect({ ...target, ...options.tls });
  await once(socket, "secureConnect");
  return new RawConnection(socket);
}
