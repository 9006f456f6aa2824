import assert from "node:assert/strict";
import { test } from "node:test";
import type { RateLimitConfig } from "../../../compile/index.ts";
import { rateLimitEffect } from "./rate-limit.ts";

type Limit = RateLimitConfig["limits"][number];

const plain: Limit = {
  name: "all",
  scope: "s",
  meter: { kind: "fixed-window", quota: 10, unit: "day" },
  key: [],
  whenMissing: "deny",
  match: null,
  cost: { from: "constant", units: 1 },
  isShadow: false,
};

const effectOf = (limit: Partial<Limit>, rest: Partial<RateLimitConfig> = {}): string =>
  rateLimitEffect({
    limits: [{ ...plain, ...limit }],
    headers: "none",
    status: 429,
    body: "",
    store: null,
    ...rest,
  });

test("limits are told in words", () => {
  const words = [
    effectOf({}),
    effectOf({ meter: { kind: "token-bucket", tokens: 5, periodMs: 1_000, burst: 9 } }),
    effectOf({ meter: { kind: "sliding-window", quota: 5, windowMs: 1_500 }, isShadow: true }),
    effectOf({
      meter: { kind: "concurrency", quota: 5 },
      key: [{ from: "subject" }, { from: "claim", path: ["a", "b"] }],
    }),
    effectOf({
      key: [{ from: "client-address", ipv4Bits: 32, ipv6Bits: 64 }],
      whenMissing: "shared",
      match: { methods: ["GET", "PUT"], pathPrefixes: ["", "/a"], headers: [{ name: "x", value: null }] },
      cost: { from: "response-header", name: "x-cost", units: 1, isRemoved: true },
    }),
  ];
  assert.deepEqual(words, [
    "all: 10 each day; answers 429 beyond",
    "all: 5 in 1 s, 9 at once; answers 429 beyond",
    "all: 5 in any 1500 ms, refuses nothing (shadow); answers 429 beyond",
    "all: 5 in flight, by subject and claim a.b, refused without; answers 429 beyond",
    "all: 10 each day, by client address /32 or /64, of GET or PUT below / or /a with x, a request costs what the response's x-cost says; answers 429 beyond",
  ]);
});

test("a store is named, and what holds without it", () => {
  const store = { url: "redis://r", credentials: "limit-store/a/b", timeoutMs: 1, localShare: 1 };
  const words = (["allow", "deny", "local"] as const).map((whenUnavailable) =>
    effectOf({}, { store: { ...store, whenUnavailable } })
      .split("; ")
      .at(-1),
  );
  assert.deepEqual(words, [
    "counted at redis://r, nothing is while it is away",
    "counted at redis://r, nothing passes while it is away",
    "counted at redis://r, by this process while it is away",
  ]);
});
