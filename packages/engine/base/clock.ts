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

export const systemClock: Clock = {
  now: () => performance.now(),
  wallMs: () => Date.now(),
  after(delayMs, run) {
    const handle = setTimeout(run, delayMs);
    handle.unref();
    return { cancel: () => clearTimeout(handle) };
  },
};
