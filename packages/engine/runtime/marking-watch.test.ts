import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { MarkingWatch } from "./marking-watch.ts";

test("the runtime says when it begins to mark old objects, and when that is over", async () => {
  const watch = new MarkingWatch();
  const seen: boolean[] = [];
  try {
    let kept: object[] = [];
    while (seen.length < 4) {
      // Some of it lives long enough to be old, and all goes in the end.
      for (let at = 0; at < 20_000; at++) kept.push({ at, list: [at] });
      if (kept.length > 2_000_000) kept = [];
      await turn();
      if (watch.isMarking !== (seen.at(-1) ?? false)) seen.push(watch.isMarking);
    }
    assert.deepEqual(seen, [true, false, true, false]);
  } finally {
    watch.close();
  }
});
