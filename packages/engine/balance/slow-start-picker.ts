import type { Random } from "../base/index.ts";
import type { SlowStartSpec } from "../model/index.ts";
import type { BalancedEndpoint, Picker } from "./endpoint.ts";

/** Refusals in a row before what is picked is taken: all may be new. */
const MOST_REFUSALS = 8;

/**
 * Thins what another picker gives to endpoints that are new: each such pick stands with the probability
 *
 *     max(minimum, (time since it joined ÷ window)^(1 ÷ aggression))
 *
 * and is made anew otherwise. So its share is that of the weight which Envoy's slow start gives it, whatever the
 * picker is; weights that pickers have summed up stay as they are.
 */
export class SlowStartPicker<E extends BalancedEndpoint> implements Picker<E> {
  private readonly inner: Picker<E>;
  private readonly windowMs: number;
  private readonly exponent: number;
  private readonly minimum: number;

  constructor(inner: Picker<E>, { windowMs, aggression, minimumWeightPercent }: SlowStartSpec) {
    this.inner = inner;
    this.windowMs = windowMs;
    this.exponent = 1 / aggression;
    this.minimum = minimumWeightPercent / 100;
  }

  pick(
    endpoints: readonly E[],
    nowMs: number,
    random: Random,
    exclude: E | null = null,
    key?: number,
  ): E | null {
    for (let refusals = 0; ; refusals++) {
      const picked = this.inner.pick(endpoints, nowMs, random, exclude, key);
      if (picked === null || refusals === MOST_REFUSALS) return picked;
      const ageMs = nowMs - picked.rampFromMs;
      if (ageMs >= this.windowMs || random.next() < this.shareAt(ageMs)) return picked;
    }
  }

  prepare(endpoints: readonly E[]): Generator<void> {
    return this.inner.prepare === undefined ? nothing() : this.inner.prepare(endpoints);
  }

  private shareAt(ageMs: number): number {
    return Math.max(this.minimum, Math.pow(Math.max(0, ageMs) / this.windowMs, this.exponent));
  }
}

function* nothing(): Generator<void> {}
