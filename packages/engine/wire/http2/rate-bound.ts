/**
 * Bounds how often something may happen: so many times at once and in a second, and once more for each credit. No
 * clock: the time comes with each take.
 */
export class RateBound {
  private readonly perSecond: number;
  private readonly maxCredit: number;
  private tokens: number;
  private credit = 0;
  private lastMs = -1;

  /** `maxCredit`: what useful traffic may leave for later. */
  constructor(perSecond: number, maxCredit: number) {
    this.perSecond = perSecond;
    this.maxCredit = maxCredit;
    this.tokens = perSecond;
  }

  /** Takes one; false when there is none left. */
  take(nowMs: number): boolean {
    if (this.credit > 0) {
      this.credit--;
      return true;
    }
    if (this.lastMs >= 0 && nowMs > this.lastMs) {
      this.tokens = Math.min(this.perSecond, this.tokens + ((nowMs - this.lastMs) * this.perSecond) / 1_000);
    }
    this.lastMs = nowMs;
    if (this.tokens < 1) return false;
    this.tokens--;
    return true;
  }

  /** Something useful was done, which justifies `count` more. */
  earn(count: number): void {
    this.credit = Math.min(this.credit + count, this.maxCredit);
  }
}
