import type { Random } from "../base/index.ts";
import { searchCumulative } from "./cumulative.ts";
import { isEligible, leastMode } from "./eligibility.ts";
import type { BalancedEndpoint } from "./endpoint.ts";

/** Blind draws before the eligible ones are counted out: enough while most endpoints are. */
const BLIND_DRAWS = 4;

/** Draws eligible endpoints with probability proportional to weight; exact, however many are not eligible. */
export class WeightedSampler<E extends BalancedEndpoint> {
  private known: readonly E[] | null = null;
  private isUniform = true;
  private cumulative = new Float64Array(0);

  /** Null for an empty list alone. */
  draw(endpoints: readonly E[], random: Random, exclude: E | null): E | null {
    if (endpoints.length <= 1) return endpoints.length === 0 ? null : endpoints[0];
    if (this.known !== endpoints) this.learn(endpoints);
    for (let i = 0; i < BLIND_DRAWS; i++) {
      const endpoint = endpoints[this.drawIndex(endpoints.length, random)];
      if (endpoint.isAvailable && endpoint !== exclude) return endpoint;
    }
    return this.countOut(endpoints, random, exclude);
  }

  private drawIndex(length: number, random: Random): number {
    if (this.isUniform) return Math.floor(random.next() * length);
    return searchCumulative(this.cumulative, random.next());
  }

  private countOut(endpoints: readonly E[], random: Random, exclude: E | null): E {
    const mode = leastMode(endpoints, exclude);
    let total = 0;
    for (let i = 0; i < endpoints.length; i++) {
      if (isEligible(endpoints[i], exclude, mode)) total += endpoints[i].weight;
    }
    let left = random.next() * total;
    let last = endpoints[0];
    for (let i = 0; i < endpoints.length; i++) {
      const endpoint = endpoints[i];
      if (!isEligible(endpoint, exclude, mode)) continue;
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
