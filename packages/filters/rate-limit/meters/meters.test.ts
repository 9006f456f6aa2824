import assert from "node:assert/strict";
import { test } from "node:test";
import { makeSharedTableMemory, SharedTable } from "@heddle/engine/shared";
import { FakeClock } from "@heddle/testkit";
import type { MeterConfig } from "../config.ts";
import { calendarWindow } from "./calendar-window.ts";
import { makeMeter } from "./make-meter.ts";
import { Use } from "./meter.ts";

function setUp(config: MeterConfig, entries = 1024, share = 1) {
  const clock = new FakeClock();
  const table = new SharedTable(makeSharedTableMemory(entries, 1, [5, 6]), 0, clock, 0);
  const meter = makeMeter(config, share, table, table.hashFor("limit"));
  const useOf = (key: number, cost: number): Use => {
    const use = new Use();
    [use.hi, use.lo, use.cost] = [key, key + 1, cost];
    return use;
  };
  const ask = (key = 1, cost = 1) => {
    const use = useOf(key, cost);
    const fits = meter.charge(use, clock.now(), clock.wallMs());
    return { fits, use };
  };
  const settle = (cost: number, key = 1) => meter.settle(useOf(key, 0), cost, clock.now(), clock.wallMs());
  return { clock, meter, ask, settle };
}

const quotas: readonly MeterConfig[] = [
  { kind: "token-bucket", tokens: 100, periodMs: 60_000, burst: 100 },
  { kind: "sliding-window", quota: 100, windowMs: 60_000 },
  { kind: "fixed-window", quota: 100, unit: "minute" },
];

for (const config of quotas) {
  test(`${config.kind}: what is charged afterwards may exceed the limit, and is paid back by waiting`, () => {
    const { clock, ask, settle } = setUp(config);
    assert.ok(ask(1, 0).fits);
    settle(99);
    assert.ok(ask(1, 0).fits, "something is left");
    settle(150);
    const refused = ask(1, 0);
    assert.equal(refused.fits, false);
    assert.equal(refused.use.remaining, 0);
    assert.ok(refused.use.retryMs > 0);
    assert.ok(ask(2, 0).fits, "another key has its own");
    clock.advance(refused.use.retryMs + 1);
    assert.ok(ask(1, 0).fits);
  });

  test(`${config.kind}: what costs more than all of it is refused, and takes nothing`, () => {
    const { ask } = setUp(config);
    assert.equal(ask(1, 101).fits, false);
    assert.ok(ask(1, 100).fits);
  });

  test(`${config.kind}: debts have an end`, () => {
    const { ask, settle } = setUp(config);
    for (let i = 0; i < 5; i++) settle(1_000_000_000);
    assert.equal(ask(1, 1).fits, false);
  });

  test(`${config.kind}: keys that find no room share one limit, and none exceeds it`, () => {
    const { ask } = setUp(config, 16);
    // Keys with room first; the rest have none.
    let crowded = 0;
    for (let key = 2; key < 1_000; key += 2) {
      const { fits, use } = ask(key);
      if (use.isCrowded && fits) crowded++;
    }
    assert.equal(crowded, 100);
  });
}

test("a share of a limit is that share, and never nothing", () => {
  const shares = [0.25, 0.001].map((share) => setUp(quotas[2], 1024, share).meter.quota);
  assert.deepEqual(shares, [25, 1]);
});

test("concurrency says when to ask again, and is nobody's debt", () => {
  const { ask, meter, clock } = setUp({ kind: "concurrency", quota: 2 });
  const [one] = [ask(), ask()];
  const refused = ask();
  assert.deepEqual([refused.fits, refused.use.retryMs], [false, 1_000]);
  meter.release(refused.use, clock.now());
  assert.equal(ask().fits, false);
  meter.release(one.use, clock.now());
  assert.ok(ask().fits);
});

test("an exchange that ends after a day gives nobody else's place back", () => {
  const { ask, meter, clock } = setUp({ kind: "concurrency", quota: 1 }, 16);
  const old = ask(2);
  clock.advance(25 * 3_600_000);
  const others = Array.from({ length: 10 }, (_, at) => 4 + 2 * at).filter((key) => ask(key).fits);
  assert.ok(others.length >= 8);
  meter.release(old.use, clock.now());
  for (const key of others) assert.equal(ask(key).fits, false, `${key}`);
});

test("a bucket that nobody asked for weeks is full, whatever its clock has come round to", () => {
  const { clock, ask } = setUp({ kind: "token-bucket", tokens: 1_000, periodMs: 1, burst: 1_000 });
  for (let i = 0; i < 200; i++) {
    assert.ok(ask(1, 1_000).fits);
    // About the range of the bucket's 32 bits, which is 134 s at this rate, and all that is between.
    clock.advance(7_919 * i + 1_000);
  }
});

test("the windows of the calendar are those of UTC", () => {
  const at = Date.UTC(2028, 1, 29, 23, 59, 59, 999);
  const ends = (["minute", "hour", "day", "month"] as const).map((unit) => calendarWindow(unit, at).endMs);
  assert.deepEqual(new Set(ends), new Set([at + 1]));
  assert.notEqual(calendarWindow("month", at).index, calendarWindow("month", at + 1).index);
  assert.equal(calendarWindow("month", Date.UTC(2026, 11, 31)).endMs, Date.UTC(2027, 0, 1));
});
