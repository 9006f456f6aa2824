import assert from "node:assert";
import { test } from "node:test";
import type { Outcome } from "./load.ts";
import { faultCells } from "./report.ts";
import { summariseTrial } from "./trial.ts";

const get = (atMs: number, tookMs: number, failure = ""): Outcome => ({
  method: "GET",
  atMs,
  tookMs,
  failure,
  isWrong: failure === "wrong body",
});

test("failures are counted by what was seen, and p99 is of the time when the origin was bad", () => {
  const trial = summariseTrial({
    outcomes: [
      get(0, 900),
      get(1_500, 30),
      get(1_600, 20, "status 502"),
      get(1_700, 20, "wrong body"),
      { ...get(1_800, 5, "status 502"), method: "POST" },
    ],
    beganMs: 1_000,
    endedMs: 2_000,
    avoidedMs: Infinity,
    repeatedPosts: 0,
  });
  assert.deepEqual(trial.failures, { "GET status 502": 1, "GET wrong body": 1, "POST status 502": 1 });
  assert.equal(trial.p99Ms, 30);
  const row = faultCells({ fault: "errors", proxy: "nginx", trial });
  assert.deepEqual(row, ["errors", "nginx", "4", "2", "1", "1", "0", "1", "30", "never"]);
});

test("a fault that was not run says why", () => {
  const row = faultCells({ fault: "half-open", proxy: "nginx", skipped: "network namespaces take root" });
  assert.equal(row[2], "not run: network namespaces take root");
});
