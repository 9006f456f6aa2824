import assert from "node:assert";
import { test } from "node:test";
import { isSettled } from "./settle.ts";
import { medianBefore } from "./growth.ts";

test("memory has settled when every reading is near the median", () => {
  assert.equal(isSettled([100, 100.4, 99.8], 0.005), true);
  assert.equal(isSettled([100, 103, 100], 0.005), false);
});

test("the reading at a minute is the median of the half minute before it", () => {
  const samples = Array.from({ length: 121 }, (_, second) => ({ atMs: second * 1000, bytes: second }));
  assert.equal(medianBefore(samples, 120_000), 105.5);
  assert.equal(medianBefore(samples, 60_000), 45.5);
  assert.throws(() => medianBefore(samples, 500_000), /no reading/);
});
