/** Milliseconds since 1970, monotonic within a process; processes agree as long as nobody sets the date between their starts. */
export const nowMs = (): number => performance.timeOrigin + performance.now();
