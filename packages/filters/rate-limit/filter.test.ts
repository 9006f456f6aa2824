import assert from "node:assert/strict";
import { test } from "node:test";
import type { Reply } from "@heddle/engine/filter";
import type { Exchange, Principal } from "@heddle/engine/message";
import { FilterRun, makeExchange, RecordingContext } from "../filter-run.suite.ts";
import type { RequestOptions } from "../filter-run.suite.ts";
import type { LimitConfig, RateLimitConfig } from "./config.ts";
import { rateLimit } from "./filter.ts";

const base: LimitConfig = {
  name: "all",
  scope: "policy",
  meter: { kind: "fixed-window", quota: 2, unit: "hour" },
  key: [],
  whenMissing: "shared",
  match: null,
  cost: { from: "constant", units: 1 },
  isShadow: false,
};

const configOf = (limits: readonly Partial<LimitConfig>[], rest: Partial<RateLimitConfig> = {}) => ({
  limits: limits.map((limit) => ({ ...base, ...limit })),
  headers: "standard" as const,
  status: 429,
  body: "too many requests\n",
  store: null,
  ...rest,
});

class Rig {
  readonly context = new RecordingContext();
  readonly config: RateLimitConfig;

  constructor(limits: readonly Partial<LimitConfig>[], rest: Partial<RateLimitConfig> = {}) {
    this.config = configOf(limits, rest);
  }

  /** In a filter of its own each time, as in another route: the limits are the same. */
  run(exchange: Exchange = makeExchange()): FilterRun<RateLimitConfig> {
    return new FilterRun(rateLimit, this.config, exchange, this.context);
  }

  ask(options: RequestOptions & { principal?: Principal; address?: string } = {}): Reply | undefined {
    const exchange = makeExchange(options);
    exchange.principal = options.principal ?? null;
    exchange.clientAddress = options.address ?? "192.0.2.1";
    return this.run(exchange).request();
  }

  /** How many of ten pass. */
  passes(options: Parameters<Rig["ask"]>[0] = {}): number {
    return Array.from({ length: 10 }, () => this.ask(options)).filter((reply) => reply === undefined).length;
  }
}

test("requests pass until the limit is used up; the rest are told when to come again", () => {
  const rig = new Rig([{}]);
  rig.context.clock.advance(600_500);
  assert.deepEqual([rig.ask(), rig.ask()], [undefined, undefined]);
  const exchange = makeExchange();
  const reply = rig.run(exchange).request()!;
  assert.equal(reply.status, 429);
  assert.equal(reply.body, "too many requests\n");
  assert.deepEqual(reply.headers.at(-1), ["retry-after", "3000"]);
  assert.deepEqual([reply.grpcStatus, reply.grpcPushbackMs], [8, 2_999_500]);
  assert.equal(exchange.fault?.code, "HDL_RATE_LIMITED");
  assert.deepEqual(rig.context.events, ["allowed", "allowed", "limited:all", "refused"]);
  rig.context.clock.advance(3_000_000);
  assert.equal(rig.ask(), undefined);
});

test("clients are told how they stand, whether they passed or not", () => {
  const rig = new Rig([
    { name: "hourly" },
    { name: "burst", meter: { kind: "token-bucket", tokens: 10, periodMs: 1_000, burst: 5 } },
    { name: "flight", meter: { kind: "concurrency", quota: 9 } },
    { name: "shadow", isShadow: true },
  ]);
  const run = rig.run();
  run.request();
  assert.deepEqual(run.response(200, [["ratelimit", '"theirs";r=1']]), [
    ["ratelimit", '"theirs";r=1'],
    ["ratelimit-policy", '"hourly";q=2;w=3600, "burst";q=5;w=1, "flight";q=9;qu="concurrent-requests"'],
    ["ratelimit", '"hourly";r=1;t=3600, "burst";r=4;t=1, "flight";r=8'],
  ]);
  rig.ask();
  const refused = rig.run();
  assert.equal(refused.request()?.status, 429);
  assert.match(
    refused.response(429).find(([name]) => name === "ratelimit")![1],
    /^"hourly";r=0;t=3600, "burst";r=3;t=1, "flight";r=7$/,
  );
});

