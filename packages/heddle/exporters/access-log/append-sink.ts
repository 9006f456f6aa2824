import { close, fstatSync, open, write } from "node:fs";
import { promisify } from "node:util";
import type { LineSink } from "@heddle/engine/observe";

const openFile = promisify(open);
const closeFile = promisify(close);

/** What a pipe takes in one piece or not at all (POSIX PIPE_BUF on Linux). */
const ATOMIC_PIPE_BYTES = 4_096;
/** A pipe whose reader is behind says EAGAIN: how long until the next try. */
const BUSY_RETRY_MS = 20;

const NEWLINE = 10;
const LINE_END = Buffer.of(NEWLINE);
const STDOUT = 1;

/**
 * Appends chunks of whole lines to a file or to standard output, one write at a time, off the event loop's thread.
 * Several workers may append to one file: each write ends at a line's end, O_APPEND puts it in one piece, and what
 * goes to a pipe goes in pieces that a pipe does not split.
 *
 *   idle ── write ──→ busy ── done, or the chunk is lost ──→ idle (onIdle)
 */
export class AppendSink implements LineSink {
  /** Called when a chunk is done: offer the next. */
  onIdle: () => void = () => {};
  private readonly onError: (error: Error) => void;
  private readonly path: string;
  private fd: number;
  private maxPiece: number;
  private isBusy = false;
  private nextFd = -1;
  /** A write was cut short in the middle of a line: the next begins with a line end. */
  private isMidLine = false;
  private lost = 0;

  private constructor(path: string, fd: number, onError: (error: Error) => void) {
    this.path = path;
    this.fd = fd;
    this.maxPiece = pieceBytes(fd);
    this.onError = onError;
  }

  /** `path` "-" is standard output. Rejects when the file cannot be opened for appending. */
  static async open(path: string, onError: (error: Error) => void): Promise<AppendSink> {
    return new AppendSink(path, path === "-" ? STDOUT : await openForAppend(path), onError);
  }

  /** Lines that were taken and could not be written. */
  get lostCount(): number {
    return this.lost;
  }

  get isIdle(): boolean {
    return !this.isBusy;
  }

  write(bytes: Buffer): boolean {
    if (this.isBusy) return false;
    this.isBusy = true;
    this.writeFrom(this.isMidLine ? Buffer.concat([LINE_END, bytes]) : bytes, 0);
    return true;
  }

  /** Opens the path anew, for log rotation; the old file keeps what was written to it. Rejects and keeps it on error. */
  async reopen(): Promise<void> {
    if (this.path === "-") return;
    const fd = await openForAppend(this.path);
    if (this.nextFd >= 0) await closeFile(this.nextFd);
    this.nextFd = fd;
    if (!this.isBusy) this.swap();
  }

  /** Closes the file; a write in flight is the caller's to wait for. */
  async close(): Promise<void> {
    this.swap();
    if (this.fd !== STDOUT) await closeFile(this.fd);
  }

  private writeFrom(bytes: Buffer, from: number): void {
    const length = pieceLength(bytes, from, this.maxPiece);
    write(this.fd, bytes, from, length, null, (error, written) => {
      if (error !== null) return this.failed(error, bytes, from);
      const next = from + written;
      this.isMidLine = bytes[next - 1] !== NEWLINE;
      if (next < bytes.length) this.writeFrom(bytes, next);
      else this.done();
    });
  }

  private failed(error: NodeJS.ErrnoException, bytes: Buffer, from: number): void {
    if (error.code === "EAGAIN") {
      setTimeout(() => this.writeFrom(bytes, from), BUSY_RETRY_MS).unref();
      return;
    }
    for (let i = from; i < bytes.length; i++) if (bytes[i] === NEWLINE) this.lost++;
    this.onError(error);
    this.done();
  }

  private done(): void {
    this.isBusy = false;
    this.swap();
    this.onIdle();
  }

  /** To the file that `reopen` opened, if there is one. */
  private swap(): void {
    if (this.nextFd < 0) return;
    close(this.fd, (error) => {
      if (error) this.onError(error);
    });
    this.fd = this.nextFd;
    this.nextFd = -1;
    this.maxPiece = pieceBytes(this.fd);
    this.isMidLine = false;
  }
}

const openForAppend = (path: string): Promise<number> => openFile(path, "a", 0o640);

const pieceBytes = (fd: number): number => (fstatSync(fd).isFile() ? Infinity : ATOMIC_PIPE_BYTES);

/** As many whole lines as a piece may hold; a longer line goes alone. */
function pieceLength(bytes: Buffer, from: number, max: number): number {
  if (bytes.length - from <= max) return bytes.length - from;
  const end = bytes.lastIndexOf(NEWLINE, from + max - 1);
  return (end >= from ? end : bytes.indexOf(NEWLINE, from)) + 1 - from;
}
