import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { setImmediate } from "node:timers/promises";
import { test } from "node:test";
import { FakeClock } from "@heddle/testkit";
import type { KeySource } from "../compile/index.ts";
import type { FetchedKeySet } from "./fetch-key-set.ts";
import { KeySetService, type SavedKeySet } from "./key-set-service.ts";

function makeSet(kid: string): string {
  const { publicKey } = generateKeyPairSync("ed25519");
  return JSON.stringify({ keys: [{ ...publicKey.export({ format: "jwk" }), kid }] });
}

const sourceOf = (url: string): KeySource => ({ url, caPem: null });
const request = { name: "key-set/url/x", source: sourceOf("https://id.example/jwks?secret") };

const dayMs = 86_400_000;

class Rig {
  readonly clock: FakeClock;
  readonly service: KeySetService;
  kept: ReadonlyMap<string, SavedKeySet> = new Map();
  readonly logs: string[] = [];
  refreshes = 0;
  fetches: { source: KeySource; answer: (set: FetchedKeySet | Error) => void }[] = [];

  /** `before`: what a process kept that ended `awayMs` ago. */
  constructor(before: ReadonlyMap<string, SavedKeySet> = new Map(), awayMs: number = 0) {
    this.clock = new FakeClock(Date.UTC(2026, 0, 1) + awayMs);
    this.service = new KeySetService({
      clock: this.clock,
      kept: before,
      keep: (sets) => (this.kept = sets),
      random: { next: () => 1 },
      fetch: (source) =>
        new Promise((resolve, reject) => {
          this.fetches.push({
            source,
            answer: (set) => (set instanceof Error ? reject(set) : resolve(set)),
          });
        }),
      refresh: () => this.refreshes++,
      log: (_, message) => this.logs.push(message),
    });
  }

  async answer(set: string | Error, maxAgeMs: number | null = null): Promise<void> {
    this.fetches.at(-1)!.answer(typeof set === "string" ? { text: set, maxAgeMs } : set);
    await setImmediate();
  }

  async pass(ms: number): Promise<void> {
    this.clock.advance(ms);
    await setImmediate();
  }

  kids(): string[] {
    return this.service.units.flatMap(({ value }) =>
      (value as { keys: { kid: string }[] }).keys.map(({ kid }) => kid),
    );
  }
}

test("a configuration waits for the first answer of what is new in it, two seconds at most", async () => {
  const rig = new Rig();
  let isReady = false;
  const waiting = rig.service.want([request]).then(() => (isReady = true));
  await rig.pass(1_999);
  assert.equal(isReady, false);
  await rig.answer(makeSet("a"));
  await waiting;
  assert.deepEqual(rig.kids(), ["a"]);
  assert.equal(rig.refreshes, 0);

  const slow = new Rig();
  const late = slow.service.want([request]);
  await slow.pass(2_000);
  await late;
  assert.deepEqual(slow.kids(), []);
  await slow.answer(makeSet("a"));
  assert.deepEqual([slow.kids(), slow.refreshes], [["a"], 1]);
});

async function ready(maxAgeMs: number | null = null): Promise<Rig> {
  const rig = new Rig();
  const waiting = rig.service.want([request]);
  await rig.answer(makeSet("a"), maxAgeMs);
  await waiting;
  return rig;
}

test("ten thousand unknown keys cause at most two fetches", async () => {
  const rig = await ready();
  for (let i = 0; i < 10_000; i++) {
    rig.service.wantKey(request.name);
    if (i % 1_000 === 0) await rig.pass(1_000);
  }
  assert.equal(rig.fetches.length, 1);
  await rig.pass(20_000);
  assert.equal(rig.fetches.length, 2);
  for (let i = 0; i < 10_000; i++) rig.service.wantKey(request.name);
  assert.equal(rig.fetches.length, 2);
  await rig.answer(makeSet("b"));
  assert.deepEqual([rig.kids(), rig.refreshes], [["b"], 1]);
});

test("thirty seconds after the last fetch a key is asked for at once", async () => {
  const rig = await ready();
  await rig.pass(30_000);
  rig.service.wantKey(request.name);
  await rig.pass(0);
  assert.equal(rig.fetches.length, 2);
});

test("a set is fetched again when it is old: as its server says, within bounds", async () => {
  const ages: readonly (readonly [number | null, number])[] = [
    [null, 600_000],
    [0, 60_000],
    [120_000, 120_000],
    [1e12, 86_400_000],
  ];
  for (const [given, expected] of ages) {
    const rig = await ready(given);
    await rig.pass(expected - 1);
    assert.equal(rig.fetches.length, 1, String(given));
    await rig.pass(1);
    assert.equal(rig.fetches.length, 2, String(given));
  }
});

test("the same keys again are no change", async () => {
  const rig = new Rig();
  const set = makeSet("a");
  const waiting = rig.service.want([request]);
  await rig.answer(set);
  await waiting;
  await rig.pass(600_000);
  await rig.answer(set);
  assert.equal(rig.refreshes, 0);
});

