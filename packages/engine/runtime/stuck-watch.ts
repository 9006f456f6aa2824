import inspector from "node:inspector";
import { BEAT_MS, beatsOf, callOf, lastCallOf } from "../shared/index.ts";

/** An event loop that has not turned for so long is not going to: 10 s. */
export const STUCK_MS = 10_000;

/**
 * Looks from the main thread whether a worker with code of the user's still turns. By counts of both sides, not by the
 * clock: where the whole process stood still, so did this.
 */
export class StuckWatch {
  private readonly cells: Int32Array;
  private readonly limitMs: number;
  private readonly onStuck: (what: string) => void;
  private readonly names = new Map<number, string>();
  private timer: NodeJS.Timeout | null = null;
  private beats = -1;
  private stillMs = 0;

  constructor(cells: Int32Array, limitMs: number, onStuck: (what: string) => void) {
    this.cells = cells;
    this.limitMs = limitMs;
    this.onStuck = onStuck;
  }

  /** What the worker's board says of its calls. From the first word on it is watched. */
  take(call: number, name: string): void {
    if (call > 0) this.names.set(call, name);
    if (this.timer !== null) return;
    this.timer = setInterval(() => this.look(), BEAT_MS);
    this.timer.unref();
  }

  stop(): void {
    if (this.timer !== null) clearInterval(this.timer);
  }

  /** @internal */
  look(): void {
    const beats = beatsOf(this.cells);
    this.stillMs = beats === this.beats ? this.stillMs + BEAT_MS : 0;
    this.beats = beats;
    // At a breakpoint a thread stands still, too.
    if (this.stillMs < this.limitMs || inspector.url() !== undefined) return;
    this.stop();
    this.onStuck(this.describe());
  }

  private describe(): string {
    const seconds = `its event loop stood still for ${this.limitMs / 1_000} s`;
    const name = this.names.get(callOf(this.cells));
    if (name !== undefined) return `${seconds}, in ${name}`;
    const last = this.names.get(lastCallOf(this.cells));
    return last === undefined ? seconds : `${seconds}, perhaps in what was left behind by ${last}`;
  }
}
