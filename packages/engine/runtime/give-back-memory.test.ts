import assert from "node:assert/strict";
import { test } from "node:test";
import { getHeapStatistics } from "node:v8";
import { giveBackMemory } from "./give-back-memory.ts";

test("what nobody holds any more goes back to the system, and no gc is left in sight", () => {
  let garbage: number[][] | null = Array.from({ length: 200 }, () =>
    Array.from({ length: 10_000 }, (_, i) => i + 0.5),
  );
  const full = getHeapStatistics().total_physical_size;
  assert.equal(garbage.length, 200);
  garbage = null;
  giveBackMemory();
  const left = getHeapStatistics().total_physical_size;
  assert.ok(left < full - 10_000_000, `${full} bytes, then ${left}`);
  assert.equal("gc" in globalThis, false);
});
