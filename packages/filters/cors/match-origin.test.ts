import assert from "node:assert/strict";
import { test } from "node:test";
import type { CorsOrigin } from "./config.ts";
import { matchOrigin } from "./match-origin.ts";

const any: CorsOrigin = { scheme: "", match: "suffix", host: "", port: 0 };
const exact: CorsOrigin = { scheme: "https", match: "exact", host: "www.foo.com", port: 443 };
const wildcard: CorsOrigin = { scheme: "https", match: "suffix", host: ".bar.com", port: 443 };
const anyHost: CorsOrigin = { scheme: "http", match: "suffix", host: "", port: 8080 };

const table: readonly (readonly [origin: string, allowed: CorsOrigin, isAllowed: boolean])[] = [
  ["https://www.foo.com", exact, true],
  ["https://www.foo.com:443", exact, true],
  ["HTTPS://WWW.foo.com", exact, true],
  ["http://www.foo.com", exact, false],
  ["https://www.foo.com:8443", exact, false],
  ["https://foo.com", exact, false],
  ["https://www.foo.com.evil.com", exact, false],
  ["https://evilwww.foo.com", exact, false],
  ["https://www.foo.com/", exact, false],
  ["https://www.foo.com@evil.com", exact, false],
  ["https://www.bar.com", wildcard, true],
  ["https://a.b.bar.com", wildcard, true],
  ["https://bar.com", wildcard, false],
  ["https://.bar.com", wildcard, false],
  ["https://evilbar.com", wildcard, false],
  ["https://evil.com/.bar.com", wildcard, false],
  ["https://evil.com#.bar.com", wildcard, false],
  ["https://evil.com?.bar.com", wildcard, false],
  ["https://evil.com\\.bar.com", wildcard, false],
  ["https://a.bar.com:444", wildcard, false],
  ["http://anything:8080", anyHost, true],
  ["http://[::1]:8080", anyHost, true],
  ["http://anything", anyHost, false],
  ["https://anything:8080", anyHost, false],
  ["null", anyHost, false],
  ["null", exact, false],
  ["null", any, true],
  ["chrome-extension://abc", any, true],
  ["https://x.example:12345", any, true],
  ["", any, false],
  [`https://${"a".repeat(400)}.bar.com`, wildcard, false],
];

test("an origin matches by scheme, host and port", () => {
  for (const [origin, allowed, isAllowed] of table) {
    assert.equal(matchOrigin(origin, [allowed]), isAllowed, `${origin} ${JSON.stringify(allowed)}`);
  }
});

test("any one of several allows; none denies", () => {
  assert.equal(matchOrigin("https://a.bar.com", [exact, wildcard]), true);
  assert.equal(matchOrigin("https://a.bar.com", []), false);
});
