import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { test } from "node:test";
import { makeExchange, RecordingContext } from "../filter-run.suite.ts";
import type { RequestOptions } from "../filter-run.suite.ts";
import type { ApiKeyConfig, ApiKeyRecord, ApiKeyTable } from "./config.ts";
import { digestHeadLength } from "./config.ts";
import { apiKey } from "./filter.ts";
import { apiKeyDigest, makeApiKey } from "./key-format.ts";

const header = { in: "header", name: "x-api-key", scheme: "" } as const;
const bearer = { in: "header", name: "authorization", scheme: "Bearer" } as const;
const query = { in: "query", name: "api_key", scheme: "" } as const;
const config: ApiKeyConfig = {
  sources: [header],
  keys: "api-keys/test",
  format: "heddle",
  isForwarded: false,
};

const random = (below: number) => randomInt(below);
const good = makeApiKey("hdl", random);
const second = makeApiKey("hdl", random);
const expired = makeApiKey("hdl", random);
const unknown = makeApiKey("hdl", random);
const mistyped = `${good.slice(0, -1)}${good.endsWith("x") ? "y" : "x"}`;
const foreign = "0f8fad5b-d9cb-469f-a165-70867728950e";

const record = (key: string, rest: Partial<ApiKeyRecord> = {}): [string, ApiKeyRecord] => {
  const digest = apiKeyDigest(key);
  return [
    digest.slice(0, digestHeadLength),
    {
      rest: digest.slice(digestHeadLength),
      id: "hdl_1",
      consumer: "mobile",
      scopes: ["orders:read", "orders:write"],
      expiresMs: 0,
      metadata: { plan: "gold" },
      ...rest,
    },
  ];
};

const table = (...records: [string, ApiKeyRecord][]): ApiKeyTable => ({ keys: Object.fromEntries(records) });
const all = table(
  record(good),
  record(second, { id: "hdl_2" }),
  record(expired, { expiresMs: Date.UTC(2026, 0, 1) }),
  record(foreign, { id: "legacy" }),
);

class Run {
  readonly context = new RecordingContext();
  filter;

  constructor(change: Partial<ApiKeyConfig> = {}, keys: ApiKeyTable | undefined = all) {
    if (keys !== undefined) this.context.data(config.keys).set(keys);
    this.filter = apiKey.create({ ...config, ...change }, this.context);
  }

  ask(options: RequestOptions) {
    const exchange = makeExchange(options);
    assert.equal(this.filter.requestHead!(exchange), undefined, "it never answers itself");
    const { principal, rejection, isUnclaimed, challenges } = exchange.credentials!;
    const [event = ""] = this.context.events.splice(0);
    return { exchange, principal, rejection, isUnclaimed, challenges, event };
  }

  withKey(key: string) {
    return this.ask({ headers: [["x-api-key", key]] });
  }
}

test("a known key is its consumer's, with scopes and metadata as claims", () => {
  const { principal, event } = new Run().withKey(good);
  assert.equal(principal?.subject, "mobile");
  assert.equal(principal?.method, "api-key");
  assert.deepEqual({ ...principal?.claims }, {
    plan: "gold",
    scope: "orders:read orders:write",
    key_id: "hdl_1",
  }); // prettier-ignore
  assert.equal(event, "");
});

test("a consumer's keys overlap: each is good until it expires or is gone", () => {
  const run = new Run();
  assert.equal(run.withKey(good).principal?.claims["key_id"], "hdl_1");
  assert.equal(run.withKey(second).principal?.claims["key_id"], "hdl_2");
  run.context.data(config.keys).set(table(record(second, { id: "hdl_2" })));
  assert.equal(run.withKey(good).event, "unknown", "a revoked key is forgotten at once");
  assert.equal(run.withKey(second).principal?.subject, "mobile");
  run.context.data(config.keys).set(undefined);
  assert.equal(run.withKey(second).event, "no-keys");
});

test("an expiry holds for a key in use, too", () => {
  const soon = Date.UTC(2026, 0, 1) + 1000;
  const run = new Run({}, table(record(good, { expiresMs: soon })));
  assert.ok(run.withKey(good).principal);
  run.context.clock.advance(999);
  assert.ok(run.withKey(good).principal);
  run.context.clock.advance(1);
  assert.equal(run.withKey(good).event, "expired");
  assert.equal(run.withKey(good).principal, null);
});

test("keys that are not good are refused, each for its reason, and never repeated", () => {
  for (const [key, event] of [
    [unknown, "unknown"],
    [expired, "expired"],
    [mistyped, "mistyped"],
    [foreign, "other"],
    ["", "other"],
    ["hdl_", "other"],
    [` ${good}x`, "other"],
    [`${good},${second}`, "other"],
    [`${good}, ${second}`, "other"],
    ["__proto__", "other"],
    ["constructor", "other"],
    ["x".repeat(50_000), "other"],
    ["\u00e9".repeat(42), "other"],
  ] as const) {
    const found = new Run().withKey(key);
    assert.equal(found.event, event, key.slice(0, 60));
    assert.equal(found.principal, null);
    assert.notEqual(found.rejection, "");
    if (key !== "") assert.ok(!`${found.rejection}${found.challenges.join("")}`.includes(key));
  }
});

