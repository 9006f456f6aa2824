import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "../base/index.ts";
import { LatencyQuantiles } from "./latency-quantiles.ts";

test("quantiles are those of what was seen, at most 15 % too high", () => {
  const latencies = new LatencyQuantiles();
  const random = seededRandom(1);
  for (let i = 0; i < 1_500; i++) latencies.observe(10 + random.next() * 90);
  for (const [percent, ms] of [
    [50, 55],
    [90, 91],
    [99, 99],
  ] as const) {
    const found = latencies.at(percent);
    assert.ok(found > ms * 0.93 && found < ms * 1.2, `p${percent} is ${found}`);
  }
});

test("nothing is told of few requests", () => {
  const latencies = new LatencyQuantiles();
  for (let i = 0; i < 49; i++) latencies.observe(5);
  assert.equal(latencies.at(95), Infinity);
  latencies.observe(5);
  assert.ok(latencies.at(95) < 6);
});

test("what was long ago is forgotten", () => {
  const latencies = new LatencyQuantiles();
  for (let i = 0; i < 5_000; i++) latencies.observe(100);
  for (let i = 0; i < 10_000; i++) latencies.observe(2);
  assert.ok(latencies.at(95) < 3, String(latencies.at(95)));
});
