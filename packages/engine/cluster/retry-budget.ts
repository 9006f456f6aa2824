/**
 * Retries as a share of requests (Finagle's RetryBudget, Linkerd's): each request deposits `ratio` of a retry,
 * each retry takes one; a floor per second lets a quiet service retry too, a few seconds' worth of it at once: retries
 * come in bursts. What is not used within the window is lost, so a quiet hour does not pay for a storm.
 */
const DEFAULT_WINDOW_MS = 10_000;
const FLOOR_SECONDS = 3;

export class RetryBudget {
  private readonly ratio: number;
  private readonly minPerSecond: number;
  private readonly windowMs: number;
  private balance = 0;
  private floor: number;
  private lastMs = -Infinity;

  constructor(ratio: number, minPerSecond: number, windowMs: number = DEFAULT_WINDOW_MS) {
    this.ratio = ratio;
    this.minPerSecond = minPerSecond;
    this.windowMs = windowMs;
    this.floor = minPerSecond * FLOOR_SECONDS;
  }

  deposit(): void {
    this.balance += this.ratio;
  }

  /** Takes one retry; false when the budget is used up. */
  withdraw(nowMs: number): boolean {
    this.decay(nowMs);
    if (this.balance >= 1) {
      this.balance -= 1;
      return true;
    }
    if (this.floor >= 1) {
      this.floor -= 1;
      return true;
    }
    return false;
  }

  private decay(nowMs: number): void {
    if (this.lastMs === -Infinity) {
      this.lastMs = nowMs;
      return;
    }
    const elapsedMs = nowMs - this.lastMs;
    if (elapsedMs <= 0) return;
    this.balance *= Math.exp(-elapsedMs / this.windowMs);
    const { minPerSecond } = this;
    this.floor = Math.min(minPerSecond * FLOOR_SECONDS, this.floor + (elapsedMs / 1_000) * minPerSecond);
    this.lastMs = nowMs;
  }
}
