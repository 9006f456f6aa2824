import type { BalancedEndpoint } from "./endpoint.ts";

/** Time after which a measurement has lost 63 % of its say (Finagle's and Linkerd's default). */
export const DECAY_MS = 10_000;
/** Keeps a measured endpoint apart from one that never was. */
const LEAST_MS = 0.001;
/** What a failure counts as at least, and at most after many in a row. */
const LEAST_FAILURE_MS = 100;
const MOST_FAILURE_MS = 60_000;
const FAILURE_GROWTH = 4;

/** The average as it has decayed by now, toward 0: an endpoint that was slow is tried again in time. */
export function latencyAt(endpoint: BalancedEndpoint, nowMs: number): number {
  const elapsedMs = nowMs - endpoint.ewmaAtMs;
  return elapsedMs > 0 ? endpoint.ewmaMs * Math.exp(-elapsedMs / DECAY_MS) : endpoint.ewmaMs;
}

/**
 * Takes one latency into an endpoint's peak EWMA: one above the average replaces it at once, one below moves it
 * by the time that has passed, so that many fast answers in a burst do not wash out a slow one.
 */
export function observeLatency(endpoint: BalancedEndpoint, latencyMs: number, nowMs: number): void {
  const measuredMs = latencyMs > LEAST_MS ? latencyMs : LEAST_MS;
  const elapsedMs = Math.max(0, nowMs - endpoint.ewmaAtMs);
  if (endpoint.ewmaMs === 0) {
    endpoint.ewmaMs = measuredMs;
  } else {
    const kept = Math.exp(-elapsedMs / DECAY_MS);
    const isPeak = measuredMs > endpoint.ewmaMs * kept;
    endpoint.ewmaMs = isPeak ? measuredMs : endpoint.ewmaMs * kept + measuredMs * (1 - kept);
  }
  endpoint.ewmaAtMs = Math.max(nowMs, endpoint.ewmaAtMs);
}

/**
 * Takes a failed attempt into the average, as a latency some times the present one. Without it an endpoint that
 * refuses at once would look like the fastest of all, and draw what it can.
 */
export function observeFailure(endpoint: BalancedEndpoint, nowMs: number): void {
  const worseMs = latencyAt(endpoint, nowMs) * FAILURE_GROWTH;
  observeLatency(endpoint, Math.min(MOST_FAILURE_MS, Math.max(LEAST_FAILURE_MS, worseMs)), nowMs);
}

/**
 * Takes into the average how long an endpoint has kept silent, once nobody waits for it any longer. Without it one that
 * hangs would be as good as new when its clients have given up.
 */
export function observeSilence(endpoint: BalancedEndpoint, nowMs: number): void {
  const silentMs = nowMs - endpoint.silentSinceMs;
  if (silentMs > latencyAt(endpoint, nowMs)) observeLatency(endpoint, silentMs, nowMs);
}