test("without a checksum: keys of elsewhere are taken where the policy says so", () => {
  const run = new Run({ format: "any" });
  assert.equal(run.withKey(foreign).principal?.claims["key_id"], "legacy");
  assert.ok(run.withKey(good).principal);
  assert.equal(run.withKey(mistyped).event, "mistyped");
  assert.equal(run.withKey(unknown).event, "unknown");
  assert.equal(run.withKey("").event, "unknown");
  assert.equal(run.withKey("x".repeat(50_000)).event, "other");
});

test("a request without a key is asked for one, and is nobody's", () => {
  const { principal, rejection, isUnclaimed, challenges } = new Run().ask({});
  assert.deepEqual(
    { principal, rejection, isUnclaimed, challenges },
    {
      principal: null,
      rejection: "",
      isUnclaimed: false,
      challenges: ['ApiKey realm="heddle", header="x-api-key"'],
    },
  );
});

test("more than one key is nobody's, wherever they are", () => {
  const both = new Run({ sources: [header, query] });
  for (const options of [
    { headers: [["x-api-key", good], ["x-api-key", good]] },
    { headers: [["x-api-key", good]], target: `/?api_key=${good}` },
    { target: `/?api_key=${good}&api_key=${second}` },
    { target: `/?api_key=${good}&api%5fkey=` },
  ] as RequestOptions[]) {
    const found = both.ask(options);
    assert.equal(found.event, "ambiguous");
    assert.equal(found.principal, null);
    assert.notEqual(found.rejection, "");
  } // prettier-ignore
});

test("a good key is taken off, wherever it was, unless the upstream shall have it", () => {
  const sources = [header, bearer, query];
  for (const [options, left] of [
    [{ headers: [["x-api-key", good], ["x-own", "1"]] }, [["x-own", "1"]]],
    [{ headers: [["authorization", `bearer ${good}`]] }, []],
  ] as [RequestOptions, [string, string][]][]) {
    const off = new Run({ sources }).ask(options);
    assert.ok(off.principal);
    assert.deepEqual(off.exchange.request.fields.toPairs(), left);
    const on = new Run({ sources, isForwarded: true }).ask(options);
    assert.deepEqual(on.exchange.request.fields.toPairs(), options.headers);
  } // prettier-ignore
  const target = `/a?x=1&api_key=${good}&y=%20`;
  assert.equal(new Run({ sources }).ask({ target }).exchange.request.query, "?x=1&y=%20");
  assert.equal(
    new Run({ sources, isForwarded: true }).ask({ target }).exchange.request.query,
    target.slice(2),
  );
});

test("a bearer token that is no key is left to others, and stays", () => {
  const token = "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.";
  const run = new Run({ sources: [bearer] });
  const found = run.ask({ headers: [["authorization", token]] });
  assert.equal(found.isUnclaimed, true);
  assert.equal(found.rejection, "");
  assert.equal(found.exchange.request.fields.get("authorization"), token);
  for (const [key, event] of [[unknown, "unknown"], [mistyped, "mistyped"]] as const)
    assert.equal(run.ask({ headers: [["authorization", `Bearer ${key}`]] }).event, event); // prettier-ignore
  const any = new Run({ sources: [bearer], format: "any" }).ask({ headers: [["authorization", token]] });
  assert.equal(any.isUnclaimed, true);
});

test("what a record says of the object prototype stays in its claims", () => {
  const metadata = JSON.parse('{"__proto__": "x", "toString": "y", "scope": "admin"}') as Record<
    string,
    string
  >;
  const { principal } = new Run({}, table(record(good, { metadata }))).withKey(good);
  assert.equal(principal?.claims["scope"], "orders:read orders:write", "metadata gives no scope");
  assert.equal(({} as Record<string, unknown>)["x"], undefined);
  assert.equal(Object.getPrototypeOf(principal?.claims), null);
});

test("keys in use are remembered within bounds", () => {
  const keys = Array.from({ length: 9000 }, () => makeApiKey("hdl", random));
  const run = new Run({}, table(...keys.map((key) => record(key))));
  for (let round = 0; round < 2; round++) for (const key of keys) assert.ok(run.withKey(key).principal);
  const { recent, older } = (run.filter as unknown as { keys: { recent: Map<string, unknown>; older: Map<string, unknown> } }).keys; // prettier-ignore
  assert.ok(recent.size <= 4096 && older.size <= 4096);
});

test("a key with letters beyond an octet is itself alone, remembered or not", () => {
  const key = "k-\u0141\u0142-0f8fad5b";
  const run = new Run({ format: "any", sources: [query] }, table(record(key)));
  const subjectOf = (text: string) =>
    run.ask({ target: `/?api_key=${encodeURIComponent(text)}` }).principal?.subject;
  for (const _ of ["anew", "remembered"]) assert.equal(subjectOf(key), "mobile");
  assert.equal(subjectOf("k-AB-0f8fad5b"), undefined);
});
