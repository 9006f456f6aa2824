import type { Random } from "../base/index.ts";
import type { BalancedEndpoint, Picker } from "./endpoint.ts";
import { latencyAt } from "./latency.ts";
import { WeightedSampler } from "./weighted-sampler.ts";

/** Added to every latency: differences far below it are noise, and long idle endpoints compare by load. */
const NOISE_MS = 0.5;
/** Latency assumed of an endpoint that has requests in flight and has never answered (Finagle's penalty, tamed). */
const PENALTY_MS = 5_000;

/**
 * The better of two (Mitzenmacher, "The Power of Two Choices"), where better is the lower
 *
 *     (peak EWMA of latency) × (exchanges in flight, and this one) ÷ weight
 *
 * as Finagle and Linkerd have it. Candidates are drawn by weight, so in flight is weighed against the share that
 * is due: at equal load the shares are those of the weights. An endpoint without a measurement gets one request
 * at once, and no second one before it has answered, unless the other candidates are worse than PENALTY_MS.
 */
export class PeakEwmaPicker<E extends BalancedEndpoint> implements Picker<E> {
  private readonly sampler = new WeightedSampler<E>();

  pick(endpoints: readonly E[], nowMs: number, random: Random, exclude: E | null = null): E | null {
    const first = this.sampler.draw(endpoints, random, exclude);
    if (first === null || endpoints.length === 1) return first;
    let second = this.sampler.draw(endpoints, random, exclude);
    // A second draw of the same one says nothing about the others: once more.
    if (second === first) second = this.sampler.draw(endpoints, random, exclude);
    if (second === null || second === first) return first;
    return costOf(second, nowMs) < costOf(first, nowMs) ? second : first;
  }
}

function costOf(endpoint: BalancedEndpoint, nowMs: number): number {
  const { inFlight } = endpoint;
  if (endpoint.ewmaMs === 0) return inFlight === 0 ? 0 : PENALTY_MS * (inFlight / endpoint.weight);
  return (latencyAt(endpoint, nowMs) + NOISE_MS) * (1 + inFlight / endpoint.weight);
}
