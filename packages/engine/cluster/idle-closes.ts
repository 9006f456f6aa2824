/** So many times make a habit: one alone is a server that restarts. */
const HABIT = 3;
/** Closes that are closer together are one event. */
const APART_MS = 250;
/** Where they come this soon after an answer no connection is old enough to be trusted. */
const AT_ONCE_MS = 10;
/** Without a close for so long it is forgotten. */
const MEMORY_MS = 60_000;

/**
 * After how long without use an endpoint closes connections of its own accord, as seen. What is sent on one that it is
 * just closing is lost, and nobody can know whether it was read (RFC 9112 section 9.3.1): what must not be sent twice
 * goes over another one.
 */
export class IdleCloses {
  /** The shortest of each of the last events, in milliseconds. */
  private readonly shortest: number[] = [];
  private eventMs = -Infinity;
  private lastMs = -Infinity;

  /** It closed a connection that had been idle for so long. */
  closed(idleMs: number, nowMs: number): void {
    const { shortest } = this;
    if (nowMs - this.lastMs > MEMORY_MS) shortest.length = 0;
    this.lastMs = nowMs;
    if (shortest.length > 0 && nowMs - this.eventMs < APART_MS) {
      shortest.push(Math.min(shortest.pop()!, idleMs));
      return;
    }
    this.eventMs = nowMs;
    shortest.push(idleMs);
    if (shortest.length > HABIT) shortest.shift();
  }

  /** Whether a connection may be just being closed: it has been idle for half the time that others were left. */
  mayBeClosing(idleMs: number, nowMs: number): boolean {
    const { shortest } = this;
    if (shortest.length < HABIT || nowMs - this.lastMs > MEMORY_MS) return false;
    // The middle one: a restart among them closes connections of any age.
    const usualMs = shortest.toSorted((one, other) => one - other)[HABIT >> 1];
    return usualMs < AT_ONCE_MS || idleMs >= usualMs / 2;
  }
}
