import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { seededRandom } from "../base/index.ts";
import type { AdaptiveConcurrencySpec } from "../model/index.ts";
import { ConcurrencyLimiter } from "./concurrency-limiter.ts";
import { SimulatedService } from "./simulated-service.suite.ts";

const SPEC: AdaptiveConcurrencySpec = {
  minConcurrency: 3,
  maxConcurrency: 1_000,
  sampleIntervalMs: 100,
  buffer: 0.25,
  baseIntervalMs: 60_000,
  baseJitter: 0.1,
  baseRequests: 50,
};

function setUp(service: { servers: number; serviceMs: number }, spec: Partial<AdaptiveConcurrencySpec> = {}) {
  let total = 0;
  const limiter = new ConcurrencyLimiter(
    { ...SPEC, ...spec },
    seededRandom(5),
    (change) => (total += change),
  );
  const simulation = new SimulatedService(limiter, service.servers, service.serviceMs, seededRandom(9));
  return { limiter, simulation, reported: () => total };
}

describe("ConcurrencyLimiter", () => {
  test("a service that is never busy is never limited, and never let down to be measured", () => {
    const { limiter, simulation } = setUp({ servers: 8, serviceMs: 20 });
    const { refused } = simulation.run(300_000, 0.05);
    assert.equal(refused, 0);
    assert.ok(limiter.limit > 3);
  });

  test("at three times what a service can do it does as much as it can, and answers soon", () => {
    const { simulation } = setUp({ servers: 10, serviceMs: 20 });
    simulation.run(5_000, 0.25);
    simulation.run(2_000, 1.5);
    const { answered, refused, percentile } = simulation.run(50_000, 1.5);
    // 10 servers of 20 ms each: one request every 2 ms.
    assert.ok(answered >= 0.9 * 25_000, `${answered} answered`);
    assert.ok(refused > 40_000);
    assert.ok(percentile(0.99) < 100, `p99 ${percentile(0.99)} ms`);
  });

  test("without it the same crowd waits ever longer", () => {
    const { simulation } = setUp(
      { servers: 10, serviceMs: 20 },
      { minConcurrency: 100_000, maxConcurrency: 100_000 },
    );
    const { percentile } = simulation.run(3_000, 1.5);
    assert.ok(percentile(0.99) > 1_500);
  });

  test("when a service becomes slower it is measured anew, and does what it can then", () => {
    const { simulation } = setUp({ servers: 10, serviceMs: 20 });
    simulation.run(10_000, 1.5);
    simulation.serviceMs = 100;
    simulation.run(70_000, 0.3);
    const { answered } = simulation.run(20_000, 0.3);
    assert.ok(answered >= 0.85 * 2_000, `${answered} answered`);
  });

  test("a busy service is measured once in the interval, give or take the jitter", () => {
    const { limiter, simulation } = setUp({ servers: 10, serviceMs: 20 });
    simulation.run(5_000, 0.45);
    const probes: number[] = [];
    let wasLow = false;
    for (let i = 0; i < 20_000; i++) {
      simulation.run(10, 0.45);
      const isLow = limiter.limit === 3;
      if (isLow && !wasLow) probes.push(simulation.nowMs);
      wasLow = isLow;
    }
    assert.ok(probes.length >= 3, `${probes.length} probes`);
    for (let i = 1; i < probes.length; i++) {
      const gapMs = probes[i] - probes[i - 1];
      assert.ok(gapMs > 54_000 && gapMs < 67_000, `${gapMs} ms between probes`);
    }
  });

  test("requests that nobody waits for any more count when they took long, and not when they did not", () => {
    const { limiter, simulation } = setUp({ servers: 10, serviceMs: 20 });
    simulation.run(10_000, 0.1);
    let nowMs = simulation.nowMs;
    const abandon = (tookMs: number): void => {
      for (let round = 0; round < 20; round++) {
        const taken = Array.from({ length: 500 }, () => limiter.tryStart(nowMs)).filter(Boolean).length;
        const startedMs = nowMs;
        nowMs += tookMs;
        for (let i = 0; i < taken; i++) limiter.abandoned(startedMs, nowMs);
      }
    };
    const before = limiter.limit;
    abandon(10);
    assert.equal(limiter.limit, before);
    abandon(1_000);
    assert.ok(limiter.limit <= 10, `limit ${limiter.limit}`);
  });

  test("a probe that gets no answers ends by itself", () => {
    const { limiter } = setUp({ servers: 1, serviceMs: 1 });
    for (let i = 0; i < 60; i++) assert.ok(limiter.tryStart(0));
    for (let i = 0; i < 50; i++) limiter.answered(0, 10);
    assert.equal(limiter.limit, 3);
    assert.equal(limiter.tryStart(5_000), false);
    assert.equal(limiter.tryStart(6_100), true);
    assert.equal(limiter.limit, 1_000);
  });

  test("what it reports adds up to its limit, and to nothing when it is closed", () => {
    const { limiter, simulation, reported } = setUp({ servers: 10, serviceMs: 20 });
    simulation.run(20_000, 1.5);
    const limit = reported();
    assert.ok(limit >= 3 && limit <= 1_000);
    limiter.close();
    assert.equal(reported(), 0);
    simulation.run(5_000, 1.5);
    assert.equal(reported(), 0);
  });
});
