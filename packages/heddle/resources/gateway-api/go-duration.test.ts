import assert from "node:assert/strict";
import { test } from "node:test";
import { parseDurationMs } from "./go-duration.ts";

const cases: [text: string, ms: number | undefined][] = [
  ["0s", 0],
  ["10s", 10_000],
  ["500ms", 500],
  ["1m30s", 90_000],
  ["1h1m1s1ms", 3_661_001],
  ["99999h", 359_996_400_000],
  ["1s1s", 2000],
  ["", undefined],
  ["10", undefined],
  ["1.5s", undefined],
  ["-1s", undefined],
  ["100000s", undefined],
  ["1s2s3s4s5s", undefined],
  ["1us", undefined],
  ["1s\n", undefined],
];

for (const [text, ms] of cases) {
  test(`${JSON.stringify(text)} is ${ms === undefined ? "no duration" : `${ms} ms`}`, () => {
    assert.equal(parseDurationMs(text), ms);
  });
}
