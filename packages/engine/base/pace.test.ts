import assert from "node:assert/strict";
import { test } from "node:test";
import { Pace } from "./pace.ts";

const work = (ms: number) => {
  const endMs = performance.now() + ms;
  while (performance.now() < endMs);
};

test("within a slice work goes on, behind it the thread sleeps, and now and then the event loop has a turn", async () => {
  const pace = new Pace({ sliceMs: 5, napMs: 20, loopMs: 200 });
  await pace.rest();
  assert.equal(pace.rest(), undefined);
  work(6);
  const startMs = performance.now();
  assert.equal(pace.rest(), undefined);
  assert.ok(performance.now() - startMs >= 19);
  work(200);
  let hasTurned = false;
  setImmediate(() => (hasTurned = true));
  await pace.rest();
  assert.ok(hasTurned);
});

test("without naps the event loop has a turn at each rest", async () => {
  const pace = new Pace({ sliceMs: 1, napMs: 0 });
  for (let round = 0; round < 3; round++) {
    let hasTurned = false;
    setImmediate(() => (hasTurned = true));
    await pace.rest();
    assert.ok(hasTurned);
    work(2);
  }
});
