import type { Random } from "../base/index.ts";
import type { BalancedEndpoint, FlatPicker } from "./endpoint.ts";
import { latencyAt } from "./latency.ts";
import { WeightedSampler } from "./weighted-sampler.ts";

/** Added to every latency: differences far below it are noise, and long idle endpoints compare by load. */
const NOISE_MS = 0.5;
/** Latency assumed of an endpoint that has requests in flight and has never answered (Finagle's penalty, tamed). */
const PENALTY_MS = 5_000;
/** The second candidate is taken below this share of the first one's cost; else they count as equal. */
const NOTABLY_BETTER = 0.8;

/**
 * The better of two (Mitzenmacher, "The Power of Two Choices"), by peak EWMA as Finagle and Linkerd have it. Cost is
 *
 *     (peak EWMA of latency) × (1 + exchanges in flight ÷ weight)
 *
 * Two candidates are drawn by weight; the first is taken unless the second is notably better. So equal endpoints
 * share by their weights, at light load too, where the plain rule gives everything to whichever was a
 * microsecond faster last; and a slow endpoint gets next to nothing until its measurement has decayed.
 *
 * An endpoint that has kept silent for longer than its average counts as that slow already: one that hangs is found out
 * by the first exchanges that it does not answer, and needs no time limit for it.
 *
 * An endpoint without a measurement gets one request when it is drawn, and no second one before it has answered
 * unless the other candidate is worse than PENALTY_MS.
 */
export class PeakEwmaPicker<E extends BalancedEndpoint> implements FlatPicker<E> {
  private readonly sampler = new WeightedSampler<E>();

  get ignoresHealth(): boolean {
    return this.sampler.ignoresHealth;
  }

  set ignoresHealth(value: boolean) {
    this.sampler.ignoresHealth = value;
  }

  pick(endpoints: readonly E[], nowMs: number, random: Random, exclude: E | null = null): E | null {
    const first = this.sampler.draw(endpoints, random, exclude);
    if (first === null || endpoints.length === 1) return first;
    const second = this.sampler.drawOther(endpoints, random, exclude, first);
    if (second === null) return first;
    return costOf(second, nowMs) < costOf(first, nowMs) * NOTABLY_BETTER ? second : first;
  }
}

function costOf(endpoint: BalancedEndpoint, nowMs: number): number {
  const { inFlight } = endpoint;
  if (endpoint.ewmaMs === 0) return inFlight === 0 ? 0 : PENALTY_MS * (1 + inFlight / endpoint.weight);
  const latencyMs = Math.max(latencyAt(endpoint, nowMs), nowMs - endpoint.silentSinceMs);
  return (latencyMs + NOISE_MS) * (1 + inFlight / endpoint.weight);
}
