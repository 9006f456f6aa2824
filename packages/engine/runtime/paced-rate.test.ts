import assert from "node:assert/strict";
import { test } from "node:test";
import { PacedRate } from "./paced-rate.ts";

const TARGET = 100;
const FLOOR = 0.05;

function late(delays: readonly number[], admittedPerMs: number = 1): PacedRate {
  const rate = new PacedRate(FLOOR);
  for (const delayMs of delays) rate.steer(delayMs, TARGET, admittedPerMs, 100);
  return rate;
}

test("there is no rate until the delay is above the target, then it is what went on", () => {
  assert.equal(late([0, 50, 100]).perMs, Infinity);
  assert.equal(late([0, 50, 101]).perMs, 1);
});

test("it falls while the delay grows, and at the target it stays", () => {
  const rate = late([150, 250]);
  assert.ok(rate.perMs < 0.7, `${rate.perMs}`);
  const settled = late([150, 100, 100]);
  const { perMs } = settled;
  settled.steer(100, TARGET, 1, 100);
  assert.equal(settled.perMs, perMs);
});

test("what was taken off too much comes back at once when the delay is short", () => {
  const rate = late([150, 400, 800, 1_600]);
  assert.ok(rate.perMs < 0.4, `${rate.perMs}`);
  rate.steer(10, TARGET, 0.4, 100);
  assert.ok(rate.perMs > 0.8 && rate.perMs <= 0.9, `${rate.perMs}`);
});

test("it is never below the floor, nor far above what went on", () => {
  assert.equal(late([150, ...Array.from({ length: 100 }, (_, i) => 200 * i)], 0).perMs, FLOOR);
  assert.ok(late([150, ...Array<number>(100).fill(0)]).perMs <= 1.5);
});
