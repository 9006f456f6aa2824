import assert from "node:assert/strict";
import { test } from "node:test";
import type { Reply } from "@heddle/engine/filter";
import { FilterRun, makeExchange, RecordingContext } from "../filter-run.suite.ts";
import type { LimitConfig, RateLimitConfig, StoreConfig } from "./config.ts";
import { rateLimit, rateLimitWith } from "./filter.ts";
import type { LimitStore, StoreAnswer, StoreQuestion } from "./store.ts";

const stored: StoreConfig = {
  url: "redis://r",
  credentials: "limit-store/ns/secret",
  timeoutMs: 100,
  whenUnavailable: "deny",
  localShare: 1,
};

const base: LimitConfig = {
  name: "all",
  scope: "policy",
  meter: { kind: "fixed-window", quota: 4, unit: "hour" },
  key: [],
  whenMissing: "shared",
  match: null,
  cost: { from: "constant", units: 1 },
  isShadow: false,
};

/** Answers when it is told to. */
class HeldStore implements LimitStore {
  readonly asked: (readonly StoreQuestion[])[] = [];
  readonly settled: StoreQuestion[] = [];
  answer: (answers: readonly StoreAnswer[] | null) => void = () => {};
  take(questions: readonly StoreQuestion[]): Promise<readonly StoreAnswer[] | null> {
    this.asked.push(questions);
    return new Promise((resolve) => (this.answer = resolve));
  }
  settle(question: StoreQuestion): void {
    this.settled.push(question);
  }
}

class Rig {
  readonly context = new RecordingContext();
  readonly store = new HeldStore();
  readonly config: RateLimitConfig;
  private readonly factory = rateLimitWith((config, credentials) => {
    assert.equal(config, this.config.store);
    assert.equal(credentials, this.context.data("limit-store/ns/secret"));
    return this.store;
  });

  constructor(limits: readonly Partial<LimitConfig>[], store: Partial<StoreConfig> = {}) {
    this.config = {
      limits: limits.map((limit) => ({ ...base, ...limit })),
      headers: "standard",
      status: 429,
      body: "no\n",
      store: { ...stored, ...store },
    };
  }

  run(headers: [string, string][] = []): FilterRun<RateLimitConfig> {
    return new FilterRun(this.factory, this.config, makeExchange({ headers }), this.context);
  }

  async ask(
    run: FilterRun<RateLimitConfig>,
    answers: readonly StoreAnswer[] | null,
  ): Promise<Reply | undefined> {
    const waiting = run.filter.requestHead!(run.exchange);
    assert.ok(waiting instanceof Promise);
    this.store.answer(answers);
    return (await waiting) ?? undefined;
  }
}

const fits = { fits: true, remaining: 3, resetMs: 9_000, retryMs: 0 };
const full = { fits: false, remaining: 0, resetMs: 9_000, retryMs: 2_500 };
const flight: Partial<LimitConfig> = { name: "flight", meter: { kind: "concurrency", quota: 1 } };

test("the store says who passes; the client is told so", async () => {
  const rig = new Rig([{}]);
  const run = rig.run();
  assert.equal(await rig.ask(run, [fits]), undefined);
  assert.deepEqual(run.response(200), [
    ["ratelimit-policy", '"all";q=4;w=3600'],
    ["ratelimit", '"all";r=3;t=9'],
  ]);
  const refused = await rig.ask(rig.run(), [full]);
  assert.deepEqual([refused?.status, refused?.headers.at(-1)], [429, ["retry-after", "3"]]);
  assert.deepEqual(rig.context.events, ["allowed", "limited:all", "refused"]);
});

test("keys of a store are digests: the same for the same limit and key, and nobody reads them", async () => {
  const rig = new Rig([{ key: [{ from: "header", name: "x-user" }] }, { name: "other" }]);
  const asked = async (user: string) => {
    await rig.ask(rig.run([["x-user", user]]), [fits, fits]);
    return rig.store.asked.at(-1)!.map(({ key }) => key);
  };
  const [alice, again, bob] = [await asked("alice"), await asked("alice"), await asked("bob")];
  assert.deepEqual(alice, again);
  assert.notEqual(alice[0], bob[0]);
  assert.equal(alice[1], bob[1]);
  assert.equal(new Set([...alice, ...bob]).size, 3);
  for (const key of [...alice, ...bob]) assert.match(key, /^[\w-]{22}:([\w-]{22})?$/);
});

