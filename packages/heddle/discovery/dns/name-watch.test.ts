import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { seededRandom } from "@heddle/engine/base";
import { FakeClock } from "@heddle/testkit";
import type { NameAnswer } from "./addresses.ts";
import { NameWatch } from "./name-watch.ts";

class Rig {
  readonly clock = new FakeClock();
  readonly asked: string[] = [];
  readonly problems: string[] = [];
  changes = 0;
  answer: (name: string) => NameAnswer | Promise<NameAnswer> = () => four("10.0.0.1");
  readonly watch = new NameWatch({
    clock: this.clock,
    random: seededRandom(1),
    lookup: async (name) => {
      this.asked.push(name);
      return this.answer(name);
    },
    onChange: () => this.changes++,
    onProblem: (name, { message }, isKept) => this.problems.push(`${name}: ${message} ${isKept}`),
  });

  /** Moves the clock and lets what was asked be answered. */
  async pass(ms: number): Promise<void> {
    this.clock.advance(ms);
    await setImmediate();
  }

  get addresses(): readonly string[] | undefined {
    const found = this.watch.addressesOf("a.test");
    return found === null ? undefined : [...found.ipv6, ...found.ipv4];
  }
}

const four = (...addresses: string[]): NameAnswer => ({ ipv4: addresses, ipv6: [], ttlMs: 10_000 });

async function watching(): Promise<Rig> {
  const rig = new Rig();
  await rig.watch.want(new Set(["a.test"]));
  return rig;
}

test("a name is asked for again when its record has run out, and a change is told", async () => {
  const rig = await watching();
  assert.deepEqual(rig.addresses, ["10.0.0.1"]);
  assert.equal(rig.changes, 0, "who waits for the first answer needs no telling");
  await rig.pass(9_999);
  assert.equal(rig.asked.length, 1);
  rig.answer = () => four("10.0.0.2", "10.0.0.1");
  await rig.pass(1_001);
  assert.equal(rig.asked.length, 2);
  assert.deepEqual(rig.addresses, ["10.0.0.1", "10.0.0.2"]);
  assert.equal(rig.changes, 1);
  rig.answer = () => four("10.0.0.1", "10.0.0.2");
  await rig.pass(11_000);
  assert.equal(rig.changes, 1, "the order of an answer says nothing");
});

test("a failed resolution keeps the last answer, and pauses grow to half a minute", async () => {
  const rig = await watching();
  rig.answer = () => Promise.reject(new Error("SERVFAIL"));
  await rig.pass(11_000);
  assert.deepEqual(rig.addresses, ["10.0.0.1"]);
  assert.deepEqual(rig.problems, ["a.test: SERVFAIL true"]);
  let before = rig.asked.length;
  const asked: number[] = [];
  for (let i = 0; i < 5; i++) {
    await rig.pass(33_000);
    asked.push(rig.asked.length - before);
    before = rig.asked.length;
  }
  assert.ok(asked.at(-1) === 1 && asked[0] > 0, String(asked));
  assert.equal(rig.problems.length, 1, "told once");
  rig.answer = () => four("10.0.0.9");
  await rig.pass(33_000);
  assert.deepEqual(rig.addresses, ["10.0.0.9"]);
});

test("a family that could not be asked keeps what it had", async () => {
  const rig = new Rig();
  rig.answer = () => ({ ipv4: ["10.0.0.1"], ipv6: ["2001:db8::1"], ttlMs: 1_000 });
  await rig.watch.want(new Set(["a.test"]));
  rig.answer = () => ({ ipv4: ["10.0.0.2"], ipv6: null, ttlMs: 1_000 });
  await rig.pass(1_100);
  assert.deepEqual(rig.addresses, ["2001:db8::1", "10.0.0.2"]);
});

test("times to live are kept within bounds, and so are answers", async () => {
  const rig = new Rig();
  const many = Array.from({ length: 300 }, (_, i) => `10.0.${i >> 8}.${i & 255}`);
  rig.answer = () => ({ ...four(...many), ttlMs: 0 });
  await rig.watch.want(new Set(["a.test"]));
  assert.equal(rig.addresses?.length, 64);
  await rig.pass(999);
  assert.equal(rig.asked.length, 1, "a TTL of 0 is a second");
  rig.answer = () => ({ ...four("10.0.0.1"), ttlMs: 1e9 });
  await rig.pass(101);
  assert.equal(rig.asked.length, 2);
  await rig.pass(3_960_000);
  assert.equal(rig.asked.length, 3, "a long one is an hour");
});

test("the first configuration waits a second for names that do not answer, and hears of them later", async () => {
  const rig = new Rig();
  const { promise, resolve } = Promise.withResolvers<NameAnswer>();
  rig.answer = () => promise;
  const wanted = rig.watch.want(new Set(["a.test"]));
  rig.clock.advance(1_000);
  await wanted;
  assert.equal(rig.addresses, undefined);
  resolve(four("10.0.0.1"));
  await setImmediate();
  assert.deepEqual(rig.addresses, ["10.0.0.1"]);
  assert.equal(rig.changes, 1);
});

test("names that are not wanted any more are forgotten, with their timers", async () => {
  const rig = await watching();
  await rig.watch.want(new Set());
  assert.equal(rig.addresses, undefined);
  assert.equal(rig.clock.pendingTimers, 0);
});

test("at most sixteen names are asked for at a time", async () => {
  const rig = new Rig();
  const open: (() => void)[] = [];
  rig.answer = () => new Promise((resolve) => open.push(() => resolve(four("10.0.0.1"))));
  const wanted = rig.watch.want(new Set(Array.from({ length: 40 }, (_, i) => `n${i}.test`)));
  await setImmediate();
  assert.equal(open.length, 16);
  while (open.length > 0) {
    for (const done of open.splice(0)) done();
    await setImmediate();
  }
  await wanted;
  assert.equal(rig.asked.length, 40);
});
