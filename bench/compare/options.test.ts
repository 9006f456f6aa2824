import assert from "node:assert";
import { test } from "node:test";
import { parseOptions } from "./options.ts";
import { proxyNames } from "./proxy-names.ts";

test("without flags every case and proxy runs, five rounds of three seconds", () => {
  const { cases, proxies, rounds, seconds } = parseOptions([]);
  assert.ok(cases.includes("workers2"));
  assert.deepEqual(proxies, proxyNames);
  assert.deepEqual([rounds, seconds], [5, 3]);
});

test("the smoke run is short, and its parts can be overridden", () => {
  assert.deepEqual(parseOptions(["--smoke"]).cases, ["plain", "tls"]);
  assert.equal(parseOptions(["--smoke"]).rounds, 1);
  assert.deepEqual(parseOptions(["--smoke", "--cases", "plain"]).cases, ["plain"]);
});

test("a misspelt name or number is refused, with what the flag takes", () => {
  assert.throws(() => parseOptions(["--cases", "plain,tsl"]), /--cases has "tsl", takes plain,tls/);
  assert.throws(() => parseOptions(["--proxies", "envoy"]), /--proxies has "envoy"/);
  assert.throws(() => parseOptions(["--rounds", "0"]), /--rounds is "0"/);
  assert.throws(() => parseOptions(["--seconds", "1.5"]), /--seconds is "1.5"/);
});
