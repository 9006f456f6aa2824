import type { Outlier, Tally } from "./outlier-window.ts";

/** So many failures at least: one among hundreds of requests is far off the others' none, and means nothing. */
const LEAST_FAILURES = 5;

const rateOf = ({ sum, requests }: Tally): number => sum / requests;

/**
 * Endpoints whose success rate is below mean − factor × standard deviation (Envoy's success rate outliers: each rate
 * counts alike, whatever the number of requests), the worst first. Sums are of good answers.
 */
export function successRateOutliers(tallies: readonly Tally[], factor: number): readonly Outlier[] {
  const rates = tallies.map(rateOf);
  const mean = rates.reduce((sum, rate) => sum + rate, 0) / rates.length;
  const variance = rates.reduce((sum, rate) => sum + (rate - mean) ** 2, 0) / rates.length;
  const least = mean - factor * Math.sqrt(variance);
  return tallies
    .filter((tally) => rateOf(tally) < least && tally.requests - tally.sum >= LEAST_FAILURES)
    .sort((a, b) => rateOf(a) - rateOf(b))
    .map(({ endpoint }) => ({ endpoint, slowAboveMs: Infinity }));
}
