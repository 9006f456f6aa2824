import assert from "node:assert/strict";
import { test } from "node:test";
import { LENGTH_UNKNOWN } from "@heddle/engine/message";
import { FilterRun, makeExchange } from "../filter-run.suite.ts";
import type { RequestOptions } from "../filter-run.suite.ts";
import type { RequestLimitsConfig } from "./config.ts";
import { requestLimits } from "./filter.ts";

const json = { type: "application", subtype: "json", suffix: "" };
const config: RequestLimitsConfig = {
  maxBodyBytes: 8,
  contentTypes: [
    json,
    { type: "application", subtype: "", suffix: "json" },
    { type: "text", subtype: "", suffix: "" },
  ],
};

function run(options: RequestOptions, change: Partial<RequestLimitsConfig> = {}) {
  return new FilterRun(requestLimits, { ...config, ...change }, makeExchange({ method: "POST", ...options }));
}

const typed = (...values: string[]): RequestOptions => ({
  bodyLength: 2,
  headers: values.map((value) => ["content-type", value] as const),
});

test("a body of known length is refused by its head", () => {
  const any = { contentTypes: [] };
  assert.equal(run({ bodyLength: 8 }, any).request(), undefined);
  const over = run({ bodyLength: 9 }, any);
  assert.equal(over.request()?.status, 413);
  assert.deepEqual(over.context.events, ["too-large"]);
  assert.equal(run({ bodyLength: 1 }, { maxBodyBytes: 0, contentTypes: [] }).request()?.status, 413);
});

test("a body of unknown length is refused when it passes the bound", () => {
  const one = run({ bodyLength: LENGTH_UNKNOWN }, { contentTypes: [] });
  assert.equal(one.request(), undefined);
  const phase = one.filter.requestBody;
  assert.ok(phase?.mode === "observe");
  one.exchange.requestBytes = 8;
  assert.equal(phase.chunk(one.exchange, Buffer.alloc(8)), undefined);
  one.exchange.requestBytes = 9;
  assert.equal(phase.chunk(one.exchange, Buffer.alloc(1))?.status, 413);
});

test("octets of an upgraded connection are no body", () => {
  const one = run({ bodyLength: LENGTH_UNKNOWN, upgrade: "websocket" });
  assert.equal(one.request(), undefined);
  const phase = one.filter.requestBody;
  assert.ok(phase?.mode === "observe");
  one.exchange.requestBytes = 9_000;
  assert.equal(phase.chunk(one.exchange, Buffer.alloc(1)), undefined);
});

test("without a bound bodies are not looked at", () => {
  assert.equal(run({}, { maxBodyBytes: -1 }).filter.requestBody, undefined);
});

test("media types that are allowed pass, whatever their parameters and letters", () => {
  for (const value of [
    "application/json",
    "Application/JSON; charset=utf-8",
    "application/json;charset=utf-8",
    "application/problem+json",
    "text/csv",
  ])
    assert.equal(run(typed(value)).request(), undefined, value);
});

test("no other passes, nor what is no media type, nor two of them", () => {
  for (const values of [
    ["application/xml"],
    ["application/jsonx"],
    ["application/json+xml"],
    ["application/+jsonx"],
    ["image/svg+json"],
    ["text"],
    ["text/"],
    ["/json"],
    [""],
    ["*/*"],
    ["application/json, application/xml"],
    ["application/json application/xml"],
    ["application/json", "application/xml"],
    ["application/json", "application/json"],
    [],
  ]) {
    const one = run(typed(...values));
    const reply = one.request();
    assert.equal(reply?.status, 415, values.join(" | "));
    assert.equal(new Map(reply.headers).get("accept"), "application/json, application/*+json, text/*");
    assert.deepEqual(one.context.events, ["content-type"]);
  }
});

test("a request without a body may have any type", () => {
  assert.equal(run({ headers: [["content-type", "image/png"]] }).request(), undefined);
});
