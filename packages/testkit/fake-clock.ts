import type { Clock, ClockTimer } from "@heddle/engine/base";

interface Waiting {
  dueAt: number;
  run: () => void;
}

/**
 * A clock that stands still until the test moves it.
 * Timers run inside `advance`, in order of their time and then of their making; those that a timer sets run too when
 * they fall due within the same step.
 */
export class FakeClock implements Clock {
  #now = 0;
  #startedAtMs: number;
  #waiting: Waiting[] = [];

  /** `wallMs` is the date at which the clock starts, by default 2026-01-01T00:00:00Z. */
  constructor(wallMs: number = Date.UTC(2026, 0, 1)) {
    this.#startedAtMs = wallMs;
  }

  now(): number {
    return this.#now;
  }

  wallMs(): number {
    return this.#startedAtMs + this.#now;
  }

  /** Sets the date, as people and NTP do: `now` and timers know nothing of it. */
  setWall(wallMs: number): void {
    this.#startedAtMs = wallMs - this.#now;
  }

  after(delayMs: number, run: () => void): ClockTimer {
    const timer = { dueAt: this.#now + Math.max(0, delayMs), run };
    this.#waiting.push(timer);
    return { cancel: () => this.#remove(timer) };
  }

  /** Timers that have neither fired nor been cancelled: zero at the end of a test that leaks none. */
  get pendingTimers(): number {
    return this.#waiting.length;
  }

  /** Moves time on by `ms`, and runs what falls due on the way, each at its own time. */
  advance(ms: number): void {
    const end = this.#now + ms;
    for (let next = this.#nextDue(end); next; next = this.#nextDue(end)) {
      this.#remove(next);
      this.#now = next.dueAt;
      next.run();
    }
    this.#now = end;
  }

  #nextDue(end: number): Waiting | undefined {
    let next: Waiting | undefined;
    for (const timer of this.#waiting) {
      if (timer.dueAt <= end && (next === undefined || timer.dueAt < next.dueAt)) next = timer;
    }
    return next;
  }

  #remove(timer: Waiting): void {
    this.#waiting = this.#waiting.filter((other) => other !== timer);
  }
}
