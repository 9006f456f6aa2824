import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { commonTime, isoTime } from "./log-time.ts";

describe("isoTime", () => {
  it("is what Date says, forwards and backwards, whole or fractional", () => {
    for (const ms of [0, 999, 1_000, 1_769_850_307_042, 1_769_850_306_999, 4_102_444_799_999, 5]) {
      assert.equal(isoTime(ms), new Date(ms).toISOString());
    }
    assert.equal(isoTime(1_769_850_307_042.999), "2026-01-31T09:05:07.042Z");
  });
});

describe("commonTime", () => {
  it("is in UTC, with an English month", () => {
    assert.equal(commonTime(Date.UTC(2026, 11, 1, 23, 59, 60)), "02/Dec/2026:00:00:00 +0000");
    assert.equal(commonTime(Date.UTC(2024, 1, 29)), "29/Feb/2024:00:00:00 +0000");
  });
});