test("a shadow is asked for as one, and refuses nothing", async () => {
  const rig = new Rig([{ isShadow: true }]);
  assert.equal(await rig.ask(rig.run(), [full]), undefined);
  assert.equal(rig.store.asked[0]![0]!.isShadow, true);
  assert.deepEqual(rig.context.events, ["shadow-limited:all", "allowed"]);
});

test("concurrency is this process's own: taken first, and given back when the store refuses", async () => {
  const rig = new Rig([{}, flight]);
  const first = rig.run();
  assert.equal((await rig.ask(first, [full]))?.status, 429);
  const second = rig.run();
  assert.equal(await rig.ask(second, [fits]), undefined);
  const third = rig.run();
  assert.equal((third.filter.requestHead!(third.exchange) as Reply).status, 429, "the store is not asked");
  second.filter.end!(second.exchange);
  assert.equal(await rig.ask(rig.run(), [fits]), undefined);
  assert.equal(rig.store.asked.length, 3);
});

test("limits that the store does not count need no waiting", () => {
  const rig = new Rig([flight]);
  const run = rig.run();
  assert.equal(run.request(), undefined);
});

test("a client that leaves while the store is asked gives its place back", async () => {
  const rig = new Rig([{}, flight]);
  const run = rig.run();
  const waiting = run.filter.requestHead!(run.exchange) as Promise<Reply | undefined>;
  run.exchange.markEnded(1);
  run.filter.end!(run.exchange);
  rig.store.answer(null);
  assert.equal(await waiting, undefined);
  assert.deepEqual(rig.context.events, []);
  assert.equal(await rig.ask(rig.run(), [fits]), undefined);
});

test("away: nothing passes", async () => {
  const rig = new Rig([{}, flight]);
  const run = rig.run();
  const reply = await rig.ask(run, null);
  assert.deepEqual([reply?.status, reply?.grpcStatus], [503, 14]);
  assert.equal(run.exchange.fault?.code, "HDL_LIMIT_STORE_UNAVAILABLE");
  assert.deepEqual(run.response(503), []);
  assert.deepEqual(rig.context.events, ["store-away:deny"]);
  assert.equal(await rig.ask(rig.run(), [fits]), undefined, "its place was given back");
});

test("away: nothing is counted", async () => {
  const rig = new Rig([{}], { whenUnavailable: "allow" });
  for (let i = 0; i < 9; i++) {
    const run = rig.run();
    assert.equal(await rig.ask(run, null), undefined);
    assert.deepEqual(run.response(200), []);
  }
});

test("away: this process counts its share", async () => {
  const rig = new Rig(
    [{}, { name: "narrow", meter: { kind: "token-bucket", tokens: 8, periodMs: 1000, burst: 40 } }],
    {
      whenUnavailable: "local",
      localShare: 0.5,
    },
  );
  const statuses: (number | undefined)[] = [];
  for (let i = 0; i < 4; i++) statuses.push((await rig.ask(rig.run(), null))?.status);
  assert.deepEqual(statuses, [undefined, undefined, 429, 429]);
});

const cost = { from: "response-header", name: "x-tokens", units: 1, isRemoved: true } as const;

test("what a response cost is charged where the request was counted", async () => {
  const rig = new Rig([{ cost }], { whenUnavailable: "local" });
  const run = rig.run();
  await rig.ask(run, [{ ...fits, remaining: 100 }]);
  assert.equal(rig.store.asked[0]![0]!.cost, 0);
  const seen = new Map(run.response(200, [["x-tokens", "60"]]));
  assert.equal(seen.get("ratelimit"), '"all";r=40;t=9');
  run.filter.end!(run.exchange);
  assert.deepEqual(
    rig.store.settled.map(({ cost: units }) => units),
    [60],
  );

  const alone = rig.run();
  await rig.ask(alone, null);
  alone.response(200, [["x-tokens", "4"]]);
  assert.equal(rig.store.settled.length, 1);
  assert.equal((await rig.ask(rig.run(), null))?.status, 429);
});

test("one that was not counted owes nothing", async () => {
  for (const whenUnavailable of ["allow", "deny"] as const) {
    const rig = new Rig([{ cost }], { whenUnavailable });
    const run = rig.run();
    await rig.ask(run, null);
    run.response(200, [["x-tokens", "60"]]);
    run.filter.end!(run.exchange);
    assert.deepEqual(rig.store.settled, []);
  }
});

test("where there are no stores a limit in one is not built, so its rule answers 500", () => {
  assert.throws(() => rateLimit.create(new Rig([{}]).config, new RecordingContext()), /store/);
});
