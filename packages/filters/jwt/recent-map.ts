interface Entry<V> {
  readonly value: V;
  readonly weight: number;
}

/**
 * A bounded map that forgets what was not asked for lately: two halves, and when the younger is full the older goes.
 * A hit in the younger half is one look-up and moves nothing; it is least-recently-used to within half of its size.
 */
export class RecentMap<V> {
  private young = new Map<string, Entry<V>>();
  private old = new Map<string, Entry<V>>();
  private youngWeight = 0;
  private readonly maxEntries: number;
  private readonly maxWeight: number;

  /** `maxWeight` bounds the sum of the weights given to `set`. */
  constructor(maxEntries: number, maxWeight: number = Number.POSITIVE_INFINITY) {
    this.maxEntries = maxEntries / 2;
    this.maxWeight = maxWeight / 2;
  }

  get(key: string): V | undefined {
    const found = this.young.get(key);
    if (found !== undefined) return found.value;
    const before = this.old.get(key);
    if (before === undefined) return undefined;
    this.old.delete(key);
    this.put(key, before);
    return before.value;
  }

  set(key: string, value: V, weight: number = 0): void {
    this.delete(key);
    this.put(key, { value, weight });
  }

  private put(key: string, entry: Entry<V>): void {
    if (this.young.size >= this.maxEntries || this.youngWeight + entry.weight > this.maxWeight) {
      this.old = this.young;
      this.young = new Map();
      this.youngWeight = 0;
    }
    this.young.set(key, entry);
    this.youngWeight += entry.weight;
  }

  delete(key: string): void {
    const found = this.young.get(key);
    if (found !== undefined) {
      this.youngWeight -= found.weight;
      this.young.delete(key);
    }
    this.old.delete(key);
  }

  get size(): number {
    return this.young.size + this.old.size;
  }
}
