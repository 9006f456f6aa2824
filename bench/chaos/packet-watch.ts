const EVERY_MS = 10;
/** An endpoint is avoided while it gets less than this part of a fair share: of what each got when all were well. */
const REST = 0.25;
/** For so long, so that a pause between two requests is none. */
const QUIET_MS = 500;

/** Packets that were sent so far. */
export interface PacketCount {
  atMs: number;
  /** to the origin that is to go bad */
  packets: number;
  /** to all origins, by their number */
  fair: number;
}

/**
 * Reads every 10 ms how many packets were sent to an origin: what a proxy sends there shows, whatever becomes of it
 * and whoever is left to count. Health checks and repeated packets count as well, for all proxies alike. It is held
 * against a fair share and not against what the origin itself got before, which may be little more than its checks: a
 * balancer that goes by latency can like others better.
 */
export class PacketWatch {
  private readonly samples: PacketCount[] = [];
  private readonly read: () => Omit<PacketCount, "atMs">;
  private readonly nowMs: () => number;
  private readonly timer: NodeJS.Timeout;

  constructor(read: () => Omit<PacketCount, "atMs">, nowMs: () => number) {
    this.read = read;
    this.nowMs = nowMs;
    this.sample();
    this.timer = setInterval(() => this.sample(), EVERY_MS);
  }

  /** Reads once more, now: what begins at this moment is measured from here, and not from the next regular reading. */
  sample(): number {
    const atMs = this.nowMs();
    this.samples.push({ atMs, ...this.read() });
    return atMs;
  }

  stop(): void {
    clearInterval(this.timer);
  }

  /**
   * From `beganMs` until the first half second in which it was avoided; Infinity when it never was before `endedMs`,
   * undefined when it was hardly asked before it went bad: nothing can be seen then.
   */
  avoidedAfterMs(beganMs: number, endedMs: number): number | undefined {
    return avoidedAfterMs(this.samples, beganMs, endedMs);
  }
}

export function avoidedAfterMs(
  samples: readonly PacketCount[],
  beganMs: number,
  endedMs: number,
): number | undefined {
  const before = samples.filter(({ atMs }) => atMs <= beganMs);
  const [middle, last] = [before.at(before.length >> 1), before.at(-1)];
  const fair = perMs("fair", middle, last);
  if (perMs("packets", middle, last) <= fair * REST) return undefined;
  const bad = samples.filter(({ atMs }) => atMs >= beganMs && atMs <= endedMs);
  for (const [at, from] of bad.entries()) {
    const to = bad.slice(at).find(({ atMs }) => atMs >= from.atMs + QUIET_MS);
    if (to === undefined) break;
    if (perMs("packets", from, to) <= fair * REST) return from.atMs - beganMs;
  }
  return Infinity;
}

function perMs(what: "packets" | "fair", from: PacketCount | undefined, to: PacketCount | undefined): number {
  if (from === undefined || to === undefined || to.atMs <= from.atMs) return 0;
  return (to[what] - from[what]) / (to.atMs - from.atMs);
}
