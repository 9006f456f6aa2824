const EVERY_MS = 10;
/** An endpoint is avoided while it gets less than this share of what it got when it was well. */
const REST = 0.25;
/** For so long, so that a pause between two requests is none. */
const QUIET_MS = 500;

/**
 * Reads every 10 ms how many packets were sent to an origin: what a proxy sends there shows, whatever becomes of it
 * and whoever is left to count. Health checks and repeated packets count as well, for all proxies alike.
 */
export class PacketWatch {
  private readonly samples: { atMs: number; packets: number }[] = [];
  private readonly read: () => number;
  private readonly nowMs: () => number;
  private readonly timer: NodeJS.Timeout;

  constructor(read: () => number, nowMs: () => number) {
    this.read = read;
    this.nowMs = nowMs;
    this.sample();
    this.timer = setInterval(() => this.sample(), EVERY_MS);
  }

  /** Reads once more, now: what begins at this moment is measured from here, and not from the next regular reading. */
  sample(): number {
    const atMs = this.nowMs();
    this.samples.push({ atMs, packets: this.read() });
    return atMs;
  }

  stop(): void {
    clearInterval(this.timer);
  }

  /** From `beganMs` until the first half second in which it was avoided; Infinity when it never was before `endedMs`. */
  avoidedAfterMs(beganMs: number, endedMs: number): number {
    return avoidedAfterMs(this.samples, beganMs, endedMs);
  }
}

export function avoidedAfterMs(
  samples: readonly { atMs: number; packets: number }[],
  beganMs: number,
  endedMs: number,
): number {
  const before = samples.filter(({ atMs }) => atMs <= beganMs);
  const usual = perMs(before.at(before.length >> 1), before.at(-1));
  const bad = samples.filter(({ atMs }) => atMs >= beganMs && atMs <= endedMs);
  for (const [at, from] of bad.entries()) {
    const to = bad.slice(at).find(({ atMs }) => atMs >= from.atMs + QUIET_MS);
    if (to === undefined) break;
    if (perMs(from, to) <= usual * REST) return from.atMs - beganMs;
  }
  return Infinity;
}

function perMs(
  from: { atMs: number; packets: number } | undefined,
  to: { atMs: number; packets: number } | undefined,
): number {
  if (from === undefined || to === undefined || to.atMs <= from.atMs) return 0;
  return (to.packets - from.packets) / (to.atMs - from.atMs);
}
