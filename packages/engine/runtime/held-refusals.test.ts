import assert from "node:assert/strict";
import { test } from "node:test";
import { HeldRefusals } from "./held-refusals.ts";

function setUp() {
  const refusals = new HeldRefusals();
  const released: number[] = [];
  let next = 0;
  const hold = (count: number): void => {
    for (let i = 0; i < count; i++) {
      const number = next++;
      refusals.hold({ turnAway: () => void released.push(number) });
    }
  };
  return { refusals, released, hold };
}

test("a tenth of those who go on are refused, and in four seconds those who wait, in their order", () => {
  const { refusals, released, hold } = setUp();
  hold(200);
  refusals.release(50, 20);
  // A tenth of 50, and one for 20 ms of 200.
  assert.deepEqual(released, [0, 1, 2, 3, 4, 5]);
  refusals.release(0, 40);
  assert.deepEqual(released.slice(6), []);
  refusals.release(0, 60);
  assert.deepEqual(released.slice(6), [6]);
  for (let nowMs = 80; nowMs <= 4_060; nowMs += 20) refusals.release(0, nowMs);
  assert.ok(refusals.count > 60 && refusals.count < 85, `${refusals.count} wait`);
});

test("while few are refused nobody waits", () => {
  const { refusals, released, hold } = setUp();
  refusals.release(50, 20);
  hold(5);
  assert.deepEqual(released, [0, 1, 2, 3, 4]);
  hold(1);
  assert.equal(refusals.count, 1);
});

test("nobody waits longer than five seconds", () => {
  const { refusals, hold } = setUp();
  hold(100);
  for (let nowMs = 20; nowMs < 5_000; nowMs += 20) refusals.release(0, nowMs);
  assert.ok(refusals.count > 5, `${refusals.count} wait`);
  refusals.release(0, 5_000);
  assert.equal(refusals.count, 0);
});

test("no more than ten thousand wait", () => {
  const { released, hold } = setUp();
  hold(10_000);
  assert.equal(released.length, 0);
  hold(5);
  assert.equal(released.length, 5);
});

test("at the end all are answered", () => {
  const { refusals, released, hold } = setUp();
  hold(3);
  refusals.releaseAll();
  assert.deepEqual(released, [0, 1, 2]);
  assert.equal(refusals.count, 0);
});
