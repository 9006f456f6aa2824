import type { Random } from "../base/index.ts";
import type { BalancedEndpoint, FlatPicker } from "./endpoint.ts";
import { WeightedSampler } from "./weighted-sampler.ts";

/** By chance, in proportion to weight. */
export class RandomPicker<E extends BalancedEndpoint> implements FlatPicker<E> {
  private readonly sampler = new WeightedSampler<E>();

  get ignoresHealth(): boolean {
    return this.sampler.ignoresHealth;
  }

  set ignoresHealth(value: boolean) {
    this.sampler.ignoresHealth = value;
  }

  pick(endpoints: readonly E[], _nowMs: number, random: Random, exclude: E | null = null): E | null {
    return this.sampler.draw(endpoints, random, exclude);
  }
}
