import type { Random } from "../base/index.ts";
import { searchCumulative } from "./cumulative.ts";

/**
 * Chooses one of a fixed list in proportion to weight: the backends of a route. What has weight 0 is never chosen.
 */
export class WeightedChoice<T> {
  private readonly items: readonly T[];
  private readonly sums: Float64Array;

  constructor(entries: readonly { readonly item: T; readonly weight: number }[]) {
    const chosen = entries.filter(({ weight }) => weight > 0);
    this.items = chosen.map(({ item }) => item);
    this.sums = new Float64Array(chosen.length);
    let sum = 0;
    for (const [i, { weight }] of chosen.entries()) {
      sum += weight;
      this.sums[i] = sum;
    }
  }

  /** Nothing can be chosen: the list is empty, or all weights are 0. */
  get isEmpty(): boolean {
    return this.items.length === 0;
  }

  /** Null when nothing can be chosen. Takes a random number only where there is a choice. */
  choose(random: Random): T | null {
    if (this.items.length <= 1) return this.items.length === 0 ? null : this.items[0];
    return this.items[searchCumulative(this.sums, random.next())];
  }
}
