import { seededRandom } from "../../base/index.ts";
import type { Picker } from "../endpoint.ts";
import { observeLatency } from "../latency.ts";
import type { TestEndpoint } from "./endpoints.ts";

export interface SimulationResult {
  /** Requests per endpoint. */
  readonly counts: number[];
  readonly meanMs: number;
  readonly p99Ms: number;
  /** Of the endpoint that had most. */
  readonly mostInFlight: number;
}

/**
 * Requests at a steady rate on a fake clock. `serviceMs` says how long an endpoint takes for a request that comes
 * when it has `inFlight` others.
 */
export function simulate(
  picker: Picker<TestEndpoint>,
  endpoints: readonly TestEndpoint[],
  options: { requests: number; everyMs: number; startMs?: number; seed?: number },
  serviceMs: (index: number, inFlight: number, nowMs: number) => number,
): SimulationResult {
  const random = seededRandom(options.seed ?? 1);
  const counts = endpoints.map(() => 0);
  const running: { endpoint: TestEndpoint; startMs: number; endMs: number }[] = [];
  let nowMs = options.startMs ?? 0;
  const latencies = new Float64Array(options.requests);
  let mostInFlight = 0;
  const finish = (untilMs: number): void => {
    for (let at = running.length - 1; at >= 0; at--) {
      const { endpoint, startMs, endMs } = running[at];
      if (endMs > untilMs) continue;
      running.splice(at, 1);
      endpoint.inFlight--;
      observeLatency(endpoint, endMs - startMs, endMs);
    }
  };
  for (let i = 0; i < options.requests; i++) {
    nowMs += options.everyMs;
    finish(nowMs);
    const endpoint = picker.pick(endpoints, nowMs, random)!;
    const index = endpoints.indexOf(endpoint);
    counts[index]++;
    const takesMs = serviceMs(index, endpoint.inFlight, nowMs);
    latencies[i] = takesMs;
    endpoint.inFlight++;
    mostInFlight = Math.max(mostInFlight, endpoint.inFlight);
    running.push({ endpoint, startMs: nowMs, endMs: nowMs + takesMs });
  }
  finish(Infinity);
  const meanMs = latencies.reduce((sum, ms) => sum + ms, 0) / options.requests;
  const p99Ms = latencies.sort()[Math.ceil(options.requests * 0.99) - 1];
  return { counts, meanMs, p99Ms, mostInFlight };
}
