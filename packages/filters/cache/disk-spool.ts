import { SLICE_BYTES } from "./disk-file.ts";
import { DiskWriter } from "./disk-writer.ts";

/** Octets of a store's bodies that wait to be written. */
export interface WaitingBytes {
  waitingBytes: number;
}

/** Octets that may wait to be written: what comes faster than the disk is not kept there. */
export const MAX_WAITING_BYTES = 33_554_432;

/**
 * A body on its way to the disk while it goes to the client, who waits for no disk:
 *
 *   write ─► slice ─► queue ─► file          a disk that fails, or is too far behind: `isLost`
 */
export class DiskSpool {
  private readonly bound: WaitingBytes;
  private readonly opening: Promise<DiskWriter>;
  private readonly onClosed: () => void;
  private slice: Buffer | null = null;
  private used = 0;
  private readonly queue: Uint8Array[] = [];
  private running: Promise<void> | null = null;
  private isEnding = false;
  isLost = false;

  /** `onClosed` is told when it has no file open any more. */
  constructor(folder: string, bound: WaitingBytes, onClosed: () => void) {
    this.bound = bound;
    this.opening = DiskWriter.open(folder);
    this.opening.catch(() => (this.isLost = true));
    this.onClosed = onClosed;
  }

  /** False: it is lost. The octets are the caller's again. */
  write(bytes: Uint8Array): boolean {
    for (let at = 0; at < bytes.length && !this.isLost;) {
      this.slice ??= this.newSlice();
      if (this.slice === null) break;
      const part = bytes.subarray(at, at + SLICE_BYTES - this.used);
      this.slice.set(part, this.used);
      this.used += part.length;
      at += part.length;
      if (this.used === SLICE_BYTES) this.enqueue();
    }
    return !this.isLost;
  }

  private newSlice(): Buffer | null {
    if (this.bound.waitingBytes + SLICE_BYTES > MAX_WAITING_BYTES) {
      this.isLost = true;
      return null;
    }
    this.bound.waitingBytes += SLICE_BYTES;
    return Buffer.allocUnsafeSlow(SLICE_BYTES);
  }

  private enqueue(): void {
    this.queue.push(this.slice!.subarray(0, this.used));
    this.slice = null;
    this.used = 0;
    this.running ??= this.run();
  }

  private async run(): Promise<void> {
    try {
      const writer = await this.opening;
      for (let next = this.queue[0]; next !== undefined && !this.isLost; next = this.queue[0]) {
        await writer.write(next);
        this.queue.shift();
        this.bound.waitingBytes -= SLICE_BYTES;
      }
    } catch {
      this.isLost = true;
    } finally {
      // In the same turn as the last look at the queue: what comes next starts it again.
      this.running = null;
    }
  }

  /** The body is whole: `finish` names the file when it is written. Resolves to whether that went well. */
  async end(finish: (writer: DiskWriter) => Promise<void>): Promise<boolean> {
    if (this.isEnding) return false;
    this.isEnding = true;
    if (this.slice !== null) this.enqueue();
    await this.running;
    let isDone = false;
    if (!this.isLost) {
      isDone = await finish(await this.opening).then(
        () => true,
        () => false,
      );
    }
    await this.letGo(isDone);
    return isDone;
  }

  /** It is not to be stored. */
  abandon(): void {
    if (this.isEnding) return;
    this.isEnding = true;
    this.isLost = true;
    void Promise.resolve(this.running).then(() => this.letGo(false));
  }

  private async letGo(isDone: boolean): Promise<void> {
    this.bound.waitingBytes -= SLICE_BYTES * (this.queue.length + (this.slice === null ? 0 : 1));
    this.queue.length = 0;
    this.slice = null;
    const writer = await this.opening.catch(() => null);
    if (!isDone) await writer?.abandon();
    this.onClosed();
  }
}
