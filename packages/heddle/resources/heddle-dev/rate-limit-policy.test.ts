import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { validateResource, type RateLimitPolicy } from "../index.ts";

function validate(spec: object) {
  return validateResource({
    apiVersion: "heddle.dev/v1alpha1",
    kind: "RateLimitPolicy",
    metadata: { name: "p" },
    spec: { targetRefs: [{ kind: "Service", name: "web" }], ...spec },
  });
}

const flight = { name: "a", concurrency: { quota: 1 } };
const daily = { name: "a", fixedWindow: { quota: 10, unit: "Day" } };

/** The places of the problems of a limit. */
const mistakes = (limit: object): string[] =>
  validate({ limits: [limit] }).problems.map(({ path }) => path.replace(/^spec\.limits\[0\]\.?/, ""));

describe("RateLimitPolicy", () => {
  test("defaults refuse nobody for lack of a key, and are in force", () => {
    const { spec } = validate({ limits: [flight], response: {} }).resource as RateLimitPolicy;
    assert.deepEqual(spec.limits, [
      { ...flight, whenKeyMissing: "Share", mode: "Enforce", overridable: false },
    ]);
    assert.deepEqual(spec.response, { status: 429 });
  });

  test("a limit has one way of counting, and a name of its own", () => {
    assert.deepEqual(mistakes({ name: "a" }), [""]);
    assert.deepEqual(mistakes({ ...flight, ...daily }), [""]);
    assert.deepEqual(mistakes({ ...flight, name: "A b" }), ["name"]);
    assert.deepEqual(
      validate({ limits: [flight, flight] }).problems.map(({ path }) => path),
      ["spec.limits[1]"],
    );
    assert.deepEqual(
      validate({ limits: [] }).problems.map(({ path }) => path),
      ["spec.limits"],
    );
  });

  test("rates, bursts and times have bounds", () => {
    const bucket = (tokenBucket: object) => mistakes({ name: "a", tokenBucket });
    assert.deepEqual(bucket({ rate: 1_000_000, per: "1s" }), []);
    assert.deepEqual(bucket({ rate: 1_000_001, per: "1s" }), ["tokenBucket"]);
    assert.deepEqual(bucket({ rate: 100_000_000, per: "1h" }), ["tokenBucket"]);
    assert.deepEqual(bucket({ rate: 100_000_000, per: "1h", burst: 1000 }), []);
    assert.deepEqual(bucket({ rate: 1, per: "1s", burst: 67_108_865 }), ["tokenBucket.burst"]);
    assert.deepEqual(bucket({ rate: 0, per: "0s" }), ["tokenBucket.rate"]);
    assert.deepEqual(bucket({ rate: 1, per: "0s" }), ["tokenBucket.per"]);
    assert.deepEqual(mistakes({ name: "a", slidingWindow: { quota: 1, window: "50ms" } }), [
      "slidingWindow.window",
    ]);
    assert.deepEqual(mistakes({ name: "a", fixedWindow: { quota: 1, unit: "Week" } }), ["fixedWindow.unit"]);
    assert.deepEqual(mistakes({ name: "a", concurrency: { quota: 0 } }), ["concurrency.quota"]);
  });

  test("a cost is one of three, fits the limit, and is none of concurrency", () => {
    assert.deepEqual(mistakes({ ...daily, cost: { constant: 10 } }), []);
    assert.deepEqual(mistakes({ ...daily, cost: { constant: 11 } }), [""]);
    assert.deepEqual(mistakes({ ...daily, cost: {} }), ["cost"]);
    assert.deepEqual(mistakes({ ...daily, cost: { constant: 1, requestHeader: { name: "x" } } }), ["cost"]);
    assert.deepEqual(mistakes({ ...flight, cost: { constant: 1 } }), [""]);
    assert.deepEqual(mistakes({ ...daily, cost: { responseHeader: { name: "a b" } } }), [
      "cost.responseHeader.name",
    ]);
  });

  test("a part of a key has what its source needs, and nothing else", () => {
    const key = (...parts: object[]) => mistakes({ ...daily, key: parts });
    const good = [
      { from: "Claim", claim: "org.id" },
      { from: "Header", name: "X-Org" },
      { from: "Query", name: "any thing" },
      { from: "ClientIP", ipv4Prefix: 24, ipv6Prefix: 56 },
      { from: "Constant", value: "x" },
      { from: "Route" },
    ];
    assert.deepEqual(key(...good), []);
    for (const from of ["Claim", "Header", "Cookie", "Query", "Constant"])
      assert.deepEqual(key({ from }), ["key[0]"]);
    assert.deepEqual(key({ from: "Subject", name: "x" }), ["key[0]"]);
    assert.deepEqual(key({ from: "Header", name: "x", ipv4Prefix: 8 }), ["key[0]"]);
    assert.deepEqual(key({ from: "Cookie", name: "a b" }), ["key[0]"]);
    assert.deepEqual(key({ from: "ClientIP", ipv6Prefix: 129 }), ["key[0].ipv6Prefix"]);
    assert.deepEqual(key({ from: "Host header" }), ["key[0].from"]);
  });

  test("a match says something, of paths in their normal form", () => {
    const match = (of: object) => mistakes({ ...daily, match: of });
    assert.deepEqual(match({ methods: ["GET"], paths: ["/a/"], headers: [{ name: "x" }] }), []);
    assert.deepEqual(match({}), ["match"]);
    assert.deepEqual(match({ methods: ["get"] }), ["match.methods[0]"]);
    for (const path of ["a", "/a?b", "/%61", "/a\\b"])
      assert.deepEqual(match({ paths: [path] }), ["match.paths[0]"]);
  });

  test("a store is an address without credentials, and what to do without it is said", () => {
    const store = (redis: object, rest: object = { whenUnavailable: "Deny" }) =>
      validate({ limits: [flight], store: { redis, ...rest } }).problems.map(({ path }) => path);
    const { spec } = validate({ store: { redis: { url: "redis://r" }, whenUnavailable: "Local" } })
      .resource as RateLimitPolicy;
    assert.deepEqual(spec.store, {
      redis: { url: "redis://r", timeout: "100ms" },
      whenUnavailable: "Local",
      localPercent: 100,
    });
    for (const url of ["redis://10.0.0.1:6380/2", "rediss://[::1]/", "rediss://r.example"])
      assert.deepEqual(store({ url, secretRef: { name: "s" }, timeout: "50ms" }), [], url);
    const bad = [
      "http://r",
      "redis://u:p@r",
      "redis://:p@r",
      "redis://",
      "redis://r/x",
      "redis://r?a=1",
      "redis://r:0",
    ];
    for (const url of bad) assert.deepEqual(store({ url }), ["spec.store.redis.url"], url);
    assert.deepEqual(store({ url: "redis://r" }, {}), ["spec.store.whenUnavailable"]);
    assert.deepEqual(store({ url: "redis://r", timeout: "1m" }), ["spec.store.redis.timeout"]);
  });

  test("a problem names the mend", () => {
    const { problems } = validate({ limits: [{ ...daily, key: [{ from: "Header" }] }] });
    assert.match(problems[0]!.message, /need name/);
  });
});
