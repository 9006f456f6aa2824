import assert from "node:assert";
import { describe, it } from "node:test";
import { seededRandom } from "../base/index.ts";
import { pickerContract } from "./contract.suite.ts";
import { observeFailure, observeLatency } from "./latency.ts";
import { PeakEwmaPicker } from "./peak-ewma-picker.ts";
import { RandomPicker } from "./random-picker.ts";
import { countPicks, endpointsOf } from "./testing/endpoints.ts";
import type { TestEndpoint } from "./testing/endpoints.ts";
import { simulate } from "./testing/simulation.ts";

pickerContract("PeakEwmaPicker", () => new PeakEwmaPicker());

/** Endpoints that were all measured at `latencyMs`. */
function measured(latencyMs: number, ...weights: number[]): TestEndpoint[] {
  const endpoints = endpointsOf(...weights);
  for (const endpoint of endpoints) observeLatency(endpoint, latencyMs, 0);
  return endpoints;
}

describe("PeakEwmaPicker", () => {
  it("sends a slow endpoint less, and answers faster on average than chance", () => {
    const slow = (index: number, inFlight: number) => (index === 0 ? 100 : 10) * (1 + inFlight * 0.2);
    const load = { requests: 20_000, everyMs: 2 };
    const even = simulate(new RandomPicker(), endpointsOf(1, 1, 1, 1), load, slow);
    const wise = simulate(new PeakEwmaPicker(), endpointsOf(1, 1, 1, 1), load, slow);
    assert.ok(wise.counts[0] < even.counts[0] / 4, `${wise.counts} against ${even.counts}`);
    assert.ok(wise.counts[0] > 0, "it is still probed");
    assert.ok(wise.meanMs < even.meanMs / 2, `${wise.meanMs} ms against ${even.meanMs} ms`);
  });

  it("keeps equal endpoints even under load", () => {
    const { counts, mostInFlight } = simulate(
      new PeakEwmaPicker(),
      endpointsOf(1, 1, 1, 1, 1),
      { requests: 20_000, everyMs: 1 },
      (_index, inFlight) => 20 * (1 + inFlight * 0.05),
    );
    for (const count of counts) assert.ok(Math.abs(count - 4_000) < 400, `${counts}`);
    assert.ok(mostInFlight < 20, `${mostInFlight} in flight at one endpoint`);
  });

  it("keeps to weights under load", () => {
    const { counts } = simulate(
      new PeakEwmaPicker(),
      endpointsOf(1, 1, 4),
      { requests: 30_000, everyMs: 1 },
      () => 40,
    );
    assert.ok(Math.abs(counts[2] / 30_000 - 4 / 6) < 0.05, `${counts}`);
  });

  it("flees an endpoint that turns slow, and comes back when it has recovered", () => {
    const endpoints = endpointsOf(1, 1, 1);
    const picker = new PeakEwmaPicker<TestEndpoint>();
    const run = (requests: number, startMs: number, slowMs: number) =>
      simulate(picker, endpoints, { requests, everyMs: 5, startMs }, (index) => (index === 0 ? slowMs : 10))
        .counts[0] / requests;
    const before = run(4_000, 0, 10);
    const during = run(4_000, 20_000, 500);
    run(8_000, 40_000, 10);
    const after = run(8_000, 80_000, 10);
    assert.ok(before > 0.28, `${before}`);
    assert.ok(during < 0.05, `${during}`);
    assert.ok(after > 0.2, `${after}`);
  });

  it("gives a new endpoint one request at once, and no more before it has answered", () => {
    const endpoints = measured(10, 1, 1);
    const [, fresh] = endpoints;
    fresh.ewmaMs = 0;
    const picker = new PeakEwmaPicker<TestEndpoint>();
    const random = seededRandom(4);
    assert.equal(picker.pick(endpoints, 1, random), fresh);
    fresh.inFlight = 1;
    for (let i = 0; i < 200; i++) assert.equal(picker.pick(endpoints, 1, random), endpoints[0]);
    fresh.inFlight = 0;
    observeLatency(fresh, 10, 2);
    const counts = countPicks(picker, endpoints, 1_000);
    assert.ok(counts[1] > 300, `${counts}`);
  });

  it("compares by load after a long silence, whatever was measured before it", () => {
    const endpoints = measured(100, 1, 1);
    observeLatency(endpoints[1], 0.1, 60_000);
    endpoints[0].inFlight = 0;
    endpoints[1].inFlight = 5;
    const picker = new PeakEwmaPicker<TestEndpoint>();
    const random = seededRandom(2);
    let busy = 0;
    for (let i = 0; i < 400; i++) if (picker.pick(endpoints, 600_000, random) === endpoints[1]) busy++;
    assert.equal(busy, 0);
  });

  it("endpoints that refuse at once do not draw the traffic, even when they are most of all", () => {
    const endpoints = endpointsOf(1, 1, 1, 1);
    const picker = new PeakEwmaPicker<TestEndpoint>();
    const random = seededRandom(6);
    const counts = endpoints.map(() => 0);
    for (let nowMs = 0; nowMs < 20_000; nowMs += 5) {
      const endpoint = picker.pick(endpoints, nowMs, random)!;
      counts[endpoints.indexOf(endpoint)]++;
      if (endpoint === endpoints[3]) observeLatency(endpoint, 10, nowMs);
      else observeFailure(endpoint, nowMs);
    }
    // Half of the pairs do not hold the sound one: they are all failures, however they are chosen from.
    assert.ok(counts[3] > 0.48 * 4_000, `${counts}`);
  });
});
