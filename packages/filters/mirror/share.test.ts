import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "@heddle/engine/base";
import { Share } from "./share.ts";

/** Which of `count` are chosen, by their places. */
function chosenOf(count: number, numerator: number, denominator: number, seed = 7): number[] {
  const share = new Share(numerator, denominator, seededRandom(seed));
  return Array.from({ length: count }, (_, place) => place).filter(() => share.choose());
}

test("every block has its share, however the fraction is written", () => {
  for (const [numerator, denominator, block] of [
    [20, 100, 5],
    [33, 100, 100],
    [1, 2, 2],
    [999, 1000, 1000],
  ] as const) {
    const counts = new Map<number, number>();
    for (const place of chosenOf(block * 40, numerator, denominator)) {
      const at = Math.floor(place / block);
      counts.set(at, (counts.get(at) ?? 0) + 1);
    }
    assert.deepEqual(new Set(counts.values()), new Set([(numerator * block) / denominator]));
    assert.equal(counts.size, 40);
  }
});

test("each place of a block is as likely as the others: traffic in step with it is copied evenly", () => {
  const counts = [0, 0, 0, 0, 0];
  for (const place of chosenOf(50_000, 1, 5)) counts[place % 5]! += 1;
  // 2000 each; the standard deviation is 40.
  for (const count of counts) assert.ok(Math.abs(count - 2000) < 200, counts.join(" "));
});

test("none of 0, all of the whole", () => {
  assert.equal(chosenOf(300, 0, 100).length, 0);
  assert.equal(chosenOf(300, 100, 100).length, 300);
});
