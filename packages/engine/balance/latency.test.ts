import assert from "node:assert";
import { describe, it } from "node:test";
import { DECAY_MS, latencyAt, observeFailure, observeLatency } from "./latency.ts";
import { endpointsOf } from "./testing/endpoints.ts";

function measured(...observations: [latencyMs: number, nowMs: number][]) {
  const [endpoint] = endpointsOf(1);
  for (const [latencyMs, nowMs] of observations) observeLatency(endpoint, latencyMs, nowMs);
  return endpoint;
}

const near = (a: number, b: number) => assert.ok(Math.abs(a - b) < 1e-6, `${a} is not ${b}`);

describe("peak EWMA of latency", () => {
  it("begins with the first measurement", () => near(measured([10, 500_000]).ewmaMs, 10));

  it("takes a peak at once", () => near(measured([10, 0], [500, 1]).ewmaMs, 500));

  it("approaches a lower one with time", () => {
    near(measured([100, 0], [10, DECAY_MS]).ewmaMs, 100 / Math.E + 10 * (1 - 1 / Math.E));
    near(measured([100, 0], [10, 100 * DECAY_MS]).ewmaMs, 10);
  });

  it("many fast answers within a moment do not wash out a slow one", () => {
    const endpoint = measured([500, 1_000]);
    for (let i = 0; i < 1_000; i++) observeLatency(endpoint, 1, 1_000);
    near(endpoint.ewmaMs, 500);
  });

  it("decays while nothing is measured", () => {
    const endpoint = measured([100, 0]);
    near(latencyAt(endpoint, 0), 100);
    near(latencyAt(endpoint, DECAY_MS), 100 / Math.E);
    near(endpoint.ewmaMs, 100);
  });

  it("stays above 0 and finite, whatever is observed", () => {
    for (const odd of [0, -5, NaN, -Infinity]) {
      const endpoint = measured([odd, 0]);
      assert.ok(endpoint.ewmaMs > 0 && Number.isFinite(endpoint.ewmaMs), `${odd}: ${endpoint.ewmaMs}`);
    }
    const old = measured([1, 0], [0, 1e9], [0, 2e9]);
    assert.ok(old.ewmaMs > 0);
  });

  it("a clock that steps back changes nothing for the worse", () => {
    const endpoint = measured([100, 1_000], [10, 500]);
    near(endpoint.ewmaMs, 100);
    assert.equal(endpoint.ewmaAtMs, 1_000);
    near(latencyAt(endpoint, 500), 100);
  });

  it("a failure counts as a latency that grows with each further one, up to a minute", () => {
    const endpoint = measured([10, 0]);
    observeFailure(endpoint, 0);
    near(endpoint.ewmaMs, 100);
    observeFailure(endpoint, 0);
    near(endpoint.ewmaMs, 400);
    for (let i = 0; i < 10; i++) observeFailure(endpoint, 0);
    near(endpoint.ewmaMs, 60_000);
    const [fresh] = endpointsOf(1);
    observeFailure(fresh, 0);
    near(fresh.ewmaMs, 100);
  });
});
