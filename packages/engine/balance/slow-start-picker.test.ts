import assert from "node:assert";
import { describe, it } from "node:test";
import { seededRandom } from "../base/index.ts";
import type { SlowStartSpec } from "../model/index.ts";
import { pickerContract } from "./contract.suite.ts";
import type { Picker } from "./endpoint.ts";
import { LeastRequestPicker } from "./least-request-picker.ts";
import { PeakEwmaPicker } from "./peak-ewma-picker.ts";
import { RandomPicker } from "./random-picker.ts";
import { RoundRobinPicker } from "./round-robin-picker.ts";
import { SlowStartPicker } from "./slow-start-picker.ts";
import { endpointsOf } from "./testing/endpoints.ts";
import type { TestEndpoint } from "./testing/endpoints.ts";

const SPEC: SlowStartSpec = { windowMs: 10_000, aggression: 1, minimumWeightPercent: 10 };

pickerContract("SlowStartPicker", () => new SlowStartPicker(new RandomPicker(), SPEC));

/** Share of the first of four endpoints, which joined at 0, at a time. */
function shareAt(inner: Picker<TestEndpoint>, nowMs: number, spec: SlowStartSpec = SPEC): number {
  const endpoints = endpointsOf(1, 1, 1, 1);
  endpoints[0].rampFromMs = 0;
  const picker = new SlowStartPicker(inner, spec);
  const random = seededRandom(7);
  let picks = 0;
  for (let i = 0; i < 40_000; i++) if (picker.pick(endpoints, nowMs, random) === endpoints[0]) picks++;
  return picks / 40_000;
}

/** The share of weight w among three of weight 1. */
const shareOf = (weight: number): number => weight / (3 + weight);
const near = (a: number, b: number): void => assert.ok(Math.abs(a - b) < 0.012, `${a} is not ${b}`);

describe("SlowStartPicker", () => {
  for (const [name, make] of [
    ["random", () => new RandomPicker<TestEndpoint>()],
    ["round robin", () => new RoundRobinPicker<TestEndpoint>()],
    ["least request", () => new LeastRequestPicker<TestEndpoint>()],
    ["peak EWMA", () => new PeakEwmaPicker<TestEndpoint>()],
  ] as const) {
    it(`gives a new endpoint of ${name} the share of a weight that grows in a line over the window`, () => {
      near(shareAt(make(), 0), shareOf(0.1));
      near(shareAt(make(), 3_000), shareOf(0.3));
      near(shareAt(make(), 6_000), shareOf(0.6));
      near(shareAt(make(), 10_000), shareOf(1));
    });
  }

  it("is faster at first with an aggression above 1, and slower below it", () => {
    near(shareAt(new RandomPicker(), 2_500, { ...SPEC, aggression: 2 }), shareOf(0.5));
    near(shareAt(new RandomPicker(), 5_000, { ...SPEC, aggression: 0.5 }), shareOf(0.25));
  });

  it("spreads evenly where all are new, and ends", () => {
    const endpoints = endpointsOf(1, 1);
    for (const endpoint of endpoints) endpoint.rampFromMs = 0;
    const picker = new SlowStartPicker<TestEndpoint>(new RandomPicker(), SPEC);
    const random = seededRandom(3);
    let first = 0;
    for (let i = 0; i < 4_000; i++) if (picker.pick(endpoints, 0, random) === endpoints[0]) first++;
    assert.ok(Math.abs(first - 2_000) < 150, `${first}`);
  });

  it("asks chance for nothing once the window is over", () => {
    const endpoints = endpointsOf(1);
    endpoints[0].rampFromMs = 0;
    const picker = new SlowStartPicker<TestEndpoint>(new RandomPicker(), SPEC);
    assert.equal(picker.pick(endpoints, 10_000, { next: () => assert.fail("no chance here") }), endpoints[0]);
  });
});
