import type { Random } from "../base/index.ts";
import type { ConcurrencyLimiter } from "./concurrency-limiter.ts";

interface Request {
  readonly startedMs: number;
  readonly endsMs: number;
}

/** A service of some servers behind one queue, under an open load that does not wait for answers. Time is its own. */
export class SimulatedService {
  nowMs = 0;
  serviceMs: number;
  private readonly limiter: ConcurrencyLimiter;
  private readonly random: Random;
  private readonly freeAtMs: number[];
  private open: Request[] = [];

  constructor(limiter: ConcurrencyLimiter, servers: number, serviceMs: number, random: Random) {
    this.limiter = limiter;
    this.random = random;
    this.serviceMs = serviceMs;
    this.freeAtMs = Array.from({ length: servers }, () => 0);
  }

  /** Requests come for `durationMs`, `perMs` of them on average. */
  run(durationMs: number, perMs: number) {
    const endMs = this.nowMs + durationMs;
    const latencies: number[] = [];
    let refused = 0;
    for (;;) {
      const atMs = this.nowMs - Math.log(1 - this.random.next()) / perMs;
      this.answer(Math.min(atMs, endMs), latencies);
      if (atMs >= endMs) break;
      this.nowMs = atMs;
      if (this.limiter.tryStart(atMs)) this.serve(atMs);
      else refused++;
    }
    this.nowMs = endMs;
    latencies.sort((a, b) => a - b);
    const percentile = (share: number): number => latencies[Math.ceil(share * latencies.length) - 1];
    return { answered: latencies.length, refused, percentile };
  }

  private serve(startedMs: number): void {
    const server = this.freeAtMs.indexOf(Math.min(...this.freeAtMs));
    // Give or take a fifth, so that nothing is in step.
    const tookMs = this.serviceMs * (0.8 + 0.4 * this.random.next());
    const endsMs = Math.max(startedMs, this.freeAtMs[server]) + tookMs;
    this.freeAtMs[server] = endsMs;
    this.open.push({ startedMs, endsMs });
    this.open.sort((a, b) => a.endsMs - b.endsMs);
  }

  private answer(untilMs: number, latencies: number[]): void {
    while (this.open.length > 0 && this.open[0].endsMs <= untilMs) {
      const { startedMs, endsMs } = this.open.shift()!;
      latencies.push(endsMs - startedMs);
      this.limiter.answered(startedMs, endsMs);
    }
  }
}
