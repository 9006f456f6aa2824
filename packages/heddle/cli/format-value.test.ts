import assert from "node:assert/strict";
import { test } from "node:test";
import { formatValue } from "./format-value.ts";

test("a policy's value is told in words, and not in JSON", () => {
  const told: [unknown, string][] = [
    ["10s", "10s"],
    [0.5, "0.5"],
    [{ codes: [502, 503], attempts: 2 }, "codes 502 503, attempts 2"],
    [{ http: { path: "/healthz" }, interval: "2s" }, "http.path /healthz, interval 2s"],
    [{ tcp: {}, interval: "1s" }, "tcp, interval 1s"],
    [{}, "on"],
    [{ steps: [{ weight: 5, pause: "2m" }, { weight: 25 }] }, "steps (weight 5, pause 2m) (weight 25)"],
    [{ retryOn: [] }, "retryOn none"],
    ["two words", '"two words"'],
    ["", '""'],
    ["x".repeat(100), `${"x".repeat(80)}…`],
  ];
  for (const [value, text] of told) assert.equal(formatValue(value), text);
});
