const EVERY_MS = 10;
/** An endpoint is avoided while it gets less than this part of a fair share: of what each got when all were well. */
const REST = 0.25;
/** For so long, so that a pause between two requests is none. */
const QUIET_MS = 500;

/** Packets that were sent to each origin so far. */
export interface PacketCounts {
  readonly atMs: number;
  readonly packets: readonly number[];
}

/**
 * Reads every 10 ms how many packets were sent to each origin: what a proxy sends there shows, whatever becomes of it
 * and whoever is left to count. Health checks and repeated packets count as well, for all proxies alike. An origin is
 * held against a fair share and not against what it got itself before: a balancer that goes by latency likes some
 * better than others.
 */
export class PacketWatch {
  private readonly samples: PacketCounts[] = [];
  private readonly read: () => number[];
  private readonly nowMs: () => number;
  private readonly timer: NodeJS.Timeout;

  constructor(read: () => number[], nowMs: () => number) {
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

  /** The place of the origin that got most of late. */
  mostAsked(): number {
    return mostAsked(this.samples);
  }

  /** From `beganMs` until the first half second in which it was avoided; Infinity when it never was before `endedMs`. */
  avoidedAfterMs(origin: number, beganMs: number, endedMs: number): number {
    return avoidedAfterMs(this.samples, origin, beganMs, endedMs);
  }
}

/** In the second half of all that was read. */
export function mostAsked(samples: readonly PacketCounts[]): number {
  const rates = ratesIn(samples[samples.length >> 1], samples.at(-1));
  return rates.indexOf(Math.max(...rates));
}

export function avoidedAfterMs(
  samples: readonly PacketCounts[],
  origin: number,
  beganMs: number,
  endedMs: number,
): number {
  const before = samples.filter(({ atMs }) => atMs <= beganMs);
  const usual = ratesIn(before[before.length >> 1], before.at(-1));
  const fair = usual.reduce((sum, rate) => sum + rate, 0) / usual.length;
  const bad = samples.filter(({ atMs }) => atMs >= beganMs && atMs <= endedMs);
  for (const [at, from] of bad.entries()) {
    const to = bad.slice(at).find(({ atMs }) => atMs >= from.atMs + QUIET_MS);
    if (to === undefined) break;
    if (ratesIn(from, to)[origin]! <= fair * REST) return from.atMs - beganMs;
  }
  return Infinity;
}

/** Packets a millisecond, to each origin. */
function ratesIn(from: PacketCounts | undefined, to: PacketCounts | undefined): number[] {
  if (from === undefined || to === undefined) return [];
  const ms = Math.max(to.atMs - from.atMs, 1);
  return to.packets.map((packets, at) => (packets - from.packets[at]!) / ms);
}