test("its last good keys stay in use, and it is tried again, ever more seldom", async () => {
  const rig = await ready();
  await rig.pass(600_000);
  for (const bad of [new Error("https://id.example/jwks: answers 500"), "<html>", '{"keys":{}}']) {
    await rig.answer(bad);
    assert.deepEqual(rig.kids(), ["a"]);
    const before = rig.fetches.length;
    const waitMs = 1_000 * 2 ** (before - 2);
    await rig.pass(waitMs - 1);
    assert.equal(rig.fetches.length, before);
    await rig.pass(1);
    assert.equal(rig.fetches.length, before + 1);
  }
  assert.match(
    rig.logs[0]!,
    /answers 500; those of 2026-01-01T00:00:00Z stay in use, until 2026-01-04T00:00:00Z/,
  );
  assert.match(rig.logs[1]!, /https:\/\/id\.example\/jwks: the answer is no JSON/);
  assert.doesNotMatch(rig.logs.join(), /secret/);
});

const withdrawals: readonly (readonly [string, string, RegExp])[] = [
  ["an empty set", '{"keys":[]}', /the answer has no keys, so that none is trusted/],
  ["a key for encryption alone", makeSet("a").replace('"kid"', '"use":"enc","kid"'), /is not for signatures/],
  ["a key of a type that nobody knows", '{"keys":[{"kty":"AKP","kid":"a"}]}', /a type that is not known/],
  ["a broken key", '{"keys":[{"kty":"OKP","crv":"Ed25519","x":"AA","kid":"a"}]}', /is broken/],
  ["no object", '{"keys":[null]}', /a type that is not known/],
];

test("a set without a key for signatures withdraws those before at once, over a restart too", async () => {
  for (const [what, set, cause] of withdrawals) {
    const rig = await ready();
    assert.equal(rig.kept.size, 1);
    await rig.pass(600_000);
    await rig.answer(set);
    const { phase, message, fetchedMs } = rig.service.stateOf(request.name)!;
    assert.deepEqual([rig.kids(), rig.refreshes, phase, fetchedMs], [[], 1, "missing", null], what);
    assert.match(message, cause, what);
    assert.match(rig.logs.at(-1)!, /until they are, tokens of their issuers are refused/, what);
    assert.deepEqual(rig.service.counts, [
      { place: "https://id.example/jwks", ok: 1, failed: 1, ageMs: null },
    ]);
    const next = new Rig(rig.kept, 601_000);
    void next.service.want([request]);
    assert.deepEqual([rig.kept.size, next.kids()], [0, []], what);
  }
});

test("keys that were withdrawn do not come back with an outage, and new ones are taken within half a minute", async () => {
  const rig = await ready();
  await rig.pass(600_000);
  await rig.answer('{"keys":[]}');
  for (let i = 0; i < 10; i++) {
    await rig.pass(30_000);
    await rig.answer(new Error("https://id.example/jwks: answers 500"));
    assert.deepEqual([rig.kids(), rig.service.stateOf(request.name)?.phase], [[], "missing"]);
  }
  await rig.pass(30_000);
  await rig.answer(makeSet("b"));
  assert.deepEqual([rig.kids(), rig.kept.size], [["b"], 1]);
});

test("while it never had keys it is tried every half minute at least, and what goes on is told once", async () => {
  const rig = new Rig();
  void rig.service.want([request]);
  for (let i = 0; i < 10; i++) {
    await rig.answer(new Error("refused"));
    await rig.pass(30_000);
  }
  assert.equal(rig.fetches.length, 11);
  assert.equal(rig.logs.length, 1);
  assert.equal(rig.service.stateOf(request.name)?.phase, "missing");
});

test("what becomes of a set is told once for each change, and asks for a new status each time", async () => {
  const rig = await ready();
  const phases: (string | undefined)[] = [];
  for (const answer of [
    new Error("https://id.example/jwks: answers 500"),
    new Error("https://id.example/jwks: answers 500"),
    new Error("https://id.example/jwks: answers 502"),
    makeSet("a"),
    new Error("https://id.example/jwks: answers 500"),
  ]) {
    await rig.pass(600_000);
    await rig.answer(answer);
    phases.push(rig.service.stateOf(request.name)?.phase);
  }
  assert.deepEqual(phases, ["outdated", "outdated", "outdated", "current", "outdated"]);
  const kept = "those of 2026-01-01T00:00:00Z stay in use, until 2026-01-04T00:00:00Z";
  assert.deepEqual(rig.logs, [
    `keys cannot be fetched: https://id.example/jwks: answers 500; ${kept}`,
    `keys cannot be fetched: https://id.example/jwks: answers 502; ${kept}`,
    "keys are fetched again: https://id.example/jwks",
    `keys cannot be fetched: https://id.example/jwks: answers 500; ${kept.replaceAll("00:00:00Z", "00:40:00Z")}`,
  ]);
  assert.equal(rig.refreshes, 4);
  assert.equal(rig.service.stateOf("key-set/url/none"), null);
});

