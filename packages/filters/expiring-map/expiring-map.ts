interface Entry<Value> {
  readonly value: Value;
  readonly untilMs: number;
}

/**
 * Values by key, each until its time, and never more than `maxEntries`: the one that was put in first goes first. Keys
 * that clients choose belong in as digests, so that none is long and none is a secret.
 */
export class ExpiringMap<Value> {
  private readonly maxEntries: number;
  private readonly entries = new Map<string, Entry<Value>>();

  constructor(maxEntries: number) {
    this.maxEntries = maxEntries;
  }

  get size(): number {
    return this.entries.size;
  }

  /** `nowMs` and `untilMs` are of one clock. */
  get(key: string, nowMs: number): Value | undefined {
    const entry = this.entries.get(key);
    if (entry === undefined) return undefined;
    if (entry.untilMs > nowMs) return entry.value;
    this.entries.delete(key);
    return undefined;
  }

  set(key: string, value: Value, untilMs: number): void {
    this.entries.delete(key);
    if (this.entries.size >= this.maxEntries) {
      const oldest = this.entries.keys().next();
      if (oldest.done !== true) this.entries.delete(oldest.value);
    }
    this.entries.set(key, { value, untilMs });
  }

  delete(key: string): void {
    this.entries.delete(key);
  }
}
