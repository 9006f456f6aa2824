const BUCKETS = 96;
/** Each bucket's upper bound over the one before: what is told is at most so much too high. */
const GROWTH = 1.15;
const LOG_GROWTH = Math.log(GROWTH);
/** When so many are counted, all counts are halved: what was long ago matters less and less. */
const HALVE_AT = 2_000;
/** With fewer nothing is told. */
const MIN_SAMPLES = 50;

/** Latencies to the response head of late, in buckets of geometric width from 1 ms on. */
export class LatencyQuantiles {
  private readonly counts = new Float64Array(BUCKETS);
  private total = 0;

  observe(ms: number): void {
    const bucket = ms <= 1 ? 0 : Math.min(BUCKETS - 1, Math.ceil(Math.log(ms) / LOG_GROWTH));
    this.counts[bucket] += 1;
    if (++this.total >= HALVE_AT) this.halve();
  }

  private halve(): void {
    this.total = 0;
    for (let i = 0; i < BUCKETS; i++) {
      this.counts[i] /= 2;
      this.total += this.counts[i];
    }
  }

  /** Milliseconds within which `percent` of the requests had their response heads; Infinity while too few have been seen. */
  at(percent: number): number {
    if (this.total < MIN_SAMPLES) return Infinity;
    let left = (this.total * percent) / 100;
    let bucket = 0;
    while (bucket < BUCKETS - 1 && (left -= this.counts[bucket]) > 0) bucket++;
    return GROWTH ** bucket;
  }
}
