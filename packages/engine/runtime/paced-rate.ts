/** Gain of the controller: so much of the rate a second, for a delay of twice the target. */
const GAIN = 0.4;
/** Targets below it are steered as gently as if they were it: probes and turns are coarser. */
const FINEST_MS = 50;
/** The rate changes by no more than these at a time, as exponents of e. */
const MAX_FALL = 0.7;
const MAX_RISE = 0.1;
/** The rate is this share of what went on lately at least while the delay is short. */
const KNOWN = 0.9;
/** The rate is this many times what went on lately at most, so that a new crowd meets a limit that fits. */
const HEADROOM = 1.5;
/** What went on is forgotten by a hundredth each time. */
const MEMORY = 0.99;

/**
 * The rate of requests at which a delay stays at its target, as a proportional-integral controller (PIE, RFC 8033) finds
 * it, beginning with the rate at which they went on when the delay got there. Its gains are for a delay that grows by a
 * second per second of excess, critically damped.
 */
export class PacedRate {
  /** Requests a millisecond; Infinity: the delay was never above the target. */
  perMs = Infinity;
  private readonly floorPerMs: number;
  private lastDelayMs = 0;
  /** The highest rate at which requests went on lately. */
  private proven = 0;

  /** It never falls below `floorPerMs`. */
  constructor(floorPerMs: number) {
    this.floorPerMs = floorPerMs;
  }

  reset(): void {
    this.perMs = Infinity;
    this.proven = this.lastDelayMs = 0;
  }

  /** To be called about ten times a second, with what went on since the last time. */
  steer(delayMs: number, targetMs: number, admittedPerMs: number, elapsedMs: number): void {
    this.proven = Math.max(admittedPerMs, this.proven * MEMORY, this.floorPerMs);
    if (this.perMs !== Infinity) this.correct(delayMs, targetMs, elapsedMs);
    else if (delayMs > targetMs) this.perMs = this.proven;
    this.lastDelayMs = delayMs;
  }

  private correct(delayMs: number, targetMs: number, elapsedMs: number): void {
    // Per second squared, and per second: critical damping.
    const integral = (GAIN * 1_000) / Math.max(targetMs, FINEST_MS);
    const proportional = 2 * Math.sqrt(integral);
    const grown = (delayMs - this.lastDelayMs) / 1_000;
    const excess = ((delayMs - targetMs) / 1_000) * (elapsedMs / 1_000);
    const exponent = -(proportional * grown + integral * excess);
    // The delay falls a while after the rate: what was taken off too much comes back at once, or the loop idles meanwhile.
    const isIdle = delayMs < targetMs / 4 && this.perMs < this.proven * KNOWN;
    const rate = isIdle
      ? this.proven * KNOWN
      : this.perMs * Math.exp(Math.min(MAX_RISE, Math.max(-MAX_FALL, exponent)));
    this.perMs = Math.max(this.floorPerMs, Math.min(rate, this.proven * HEADROOM));
  }
}
