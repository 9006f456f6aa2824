import type { Random } from "../base/index.ts";
import type { BalancedEndpoint, FlatPicker } from "./endpoint.ts";
import { WeightedSampler } from "./weighted-sampler.ts";

/**
 * By exchanges in flight: of two that chance names, by their weights, the one with fewer for its weight (Mitzenmacher,
 * "The Power of Two Choices"). So it keeps to the weights when idle, where the first of the two is taken, and to the load
 * as it grows; two endpoints are looked at however many there are.
 */
export class LeastRequestPicker<E extends BalancedEndpoint> implements FlatPicker<E> {
  private readonly sampler = new WeightedSampler<E>();

  get ignoresHealth(): boolean {
    return this.sampler.ignoresHealth;
  }

  set ignoresHealth(value: boolean) {
    this.sampler.ignoresHealth = value;
  }

  pick(endpoints: readonly E[], _nowMs: number, random: Random, exclude: E | null = null): E | null {
    const first = this.sampler.draw(endpoints, random, exclude);
    if (first === null || endpoints.length === 1) return first;
    const second = this.sampler.drawOther(endpoints, random, exclude, first);
    if (second === null) return first;
    return second.inFlight * first.weight < first.inFlight * second.weight ? second : first;
  }
}