test("the older form speaks of the limit with the least left", () => {
  const rig = new Rig([{ name: "wide", meter: { kind: "fixed-window", quota: 100, unit: "day" } }, {}], {
    headers: "x-ratelimit",
  });
  const run = rig.run();
  run.request();
  assert.deepEqual(run.response(200), [
    ["x-ratelimit-limit", "2"],
    ["x-ratelimit-remaining", "1"],
    ["x-ratelimit-reset", "3600"],
  ]);
  // There is room for one of them: the service's own stays where less is left of it.
  const seen = (left: string) => {
    const other = rig.run();
    other.request();
    return other
      .response(200, [["x-ratelimit-remaining", left]])
      .find(([name]) => name.endsWith("remaining"))![1];
  };
  assert.deepEqual([seen("9"), seen("0"), seen("-1")], ["0", "0", "-1"]);
  assert.deepEqual(new Rig([{}], { headers: "none" }).run().response(200), []);
});

test("a request that one limit refuses is charged to none", () => {
  const rig = new Rig([
    { name: "wide", meter: { kind: "fixed-window", quota: 5, unit: "hour" } },
    { name: "mine", key: [{ from: "header", name: "x-user" }] },
  ]);
  assert.equal(rig.passes({ headers: [["x-user", "a"]] }), 2);
  // Two were charged: three are left for others.
  assert.equal(rig.passes({ headers: [["x-user", "b"]] }), 2);
  assert.equal(rig.passes({ headers: [["x-user", "c"]] }), 1);
});

const person = (subject: string, claims: Record<string, unknown> = {}): Principal => ({
  subject,
  issuer: "https://id.example",
  method: "jwt",
  claims,
});

const keyed: readonly (readonly [
  string,
  LimitConfig["key"],
  Parameters<Rig["ask"]>[0],
  Parameters<Rig["ask"]>[0],
])[] = [
  ["subject", [{ from: "subject" }], { principal: person("a") }, { principal: person("b") }],
  [
    "issuer",
    [{ from: "issuer" }],
    { principal: person("a") },
    { principal: { ...person("a"), issuer: "https://other.example" } },
  ],
  [
    "claim",
    [{ from: "claim", path: ["org", "id"] }],
    { principal: person("a", { org: { id: 1 } }) },
    { principal: person("a", { org: { id: 2 } }) },
  ],
  ["header", [{ from: "header", name: "x-a" }], { headers: [["x-a", "1"]] }, { headers: [["x-a", "2"]] }],
  [
    "cookie",
    [{ from: "cookie", name: "s" }],
    { headers: [["cookie", "s=1"]] },
    { headers: [["cookie", "s=2"]] },
  ],
  ["query", [{ from: "query", name: "k" }], { target: "/?k=1" }, { target: "/?k=2" }],
  ["method", [{ from: "method" }], { method: "GET" }, { method: "POST" }],
  ["host", [{ from: "host" }], { authority: "a.example:80" }, { authority: "b.example" }],
  ["path", [{ from: "path" }], { target: "/a" }, { target: "/b" }],
  [
    "address",
    [{ from: "client-address", ipv4Bits: 32, ipv6Bits: 64 }],
    { address: "192.0.2.1" },
    { address: "192.0.2.2" },
  ],
  [
    "combination",
    [{ from: "header", name: "x-a" }, { from: "method" }],
    { headers: [["x-a", "1"]], method: "GET" },
    { headers: [["x-a", "1"]], method: "PUT" },
  ],
];

for (const [name, key, one, other] of keyed) {
  test(`key by ${name}: each has a limit of its own`, () => {
    const rig = new Rig([{ key }]);
    assert.deepEqual([rig.passes(one), rig.passes(other), rig.passes(one)], [2, 2, 0]);
  });
}

