/** What is told of the process itself. */
export interface ProcessFacts {
  /** Heddle's version. */
  readonly version: string;
  /** Node's: "26.10.0". */
  readonly node: string;
  readonly residentBytes: number;
  /** User and system time of all threads. */
  readonly cpuSeconds: number;
  /** Seconds since the epoch. */
  readonly startSeconds: number;
}

/** This process's facts now. */
export function readProcessFacts(version: string): ProcessFacts {
  const { user, system } = process.cpuUsage();
  return {
    version,
    node: process.versions.node,
    residentBytes: process.memoryUsage.rss(),
    cpuSeconds: (user + system) / 1e6,
    startSeconds: Math.round(performance.timeOrigin) / 1_000,
  };
}
