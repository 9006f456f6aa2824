import assert from "node:assert/strict";
import { test } from "node:test";
import { FilterRun, makeExchange } from "../filter-run.suite.ts";
import type { SecurityHeadersConfig } from "./config.ts";
import { securityHeaders } from "./filter.ts";

type Pairs = readonly (readonly [string, string])[];

const config: SecurityHeadersConfig = {
  headers: [
    { name: "strict-transport-security", value: "max-age=5", onlyHttps: true, keepsExisting: true },
    { name: "x-frame-options", value: "DENY", onlyHttps: false, keepsExisting: true },
    { name: "x-content-type-options", value: "nosniff", onlyHttps: false, keepsExisting: false },
  ],
  remove: ["server", "x-powered-by"],
};

function answered(upstream: Pairs, scheme: "http" | "https" = "https") {
  return new FilterRun(securityHeaders, config, makeExchange({ scheme })).response(200, upstream);
}

test("a response gets the headers, the one of TLS only over TLS", () => {
  assert.deepEqual(answered([]), [
    ["strict-transport-security", "max-age=5"],
    ["x-frame-options", "DENY"],
    ["x-content-type-options", "nosniff"],
  ]);
  assert.deepEqual(
    answered([], "http").map(([name]) => name),
    ["x-frame-options", "x-content-type-options"],
  );
});

test("what a backend says stays or is replaced, all values of it", () => {
  const upstream: Pairs = [
    ["x-frame-options", "SAMEORIGIN"],
    ["x-content-type-options", "sniff"],
    ["x-content-type-options", "please"],
  ];
  assert.deepEqual(answered(upstream, "http"), [
    ["x-frame-options", "SAMEORIGIN"],
    ["x-content-type-options", "nosniff"],
  ]);
});

test("headers that tell what runs behind are taken off", () => {
  assert.deepEqual(
    answered(
      [
        ["server", "leaky/1.0"],
        ["x-powered-by", "a"],
        ["x-powered-by", "b"],
        ["x-own", "1"],
      ],
      "http",
    ).map(([name]) => name),
    ["x-own", "x-frame-options", "x-content-type-options"],
  );
});
