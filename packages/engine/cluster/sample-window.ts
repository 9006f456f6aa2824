/** The latest of some numbers, up to a fixed count, and their percentiles. */
export class SampleWindow {
  private readonly samples: Float64Array;
  private readonly sorted: Float64Array;
  private added = 0;

  constructor(size: number) {
    this.samples = new Float64Array(size);
    this.sorted = new Float64Array(size);
  }

  get count(): number {
    return Math.min(this.added, this.samples.length);
  }

  get isFull(): boolean {
    return this.added >= this.samples.length;
  }

  add(sample: number): void {
    this.samples[this.added++ % this.samples.length] = sample;
  }

  clear(): void {
    this.added = 0;
  }

  /** The smallest that `share` (0–1) of them do not exceed; 0 where there are none. */
  percentile(share: number): number {
    const { count } = this;
    if (count === 0) return 0;
    const part = this.sorted.subarray(0, count);
    part.set(this.samples.subarray(0, count));
    part.sort();
    return part[Math.max(0, Math.ceil(share * count) - 1)];
  }
}
