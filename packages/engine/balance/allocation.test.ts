import assert from "node:assert";
import { it } from "node:test";
import { DEFAULT_FAILOVER } from "../model/index.ts";
import type { Picker } from "./endpoint.ts";
import { HashPicker } from "./hash-picker.ts";
import { LeastRequestPicker } from "./least-request-picker.ts";
import { LevelPicker } from "./level-picker.ts";
import { maglevTable } from "./maglev-table.ts";
import { PeakEwmaPicker } from "./peak-ewma-picker.ts";
import { RandomPicker } from "./random-picker.ts";
import { DEFAULT_RING_SIZE, ringTable } from "./ring-table.ts";
import { RoundRobinPicker } from "./round-robin-picker.ts";
import { SlowStartPicker } from "./slow-start-picker.ts";
import { endpointsOf } from "./testing/endpoints.ts";
import type { TestEndpoint } from "./testing/endpoints.ts";
import { WeightedChoice } from "./weighted-choice.ts";

const CALLS = 50_000;

const fractions = Float64Array.from({ length: 1_024 }, (_, i) => ((i * 389) % 1_024) / 1_024);
let at = 0;
/** The only source of randomness in this process: calls through several kinds of it would box what they return. */
const random = { next: () => fractions[at++ & 1_023] };

/**
 * Runs rounds until one leaves the heap as it was: the first ones run unoptimised, which boxes numbers, and on a
 * busy machine optimised code comes late. Code that allocates never gets there.
 */
function assertNoAllocation(call: () => void): void {
  let bytes = 0;
  for (let round = 0; round < 200; round++) {
    const before = process.memoryUsage().heapUsed;
    for (let i = 0; i < CALLS; i++) call();
    bytes = Math.abs(process.memoryUsage().heapUsed - before);
    if (bytes < CALLS) return;
  }
  assert.fail(`${bytes} bytes for ${CALLS} calls`);
}

const pickers: [string, Picker<TestEndpoint>][] = [
  ["RandomPicker", new RandomPicker()],
  ["RoundRobinPicker", new RoundRobinPicker()],
  ["PeakEwmaPicker", new PeakEwmaPicker()],
  ["LeastRequestPicker", new LeastRequestPicker()],
  ["HashPicker on a ring", new HashPicker(ringTable(DEFAULT_RING_SIZE), 125)],
  ["HashPicker with Maglev", new HashPicker(maglevTable(1_021))],
  [
    "LevelPicker",
    new LevelPicker(
      () => new RandomPicker(),
      DEFAULT_FAILOVER,
      { mode: "prefer", spillover: "capacity", isNodeFirst: false, zone: "a", node: "" },
      { count: 0 },
    ),
  ],
  [
    "SlowStartPicker",
    new SlowStartPicker(new RandomPicker(), { windowMs: 10, aggression: 1, minimumWeightPercent: 10 }),
  ],
];

for (const [name, picker] of pickers) {
  it(`${name} allocates nothing per pick`, () => {
    const endpoints = endpointsOf(1, 2, 3, 4, 5, 6, 7, 8);
    for (const [i, endpoint] of endpoints.entries()) endpoint.zone = i < 3 ? "a" : "b";
    let key = 0;
    assertNoAllocation(() => picker.pick(endpoints, 1, random, endpoints[3], (key = (key * 31 + 7) & 1_023)));
  });
}

it("WeightedChoice allocates nothing per choice", () => {
  const choice = new WeightedChoice([90, 9, 1].map((weight) => ({ item: weight, weight })));
  assertNoAllocation(() => choice.choose(random));
});
