import assert from "node:assert/strict";
import { test } from "node:test";
import { parseOrigin } from "./cors-origin.ts";

test("an origin is taken apart, with its scheme's port where it names none", () => {
  const exact = (scheme: string, host: string, port: number) => ({ scheme, match: "exact", host, port });
  const suffix = (scheme: string, host: string, port: number) => ({ scheme, match: "suffix", host, port });
  const table: [string, unknown][] = [
    ["*", suffix("", "", 0)],
    ["http://a.example", exact("http", "a.example", 80)],
    ["HTTPS://A.example", exact("https", "a.example", 443)],
    ["https://a.example:8443", exact("https", "a.example", 8443)],
    ["http://*.a.example", suffix("http", ".a.example", 80)],
    ["https://*", suffix("https", "", 443)],
    ["http://*:3000", suffix("http", "", 3000)],
    ["http://a.example:0", null],
    ["http://a.example:65536", null],
    ["a.example", null],
    ["null", null],
  ];
  for (const [text, expected] of table) assert.deepEqual(parseOrigin(text), expected, text);
});
