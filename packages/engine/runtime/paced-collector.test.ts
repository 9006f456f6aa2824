import assert from "node:assert/strict";
import { test } from "node:test";
import { findCollector } from "./collector.ts";
import { PacedCollector } from "./paced-collector.ts";

const idle = { isMarking: false };

test("collects young objects after each 400 units of a change and each 5 ms of building, for a small one never", () => {
  let found = 0;
  const collected: object[] = [];
  const collector = new PacedCollector(idle, () => {
    found++;
    return (options) => void collected.push(options);
  });
  for (let change = 0; change < 3; change++) {
    collector.take(399);
    collector.build(100);
    collector.rest();
  }
  assert.deepEqual([found, collected], [0, []]);
  for (let i = 0; i < 40; i++) collector.take(40);
  assert.deepEqual(
    collected,
    Array.from({ length: 4 }, () => ({ type: "minor" })),
  );
  for (let i = 0; i < 20; i++) collector.build(0.5);
  assert.deepEqual([found, collected.length], [1, 6]);
  collector.rest();
  collector.build(100);
  assert.equal(collected.length, 6);
  collector.take(400);
  assert.equal(found, 2, "it holds on to nothing between changes");
});

test("collects nothing while old objects are marked", () => {
  const marking = { isMarking: true };
  let collected = 0;
  const collector = new PacedCollector(marking, () => () => void collected++);
  collector.take(400);
  collector.build(5);
  assert.equal(collected, 0);
  marking.isMarking = false;
  collector.take(400);
  collector.build(5);
  assert.equal(collected, 2);
});

test("a runtime that has no collector to call is left alone", () => {
  const collector = new PacedCollector(idle, () => null);
  collector.take(4_000);
  collector.build(100);
  collector.rest();
});

test("the collector is found, and stays out of sight", () => {
  const collect = findCollector();
  assert.equal(typeof collect, "function");
  collect!({ type: "minor" });
  assert.equal("gc" in globalThis, false);
});
