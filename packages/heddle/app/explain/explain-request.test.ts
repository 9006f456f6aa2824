import assert from "node:assert/strict";
import { test } from "node:test";
import { parseExplainRequest } from "./explain-request.ts";

test("reads method, URL and headers as the listener would", () => {
  const { head, port, scheme } = parseExplainRequest("GET", "http://Shop.localhost:8080/a/../b%41?x=1#f", [
    "X-A: b: c",
  ]);
  assert.deepEqual(
    [head.authority, head.path, head.query, head.fields.get("x-a"), port, scheme],
    ["shop.localhost:8080", "/bA", "?x=1", "b: c", 8080, "http"],
  );
  assert.equal(parseExplainRequest("GET", "https://a", []).port, 443);
  assert.equal(parseExplainRequest("GET", "http://a", []).head.path, "/");
});

test("a Host header takes the place of the URL's host, not of its port", () => {
  const { head, port } = parseExplainRequest("GET", "http://127.0.0.1:8080/", ["host: shop.localhost"]);
  assert.deepEqual([head.authority, port], ["shop.localhost", 8080]);
});

test("what no listener takes is refused in words", () => {
  const refuse = (method: string, url: string, ...headers: string[]) =>
    assert.throws(() => parseExplainRequest(method, url, headers));
  refuse("GE T", "http://a/");
  refuse("GET", "a/b");
  refuse("GET", "http://a b/");
  refuse("GET", "http://a/%2f");
  refuse("GET", "http://a/", "no colon");
  refuse("GET", "http://a/", "a: b\nc: d");
});
