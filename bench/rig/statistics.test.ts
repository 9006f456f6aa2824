import assert from "node:assert";
import { test } from "node:test";
import { median, percentile, ratio, smallest } from "./statistics.ts";

test("median takes the middle value, and the mean of the two middle ones", () => {
  assert.equal(median([9, 1, 5]), 5);
  assert.equal(median([4, 1, 3, 2]), 2.5);
  assert.ok(Number.isNaN(median([])));
});

test("median leaves its input as it was", () => {
  const values = [3, 1, 2];
  median(values);
  assert.deepEqual(values, [3, 1, 2]);
});

test("percentile is by nearest rank", () => {
  const hundred = Array.from({ length: 100 }, (_, i) => i + 1);
  assert.equal(percentile(hundred, 0.99), 99);
  assert.equal(percentile(hundred, 1), 100);
  assert.equal(percentile([7], 0.5), 7);
  assert.ok(Number.isNaN(percentile([], 0.5)));
});

test("ratio is undefined when a side is missing", () => {
  assert.equal(ratio(12, 10), 1.2);
  assert.equal(ratio(undefined, 10), undefined);
  assert.equal(ratio(12, undefined), undefined);
  assert.equal(ratio(12, 0), undefined);
});

test("smallest skips what was not measured", () => {
  assert.equal(smallest([undefined, 3, 2]), 2);
  assert.equal(smallest([undefined]), undefined);
});
