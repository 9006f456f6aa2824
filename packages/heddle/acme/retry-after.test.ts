import assert from "node:assert/strict";
import { test } from "node:test";
import { parseRetryAfter } from "./retry-after.ts";

const nowMs = Date.UTC(2026, 0, 1);

test("RFC 9110 section 10.2.3: seconds, or a date; what is neither is left out", () => {
  assert.equal(parseRetryAfter("120", nowMs), 120_000);
  assert.equal(parseRetryAfter("0", nowMs), 0);
  assert.equal(parseRetryAfter("Thu, 01 Jan 2026 00:01:00 GMT", nowMs), 60_000);
  assert.equal(parseRetryAfter("Wed, 31 Dec 2025 00:00:00 GMT", nowMs), 0);
  for (const odd of [undefined, "", "soon", "-5", "1e9999", "99999999999"]) {
    assert.ok((parseRetryAfter(odd, nowMs) ?? 0) >= 0, String(odd));
  }
  assert.equal(parseRetryAfter("soon", nowMs), null);
});
