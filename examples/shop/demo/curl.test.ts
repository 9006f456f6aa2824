import assert from "node:assert";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { expandRange, formatCurl } from "./curl.ts";

const style = { caFile: "/tmp/ca.crt" };

test("a plain request needs no quotes and no method", () => {
  assert.strictEqual(formatCurl({ url: "http://a.localhost:1/x" }, style), "curl http://a.localhost:1/x");
});

test("a body implies POST and its content-type", () => {
  const line = formatCurl({ url: "http://a/x", json: { a: 1 } }, style);
  assert.strictEqual(line, `curl -H 'content-type: application/json' -d '{"a":1}' http://a/x`);
});

test("https names the root certificate, streams a time limit, others their method", () => {
  assert.strictEqual(formatCurl({ url: "https://a/" }, style), "curl --cacert /tmp/ca.crt https://a/");
  assert.strictEqual(
    formatCurl({ url: "http://a/", endless: { until: "x" } }, style),
    "curl -N --max-time 3 http://a/",
  );
  assert.strictEqual(formatCurl({ url: "http://a/", method: "OPTIONS" }, style), "curl -X OPTIONS http://a/");
  const head = formatCurl({ url: "http://a/", method: "HEAD" }, { ...style, flags: ["-I"] });
  assert.strictEqual(head, "curl -I http://a/");
});

test("a shell reads the words back as they were", () => {
  const url = "http://a/?q=it's&n=[1-9]";
  const line = formatCurl({ url, headers: { "x-a": '$HOME `"' } }, { ...style, pipe: "cat" });
  const script = `curl() { printf '%s\\n' "$@"; }\n${line}`;
  const words = execFileSync("sh", ["-c", script], { encoding: "utf8" }).trimEnd().split("\n");
  assert.deepStrictEqual(words, ["-H", 'x-a: $HOME `"', url]);
});

test("a range is as many addresses as curl makes of it", () => {
  assert.deepStrictEqual(expandRange("http://a/?n=[1-3]"), [
    "http://a/?n=1",
    "http://a/?n=2",
    "http://a/?n=3",
  ]);
  assert.deepStrictEqual(expandRange("http://a/"), ["http://a/"]);
});

test("a TCP service is asked with nc", () => {
  const request = { url: "tcp://127.0.0.1:8090", text: "PRICE 5\nQUIT\n" };
  assert.strictEqual(formatCurl(request, { caFile: "" }), "printf 'PRICE 5\\nQUIT\\n' | nc 127.0.0.1 8090");
});

test("a WebSocket over HTTP/2 is followed by a script of the demo", () => {
  const request = { url: "wss://a.localhost:1/live", endless: { until: "x" } };
  const line = "npx node examples/shop/demo/follow.ts wss://a.localhost:1/live /tmp/ca.crt";
  assert.strictEqual(formatCurl(request, style), line);
});
