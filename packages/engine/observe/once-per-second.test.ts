import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { OncePerSecond } from "./once-per-second.ts";

describe("OncePerSecond", () => {
  it("lets one through a second, with the number of those kept back", () => {
    const log = new OncePerSecond<"a" | "b">();
    assert.deepEqual(
      [0, 1, 999, 1_000, 1_500, 2_600, 9_000].map((nowMs) => log.admit("a", nowMs)),
      [0, -1, -1, 2, -1, 1, 0],
    );
  });

  it("counts each kind for itself", () => {
    const log = new OncePerSecond<"a" | "b">();
    assert.deepEqual([log.admit("a", 0), log.admit("b", 1), log.admit("a", 2)], [0, 0, -1]);
  });
});
