import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock } from "@heddle/testkit";
import type { StoreQuestion } from "@heddle/filters";
import { RedisStore } from "./redis-store.ts";
import type { RedisLink } from "./redis-link.ts";
import { ReplyError } from "./resp-reader.ts";
import type { OnReply } from "./redis-connection.ts";

/** A link that keeps what it is to run. */
class HeldLink {
  isAway = false;
  givenUp = 0;
  readonly calls: { words: readonly (string | number)[]; onReply: OnReply }[] = [];
  run(words: readonly (string | number)[], onReply: OnReply): void {
    this.calls.push({ words, onReply });
  }
  giveUp(): void {
    this.givenUp++;
  }
}

function setUp() {
  const clock = new FakeClock();
  const link = new HeldLink();
  const credentials = { value: {}, version: 1 };
  const store = new RedisStore(link as unknown as RedisLink, credentials, 100, clock);
  return { clock, link, store, credentials };
}

const question = (key: string, cost = 1): StoreQuestion => ({
  key,
  meter: { kind: "fixed-window", quota: 9, unit: "day" },
  cost,
  isShadow: false,
});
const turn = () => new Promise((resolve) => setImmediate(resolve));
const yes = [1, 8, 1_000, 0];
const answer = { fits: true, remaining: 8, resetMs: 1_000, retryMs: 0 };

test("what is asked in one turn is one call, and each gets its own answers", async () => {
  const { clock, link, store } = setUp();
  const one = store.take([question("a"), question("b", 2)]);
  const two = store.take([question("c")]);
  store.settle(question("d", 5));
  await turn();
  assert.equal(link.calls.length, 1);
  const { words, onReply } = link.calls[0]!;
  assert.deepEqual(words.slice(0, 5), [
    4,
    "heddle:limit:a",
    "heddle:limit:b",
    "heddle:limit:c",
    "heddle:limit:d",
  ]);
  const limit = (cost: number, mode: number) => ["f", 9, "day", 0, cost, mode];
  assert.deepEqual(words.slice(5), [2, ...limit(1, 0), ...limit(2, 0), 1, ...limit(1, 0), 1, ...limit(5, 2)]);
  onReply([...yes, 0, 1, 5, 6, ...yes, ...yes]);
  assert.deepEqual(await one, [answer, { fits: false, remaining: 1, resetMs: 5, retryMs: 6 }]);
  assert.deepEqual(await two, [answer]);
  assert.equal(clock.pendingTimers, 0);
  assert.equal(link.givenUp, 0);
});

test("a long turn is several calls, since a server does nothing else while a script runs", async () => {
  const { link, store } = setUp();
  for (let i = 0; i < 300; i++) void store.take([question(`${i}`)]);
  await turn();
  assert.deepEqual(
    link.calls.map(({ words }) => words[0]),
    [128, 128, 44],
  );
});

test("a call that takes too long is answered with nothing, and the link given up; what comes later is dropped", async () => {
  const { clock, link, store } = setUp();
  const asked = store.take([question("a")]);
  await turn();
  clock.advance(99);
  assert.equal(link.givenUp, 0);
  clock.advance(1);
  assert.equal(await asked, null);
  assert.equal(link.givenUp, 1);
  link.calls[0]!.onReply(yes);
  assert.equal(link.givenUp, 1);
});

test("while the link is away nobody waits, and nothing is sent", async () => {
  const { clock, link, store } = setUp();
  link.isAway = true;
  assert.equal(await store.take([question("a")]), null);
  store.settle(question("a"));
  await turn();
  assert.equal(link.calls.length, 0);
  assert.equal(clock.pendingTimers, 0);
});

const useless = [new ReplyError("READONLY You can't write"), "OK", [1, 2], [1, 2, 3, "x"], 4];
for (const reply of useless) {
  test(`an answer that is none gives the link up: ${JSON.stringify(reply)}`, async () => {
    const { link, store } = setUp();
    const asked = store.take([question("a")]);
    await turn();
    link.calls[0]!.onReply(reply);
    assert.equal(await asked, null);
    assert.equal(link.givenUp, 1);
  });
}

test("a connection that breaks answers with nothing; the link knows it already", async () => {
  const { link, store } = setUp();
  const asked = store.take([question("a")]);
  await turn();
  link.calls[0]!.onReply(null);
  assert.equal(await asked, null);
  assert.equal(link.givenUp, 0);
});

test("other credentials make the link anew, once", async () => {
  const { link, store, credentials } = setUp();
  credentials.version = 2;
  void store.take([question("a")]);
  void store.take([question("b")]);
  assert.equal(link.givenUp, 1);
});
