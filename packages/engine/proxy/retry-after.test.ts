import assert from "node:assert/strict";
import { test } from "node:test";
import { parseRetryAfter } from "./retry-after.ts";

test("Retry-After is seconds or a date; what is neither is none", () => {
  const now = Date.UTC(2026, 0, 1);
  assert.equal(parseRetryAfter("2", now), 2_000);
  assert.equal(parseRetryAfter(" 0 ", now), 0);
  assert.equal(parseRetryAfter("Thu, 01 Jan 2026 00:00:05 GMT", now), 5_000);
  assert.equal(parseRetryAfter("Wed, 31 Dec 2025 00:00:00 GMT", now), 0);
  for (const value of [undefined, "", "soon", "-1", "12345678901"]) {
    assert.equal(parseRetryAfter(value, now), null, String(value));
  }
});
