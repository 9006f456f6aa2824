/** What makes `performance.now` of any thread the system's monotonic clock. */
export function monotonicOffsetMs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1000 + nanoseconds / 1e6 - performance.now();
}