test("counts fetches by place, without the query, and says how old the oldest keys are", async () => {
  const rig = new Rig();
  const other = { name: "key-set/url/y", source: sourceOf("https://id.example/jwks?other") };
  const gone = { name: "key-set/url/z", source: sourceOf("https://gone.example/jwks") };
  const waiting = rig.service.want([request, other, gone]);
  rig.fetches[0]!.answer({ text: makeSet("a"), maxAgeMs: null });
  await setImmediate();
  await rig.pass(500);
  rig.fetches[1]!.answer({ text: makeSet("a"), maxAgeMs: null });
  rig.fetches[2]!.answer(new Error("refused"));
  await waiting;
  await rig.pass(500);
  assert.deepEqual(rig.service.counts, [
    { place: "https://id.example/jwks", ok: 2, failed: 0, ageMs: 1_000 },
    { place: "https://gone.example/jwks", ok: 0, failed: 1, ageMs: null },
  ]);
});

test("keys whose issuer fails are in use for three days, not longer", async () => {
  const rig = await ready();
  const failing = async (): Promise<void> => rig.answer(new Error("https://id.example/jwks: answers 500"));
  await rig.pass(600_000);
  await failing();
  while (rig.clock.now() < 3 * dayMs - 1) {
    await rig.pass(Math.min(300_000, 3 * dayMs - 1 - rig.clock.now()));
    await failing();
    assert.deepEqual(rig.kids(), ["a"]);
  }
  const before = rig.refreshes;
  await rig.pass(1);
  await failing();
  assert.deepEqual([rig.kids(), rig.refreshes], [[], before + 1]);
  assert.match(rig.logs.at(-1)!, /answers 500; until they are, tokens of their issuers are refused/);
  await rig.pass(30_000);
  await rig.answer(makeSet("b"));
  assert.deepEqual(rig.kids(), ["b"]);
});

test("keys of the process before are in use until the issuer answers", async () => {
  const { kept } = await ready();
  const rig = new Rig(kept, 3_600_000);
  const waiting = rig.service.want([request]);
  assert.deepEqual([rig.kids(), rig.service.stateOf(request.name)?.phase], [["a"], "pending"]);
  assert.equal(rig.service.counts[0]!.ageMs, 3_600_000);
  await rig.answer(new Error("https://id.example/jwks: answers 500"));
  await waiting;
  assert.deepEqual([rig.kids(), rig.service.stateOf(request.name)?.phase], [["a"], "outdated"]);
  assert.match(rig.logs[0]!, /those of 2026-01-01T00:00:00Z stay in use, until 2026-01-04T00:00:00Z/);
  await rig.pass(1_000);
  await rig.answer(makeSet("b"));
  assert.deepEqual([rig.kids(), rig.service.stateOf(request.name)?.phase], [["b"], "current"]);
  assert.deepEqual(
    [...rig.kept.values()].map(({ fetchedMs }) => fetchedMs),
    [rig.clock.wallMs()],
  );
});

test("a restart does not make the three days longer", async () => {
  const { kept } = await ready();
  const rig = new Rig(kept, 3 * dayMs - 1_000);
  void rig.service.want([request]);
  await rig.answer(new Error("refused"));
  assert.deepEqual(rig.kids(), ["a"]);
  await rig.pass(1_000);
  await rig.answer(new Error("refused"));
  assert.deepEqual(rig.kids(), []);
});

test("keys of the process before are not used when they are too old, from the future, from elsewhere, or none", async () => {
  const { kept } = await ready();
  const set = kept.get(request.name)!;
  const refused: readonly (readonly [string, SavedKeySet, number])[] = [
    ["too old", set, 3 * dayMs],
    ["of the future", set, -300_001],
    ["of another source", { ...set, source: "x" }, 0],
    ["of a time that is none", { ...set, fetchedMs: Number.NaN }, 0],
    ["no set", { ...set, text: "<html>" }, 0],
    [
      "a shared secret",
      { ...set, text: `{"keys":[{"kty":"oct","alg":"HS256","k":"${"A".repeat(64)}"}]}` },
      0,
    ],
  ];
  for (const [what, one, awayMs] of refused) {
    const rig = new Rig(new Map([[request.name, one]]), awayMs);
    void rig.service.want([request]);
    assert.deepEqual(rig.kids(), [], what);
    rig.service.close();
  }
  const used = new Rig(kept, -300_000);
  void used.service.want([request]);
  assert.deepEqual(used.kids(), ["a"]);
});

test("one that nobody wants any more is not fetched; one whose server has other roots is fetched anew", async () => {
  const rig = await ready();
  const changed = { ...request, source: { ...request.source, caPem: "pem" } };
  const waiting = rig.service.want([changed]);
  assert.deepEqual(rig.kids(), []);
  await rig.answer(makeSet("b"));
  await waiting;
  assert.deepEqual(rig.kids(), ["b"]);
  await rig.service.want([]);
  assert.deepEqual(rig.kids(), []);
  await rig.pass(1e9);
  assert.equal(rig.fetches.length, 2);
  assert.equal(rig.clock.pendingTimers, 0);
});

test("after its end nothing is fetched", async () => {
  const rig = await ready();
  rig.service.close();
  rig.service.wantKey(request.name);
  await rig.pass(1e9);
  assert.equal(rig.fetches.length, 1);
});