test("addresses of one network, however they are spelled, have one limit", () => {
  const key: LimitConfig["key"] = [{ from: "client-address", ipv4Bits: 24, ipv6Bits: 64 }];
  const same = [
    ["192.0.2.1", "192.0.2.254", "::ffff:192.0.2.7", "::ffff:c000:207"],
    ["2001:db8::1", "2001:DB8:0:0:ffff::2", "2001:db8::"],
  ];
  for (const addresses of same) {
    const rig = new Rig([{ key }]);
    assert.equal(rig.passes({ address: addresses[0] }), 2);
    for (const address of addresses) assert.equal(rig.passes({ address }), 0, address);
    assert.equal(rig.passes({ address: "198.51.100.1" }), 2);
    assert.equal(rig.passes({ address: "2001:db8:0:1::1" }), 2);
  }
});

const lacking: readonly (readonly [string, LimitConfig["key"], Parameters<Rig["ask"]>[0]])[] = [
  ["nobody authenticated", [{ from: "subject" }], {}],
  ["an empty subject", [{ from: "subject" }], { principal: person("") }],
  ["a claim that is a list", [{ from: "claim", path: ["a"] }], { principal: person("a", { a: ["x"] }) }],
  ["a claim of Object's", [{ from: "claim", path: ["constructor", "name"] }], { principal: person("a") }],
  ["a header twice", [{ from: "header", name: "x-a" }], { headers: [["x-a", "1"], ["x-a", "2"]] }], // prettier-ignore
  ["an empty header", [{ from: "header", name: "x-a" }], { headers: [["x-a", ""]] }],
  ["a query twice, once in other letters", [{ from: "query", name: "k" }], { target: "/?k=1&%6b=2" }],
  [
    "an address that is none",
    [{ from: "client-address", ipv4Bits: 32, ipv6Bits: 64 }],
    { address: "unknown" },
  ],
];

for (const [name, key, options] of lacking) {
  test(`no key: ${name}`, () => {
    const shared = new Rig([{ key }]);
    assert.equal(shared.passes(options), 2, "all such share one limit");
    assert.equal(shared.passes({ address: "" }), 0);
    assert.equal(new Rig([{ key, whenMissing: "skip" }]).passes(options), 10);
    const strict = new Rig([{ key, whenMissing: "deny" }]);
    assert.equal(strict.passes(options), 0);
    assert.ok(strict.context.events.includes("key-missing:all"));
    assert.equal(new Rig([{ key, whenMissing: "deny", isShadow: true }]).passes(options), 10);
  });
}

test("a refusal for lack of a key has no time to come again, and response filters bear it", () => {
  const rig = new Rig([{ key: [{ from: "subject" }], whenMissing: "deny" }]);
  const run = rig.run();
  const reply = run.request()!;
  assert.deepEqual([reply.status, reply.grpcPushbackMs], [429, undefined]);
  assert.deepEqual(run.response(429), []);
  run.filter.end!(run.exchange);
});

test("limits of two scopes, or of two ways of counting, do not touch each other", () => {
  const one = new Rig([{}]);
  assert.equal(one.passes(), 2);
  const other = rateLimit.create(configOf([{ scope: "another" }]), one.context);
  const exchange = makeExchange();
  exchange.slots = Array.from({ length: one.context.slotCount });
  assert.equal(other.requestHead!(exchange), undefined);
});

test("only requests that match are counted, and a header twice is no way around", () => {
  const match = {
    methods: ["POST", "PUT"],
    pathPrefixes: ["/api", "/v2/x"],
    headers: [
      { name: "x-tier", value: "free" },
      { name: "x-any", value: null },
    ],
  };
  const rig = new Rig([{ match }]);
  const headers: [string, string][] = [["x-tier", "free"], ["x-any", ""]]; // prettier-ignore
  const good = { method: "POST", target: "/api/orders", headers };
  const others: Parameters<Rig["ask"]>[0][] = [
    { ...good, method: "GET" },
    { ...good, target: "/apis" },
    { ...good, target: "/v2" },
    { ...good, headers: [["x-tier", "free"]] },
    { ...good, headers: [["x-tier", "paid"], ["x-any", "1"]] }, // prettier-ignore
  ];
  assert.equal(rig.passes({ ...good, headers: [["x-tier", "paid"], ...headers] }), 2);
  assert.equal(rig.passes(good), 0);
  assert.equal(rig.passes({ ...good, target: "/api" }), 0);
  for (const other of others) assert.equal(rig.passes(other), 10, JSON.stringify(other));
});

