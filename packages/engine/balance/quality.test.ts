import assert from "node:assert";
import { it } from "node:test";
import { LeastRequestPicker } from "./least-request-picker.ts";
import { PeakEwmaPicker } from "./peak-ewma-picker.ts";
import { RoundRobinPicker } from "./round-robin-picker.ts";
import type { Picker } from "./endpoint.ts";
import { endpointsOf } from "./testing/endpoints.ts";
import type { TestEndpoint } from "./testing/endpoints.ts";
import { simulate } from "./testing/simulation.ts";

/** Ten endpoints, one of which takes ten times as long: 50 ms against 5, give or take half, for each request. */
function p99(picker: Picker<TestEndpoint>, seed: number): number {
  const endpoints = endpointsOf(...Array.from({ length: 10 }, () => 1));
  const options = { requests: 30_000, everyMs: 1, seed };
  return simulate(picker, endpoints, options, (index, inFlight, nowMs) => {
    const jitter = 0.5 + ((nowMs * 7_919 + index * 104_729) % 1_000) / 1_000;
    return (index === 3 ? 50 : 5) * jitter * (1 + inFlight * 0.1);
  }).p99Ms;
}

it("with one of ten endpoints ten times slower, the default's p99 is at least five times better than round robin's", () => {
  for (let seed = 1; seed <= 5; seed++) {
    const inTurn = p99(new RoundRobinPicker(), seed);
    const byLatency = p99(new PeakEwmaPicker(), seed);
    assert.ok(byLatency * 5 <= inTurn, `${byLatency} ms against ${inTurn} ms (seed ${seed})`);
  }
});

it("least request does no worse than round robin there", () => {
  assert.ok(p99(new LeastRequestPicker(), 1) <= p99(new RoundRobinPicker(), 1));
});
