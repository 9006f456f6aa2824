import type { Random } from "../base/index.ts";
import { isEligible, leastMode } from "./eligibility.ts";
import type { BalancedEndpoint, FlatPicker } from "./endpoint.ts";
import { WeightedSampler } from "./weighted-sampler.ts";

/**
 * By exchanges in flight, as Envoy has it. With equal weights: of two that chance names the one with fewer
 * (Mitzenmacher, "The Power of Two Choices"). With others: in turn, by the weight that is left of each,
 *
 *     weight ÷ (1 + exchanges in flight)
 *
 * so that it keeps to the weights when idle, and to the load as it grows; O(n) then.
 */
export class LeastRequestPicker<E extends BalancedEndpoint> implements FlatPicker<E> {
  private readonly sampler = new WeightedSampler<E>();
  private known: readonly E[] | null = null;
  private isUniform = true;
  /** What each endpoint is owed: raised by what is left of its weight at each pick, lowered by their sum when picked. */
  private credit = new Float64Array(0);

  get ignoresHealth(): boolean {
    return this.sampler.ignoresHealth;
  }

  set ignoresHealth(value: boolean) {
    this.sampler.ignoresHealth = value;
  }

  pick(endpoints: readonly E[], _nowMs: number, random: Random, exclude: E | null = null): E | null {
    if (endpoints.length <= 1) return endpoints.length === 0 ? null : endpoints[0];
    if (this.known !== endpoints) this.learn(endpoints, random);
    return this.isUniform
      ? this.pickOfTwo(endpoints, random, exclude)
      : this.pickMostOwed(endpoints, exclude);
  }

  private pickOfTwo(endpoints: readonly E[], random: Random, exclude: E | null): E {
    const first = this.sampler.draw(endpoints, random, exclude)!;
    const second = this.sampler.drawOther(endpoints, random, exclude, first);
    return second !== null && second.inFlight < first.inFlight ? second : first;
  }

  private pickMostOwed(endpoints: readonly E[], exclude: E | null): E {
    const { credit } = this;
    const mode = leastMode(endpoints, exclude, this.ignoresHealth);
    let total = 0;
    let best = -1;
    for (let i = 0; i < endpoints.length; i++) {
      const endpoint = endpoints[i];
      if (!isEligible(endpoint, exclude, mode)) continue;
      const left = endpoint.weight / (1 + endpoint.inFlight);
      total += left;
      credit[i] += left;
      if (best < 0 || credit[i] > credit[best]) best = i;
    }
    credit[best] -= total;
    return endpoints[best];
  }

  private learn(endpoints: readonly E[], random: Random): void {
    this.known = endpoints;
    this.isUniform = endpoints.every(({ weight }) => weight === endpoints[0].weight);
    this.credit = new Float64Array(this.isUniform ? 0 : endpoints.length);
    // A random place of the cycle, so that many workers do not all begin with the first.
    for (let i = 0; i < this.credit.length; i++) this.credit[i] = random.next() * endpoints[i].weight;
  }
}
