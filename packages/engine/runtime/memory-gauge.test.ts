import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryShare, readMemory } from "./memory-gauge.ts";

const reading = (heapUsed: number, resident: number, residentLimit: number = 1_000) => ({
  heapUsed,
  heapLimit: 1_000,
  resident,
  residentLimit,
});

test("fewer requests are admitted from 85 % of heap or resident memory on, and none from 95 %", () => {
  assert.equal(memoryShare(reading(850, 0)), 1);
  assert.ok(Math.abs(memoryShare(reading(900, 100)) - 0.5) < 1e-9);
  assert.ok(Math.abs(memoryShare(reading(100, 900)) - 0.5) < 1e-9);
  assert.equal(memoryShare(reading(950, 0)), 0);
  assert.equal(memoryShare(reading(0, 2_000)), 0);
  assert.equal(memoryShare(reading(0, 2_000, Infinity)), 1);
});

test("this process has a heap with a limit, and is not near it", () => {
  const memory = readMemory();
  assert.ok(memory.heapUsed > 0 && memory.heapUsed < memory.heapLimit);
  assert.ok(memoryShare(memory) > 0);
});