test("what a request costs is in its header; what cannot be read costs all there is", () => {
  const cost = { from: "request-header", name: "x-cost", units: 1 } as const;
  const rig = () => new Rig([{ meter: { kind: "fixed-window", quota: 10, unit: "hour" }, cost }]);
  const passes = (...values: string[]) => rig().passes({ headers: values.map((value) => ["x-cost", value]) });
  assert.equal(passes(), 10);
  assert.equal(passes("5"), 2);
  assert.equal(passes("0"), 10);
  for (const value of ["-1", "1.5", "1e1", "", "x", "0x1", "9999999999999999"])
    assert.equal(passes(value), 1, value);
  assert.equal(passes("1", "1"), 1);
  assert.equal(passes("11"), 0);
});

test("what a response cost is charged when it is there, and the client need not see it", () => {
  const cost = { from: "response-header", name: "x-tokens", units: 1, isRemoved: true } as const;
  const rig = new Rig([{ meter: { kind: "fixed-window", quota: 100, unit: "hour" }, cost }]);
  const answer = (headers: readonly (readonly [string, string])[]) => {
    const run = rig.run();
    assert.equal(run.request(), undefined);
    const seen = run.response(200, headers);
    run.filter.end!(run.exchange);
    return seen.find(([name]) => name === "ratelimit")![1];
  };
  assert.equal(answer([["x-tokens", "60"]]), '"all";r=40;t=3600');
  assert.equal(answer([]), '"all";r=39;t=3600');
  const broken = rig.run();
  broken.request();
  broken.filter.end!(broken.exchange);
  assert.equal(answer([["x-tokens", "500"]]), '"all";r=0;t=3600');
  const refused = rig.run();
  assert.equal(refused.request()?.status, 429);
  refused.filter.end!(refused.exchange);
  const run = new Rig([{ cost }]).run();
  run.request();
  assert.equal(
    run.response(200, [["x-tokens", "1"]]).some(([name]) => name === "x-tokens"),
    false,
  );
});

test("a response that cannot say what it cost costs all there is", () => {
  const cost = { from: "response-header", name: "x-tokens", units: 1, isRemoved: false } as const;
  const rig = new Rig([{ meter: { kind: "fixed-window", quota: 100, unit: "hour" }, cost }]);
  const run = rig.run();
  run.request();
  run.response(200, [["x-tokens", "many"]]);
  assert.equal(rig.ask()?.status, 429);
});

test("a shadow counts, says what it would have refused, and refuses nothing", () => {
  const rig = new Rig([{ isShadow: true }]);
  assert.equal(rig.passes(), 10);
  assert.equal(rig.context.events.filter((event) => event === "shadow-limited:all").length, 8);
});

test("places among the concurrent are given back at the end, whatever happened", () => {
  const rig = new Rig([{ meter: { kind: "concurrency", quota: 2 } }]);
  const flying = [rig.run(), rig.run()];
  for (const run of flying) assert.equal(run.request(), undefined);
  const third = rig.run();
  assert.deepEqual(third.request()!.headers.at(-1), ["retry-after", "1"]);
  third.filter.end!(third.exchange);
  assert.equal(rig.ask()?.status, 429);
  for (const run of flying) {
    run.filter.end!(run.exchange);
    run.filter.end!(run.exchange);
  }
  assert.equal(rig.passes(), 2);
});

test("an exchange that never came to the filter ends without harm", () => {
  const run = new Rig([{}]).run();
  run.filter.end!(run.exchange);
  assert.deepEqual(run.response(200), []);
  run.exchange.slots = null;
  run.filter.end!(run.exchange);
});
