import { performance } from "node:perf_hooks";

/**
 * Time as an argument: everything that waits takes a Clock, so that tests run on a fake one.
 */
export interface ClockTimer {
  /** Cancels; harmless when it has fired. */
  cancel(): void;
}

export interface Clock {
  /** Monotonic milliseconds, fractional, from an arbitrary origin. */
  now(): number;
  /** Milliseconds since the Unix epoch, for logs, dates and certificate validity. */
  wallMs(): number;
  /** Calls `run` once, `delayMs` from now. Does not keep the process alive. */
  after(delayMs: number, run: () => void): ClockTimer;
}

/** `wallMs` has whole milliseconds, and asking the system for them is a call into the runtime. */
const WALL_MS = 0.5;

/**
 * The system's time. While an event of a socket is worked off, it stands still: an exchange asks for it a dozen
 * times between two reads, and the difference is microseconds (nginx's cached time, once per event here).
 */
class SystemClock implements Clock {
  private heldMs = -1;
  /** Taken when it is asked for while time is held, at most once in WALL_MS of it. */
  private wallTakenMs = -Infinity;
  private takenWallMs = 0;
  /** When time was last held. */
  recentMs = 0;

  now(): number {
    return this.heldMs < 0 ? performance.now() : this.heldMs;
  }

  wallMs(): number {
    if (this.heldMs < 0) return Date.now();
    if (this.heldMs - this.wallTakenMs >= WALL_MS) {
      this.wallTakenMs = this.heldMs;
      this.takenWallMs = Date.now();
    }
    return this.takenWallMs;
  }

  after(delayMs: number, run: () => void): ClockTimer {
    const handle = setTimeout(run, delayMs);
    handle.unref();
    return { cancel: () => clearTimeout(handle) };
  }

  /** Holds time still until `release`. Only around a call that does not wait. */
  hold(): void {
    this.recentMs = this.heldMs = performance.now();
  }

  release(): void {
    this.heldMs = -1;
  }
}

export const systemClock = new SystemClock();
