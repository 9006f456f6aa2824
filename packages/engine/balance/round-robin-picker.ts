import type { Random } from "../base/index.ts";
import { isEligible, leastMode } from "./eligibility.ts";
import type { BalancedEndpoint, FlatPicker } from "./endpoint.ts";

/**
 * In turn, in proportion to weight and evenly spread: nginx's smooth weighted round robin (weights 5, 1, 1 give
 * a a b a c a a). Starts at a random place of the cycle, so that many workers do not all begin with the first.
 */
export class RoundRobinPicker<E extends BalancedEndpoint> implements FlatPicker<E> {
  ignoresHealth = false;
  private known: readonly E[] | null = null;
  private isUniform = true;
  /** Where the next pick begins to look, while all weights are equal. */
  private cursor = 0;
  /** Else, what each endpoint is owed: raised by its weight at each pick, lowered by the total when picked. */
  private credit = new Float64Array(0);

  pick(endpoints: readonly E[], _nowMs: number, random: Random, exclude: E | null = null): E | null {
    if (endpoints.length === 0) return null;
    if (this.known !== endpoints) this.learn(endpoints, random);
    const mode = leastMode(endpoints, exclude, this.ignoresHealth);
    return this.isUniform
      ? this.pickNext(endpoints, exclude, mode)
      : this.pickMostOwed(endpoints, exclude, mode);
  }

  private pickNext(endpoints: readonly E[], exclude: E | null, mode: number): E {
    // Ends: the mode leaves at least one.
    for (;;) {
      const endpoint = endpoints[this.cursor];
      this.cursor = this.cursor + 1 === endpoints.length ? 0 : this.cursor + 1;
      if (isEligible(endpoint, exclude, mode)) return endpoint;
    }
  }

  private pickMostOwed(endpoints: readonly E[], exclude: E | null, mode: number): E {
    const { credit } = this;
    let total = 0;
    let best = -1;
    for (let i = 0; i < endpoints.length; i++) {
      const endpoint = endpoints[i];
      if (!isEligible(endpoint, exclude, mode)) continue;
      total += endpoint.weight;
      credit[i] += endpoint.weight;
      if (best < 0 || credit[i] > credit[best]) best = i;
    }
    credit[best] -= total;
    return endpoints[best];
  }

  private learn(endpoints: readonly E[], random: Random): void {
    this.known = endpoints;
    this.isUniform = endpoints.every(({ weight }) => weight === endpoints[0].weight);
    this.cursor = Math.floor(random.next() * endpoints.length);
    this.credit = new Float64Array(this.isUniform ? 0 : endpoints.length);
    for (let i = 0; i < this.credit.length; i++) this.credit[i] = random.next() * endpoints[i].weight;
  }
}
