import type { MirrorConfig } from "./config.ts";

/** Copies under way at a time, where the configuration does not say. */
export const DEFAULT_MAX_CONCURRENT = 1_024;
/** Octets that wait for all copies of a mirror together, where the configuration does not say. */
export const DEFAULT_MAX_BUFFERED_BYTES = 8_388_608;

/** What takes room: its octets that wait to be sent. */
export interface RoomTaker {
  readonly pendingBytes: number;
}

/** What the copies of one mirror may take together, in one worker: a mirror that is slow costs no more than that. */
export class MirrorRoom {
  readonly maxBytes: number;
  private readonly maxCopies: number;
  private copies = 0;
  /** Copies with a body: only these have octets that may wait. */
  private readonly bodies = new Set<RoomTaker>();

  constructor({ maxConcurrent, maxBufferedBytes }: MirrorConfig) {
    this.maxCopies = maxConcurrent ?? DEFAULT_MAX_CONCURRENT;
    this.maxBytes = maxBufferedBytes ?? DEFAULT_MAX_BUFFERED_BYTES;
  }

  /** False: there are as many copies as there may be. Pair with `leave`. */
  enter(): boolean {
    if (this.copies >= this.maxCopies) return false;
    this.copies++;
    return true;
  }

  leave(taker: RoomTaker): void {
    this.copies--;
    this.bodies.delete(taker);
  }

  /** Whether so many octets more may wait. */
  has(bytes: number, taker: RoomTaker): boolean {
    this.bodies.add(taker);
    let waiting = bytes;
    for (const one of this.bodies) waiting += one.pendingBytes;
    return waiting <= this.maxBytes;
  }
}
