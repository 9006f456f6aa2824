import type { Random } from "../base/index.ts";
import { searchCumulative } from "./cumulative.ts";
import { AVAILABLE, isEligible, leastMode, PANIC } from "./eligibility.ts";
import type { BalancedEndpoint } from "./endpoint.ts";

/** Blind draws before the eligible ones are counted out: enough while most endpoints are. */
const BLIND_DRAWS = 4;

/** Draws eligible endpoints with probability proportional to weight; exact, however many are not eligible. */
export class WeightedSampler<E extends BalancedEndpoint> {
  /** As FlatPicker's. */
  ignoresHealth = false;
  private known: readonly E[] | null = null;
  private isUniform = true;
  private cumulative = new Float64Array(0);

  /** Null for an empty list alone. */
  draw(endpoints: readonly E[], random: Random, exclude: E | null): E | null {
    if (endpoints.length <= 1) return endpoints.length === 0 ? null : endpoints[0];
    if (this.known !== endpoints) this.learn(endpoints);
    for (let i = 0; i < BLIND_DRAWS; i++) {
      const endpoint = endpoints[this.drawIndex(random)];
      if ((endpoint.isAvailable || this.ignoresHealth) && endpoint !== exclude) return endpoint;
    }
    const mode = leastMode(endpoints, exclude, this.ignoresHealth);
    return this.countOut(endpoints, random, exclude, null, mode);
  }

  /** A second one, as good a choice as `first`, which `draw` gave; null when there is no other such. */
  drawOther(endpoints: readonly E[], random: Random, exclude: E | null, first: E): E | null {
    const mode = first.isAvailable && !this.ignoresHealth ? AVAILABLE : PANIC;
    for (let i = 0; i < BLIND_DRAWS; i++) {
      const endpoint = endpoints[this.drawIndex(random)];
      if (endpoint !== first && isEligible(endpoint, exclude, mode)) return endpoint;
    }
    return this.countOut(endpoints, random, exclude, first, mode);
  }

  private drawIndex(random: Random): number {
    return this.isUniform
      ? Math.floor(random.next() * this.known!.length)
      : searchCumulative(this.cumulative, random.next());
  }

  private countOut(
    endpoints: readonly E[],
    random: Random,
    exclude: E | null,
    first: E | null,
    mode: number,
  ): E | null {
    let total = 0;
    for (let i = 0; i < endpoints.length; i++) {
      const endpoint = endpoints[i];
      if (endpoint !== first && isEligible(endpoint, exclude, mode)) total += endpoint.weight;
    }
    let left = random.next() * total;
    let last: E | null = null;
    for (let i = 0; i < endpoints.length; i++) {
      const endpoint = endpoints[i];
      if (endpoint === first || !isEligible(endpoint, exclude, mode)) continue;
      last = endpoint;
      left -= endpoint.weight;
      if (left < 0) return endpoint;
    }
    // Rounding used up the last share.
    return last;
  }

  private learn(endpoints: readonly E[]): void {
    this.known = endpoints;
    this.isUniform = endpoints.every(({ weight }) => weight === endpoints[0].weight);
    if (this.isUniform) return;
    this.cumulative = new Float64Array(endpoints.length);
    let sum = 0;
    for (let i = 0; i < endpoints.length; i++) {
      sum += endpoints[i].weight;
      this.cumulative[i] = sum;
    }
  }
}
