import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { loggedReferer, redactQuery } from "./redact-query.ts";

describe("redactQuery", () => {
  for (const [query, logged] of [
    ["", ""],
    ["?", "?"],
    ["?a=1&b", "?a=1&b"],
    ["?token=x&a=1", "?token=***&a=1"],
    ["?access_token=x=y", "?access_token=***"],
    ["?%74oken=x&API-Key=x", "?%74oken=***&API-Key=***"],
    ["?code=x&state=y&country=ch", "?code=***&state=***&country=ch"],
    ["?X-Amz-Signature=x&X-Amz-Credential=y", "?X-Amz-Signature=***&X-Amz-Credential=***"],
    ["?token=", "?token=***"],
    ["?__proto__=1", "?__proto__=1"],
  ]) {
    it(`makes "${logged}" of "${query}"`, () => assert.equal(redactQuery(query), logged));
  }
});

describe("loggedReferer", () => {
  it("loses its query, or the secrets in it, and its user information", () => {
    assert.equal(loggedReferer("https://a.test/x?code=1#y", "none"), "https://a.test/x");
    assert.equal(loggedReferer("https://a.test/x?code=1&b=2", "redacted"), "https://a.test/x?code=***&b=2");
    assert.equal(loggedReferer("https://u:p@a.test/@x", "none"), "https://a.test/@x");
    assert.equal(loggedReferer("/@x", "none"), "/@x");
  });
});
