import type { Outlier, Tally } from "./outlier-window.ts";

/** A slow endpoint exceeds the others by this at least: answers wait as long for the event loop. */
const LEAST_EXCESS_MS = 5;

const latencyOf = ({ sum, requests }: Tally): number => sum / requests;

/**
 * Endpoints whose mean latency is above factor × the median of the others', the worst first. Sums are milliseconds to
 * the response head.
 */
export function latencyOutliers(tallies: readonly Tally[], factor: number): readonly Outlier[] {
  const sorted = tallies.toSorted((a, b) => latencyOf(a) - latencyOf(b));
  const middle = Math.floor((sorted.length - 2) / 2);
  const found: Outlier[] = [];
  for (let at = sorted.length - 1; at > 0; at--) {
    const medianMs = latencyOf(sorted[middle < at ? middle : middle + 1]);
    const slowAboveMs = Math.max(medianMs * factor, medianMs + LEAST_EXCESS_MS);
    if (latencyOf(sorted[at]) <= slowAboveMs) break;
    found.push({ endpoint: sorted[at].endpoint, slowAboveMs });
  }
  return found;
}
