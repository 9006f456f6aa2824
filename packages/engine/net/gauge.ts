/** A count that can be waited for: of connections between their acceptance and their owner. */
export class Gauge {
  private value = 0;
  private readonly waiting: (() => void)[] = [];

  get count(): number {
    return this.value;
  }

  set count(value: number) {
    this.value = value;
    if (value === 0) for (const resolve of this.waiting.splice(0)) resolve();
  }

  /** Resolves at zero, at once where it is. */
  zero(): Promise<void> {
    return this.value === 0 ? Promise.resolve() : new Promise((resolve) => this.waiting.push(resolve));
  }
}
