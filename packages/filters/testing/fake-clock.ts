import type { Clock, ClockTimer } from "@heddle/engine/base";

interface Waiting {
  readonly dueAt: number;
  readonly run: () => void;
}

/** A clock that stands still until the test moves it. Timers run inside `advance`, in the order of their times. */
export class FakeClock implements Clock {
  private nowMs = 0;
  private readonly startedAtMs: number;
  private waiting: Waiting[] = [];

  /** `wallMs` is the date at which it starts, by default 2026-01-01T00:00:00Z. */
  constructor(wallMs: number = Date.UTC(2026, 0, 1)) {
    this.startedAtMs = wallMs;
  }

  now(): number {
    return this.nowMs;
  }

  wallMs(): number {
    return this.startedAtMs + this.nowMs;
  }

  after(delayMs: number, run: () => void): ClockTimer {
    const timer = { dueAt: this.nowMs + Math.max(0, delayMs), run };
    this.waiting.push(timer);
    return { cancel: () => this.remove(timer) };
  }

  /** Timers that have neither fired nor been cancelled. */
  get pendingTimers(): number {
    return this.waiting.length;
  }

  /** Moves time on by `ms`, and runs what falls due on the way, each at its own time. */
  advance(ms: number): void {
    const end = this.nowMs + ms;
    for (let next = this.nextDue(end); next !== undefined; next = this.nextDue(end)) {
      this.remove(next);
      this.nowMs = next.dueAt;
      next.run();
    }
    this.nowMs = end;
  }

  private nextDue(end: number): Waiting | undefined {
    let next: Waiting | undefined;
    for (const timer of this.waiting) {
      if (timer.dueAt <= end && (next === undefined || timer.dueAt < next.dueAt)) next = timer;
    }
    return next;
  }

  private remove(timer: Waiting): void {
    this.waiting = this.waiting.filter((other) => other !== timer);
  }
}
