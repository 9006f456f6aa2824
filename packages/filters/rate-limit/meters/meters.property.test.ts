import assert from "node:assert/strict";
import { test } from "node:test";
import { makeSharedTableMemory, SharedTable } from "@heddle/engine/shared";
import { FakeClock } from "@heddle/testkit";
import * as fc from "fast-check";
import type { MeterConfig } from "../config.ts";
import { makeMeter } from "./make-meter.ts";
import { Use } from "./meter.ts";

const SEED = 20_261_128;

/** What happens at a step: time goes on, then one of a few keys asks. Milliseconds with fractions, as clocks have them. */
const steps = (longest: number, dearest: number) =>
  fc.array(
    fc.record({
      waitMs: fc.oneof(
        fc.constant(0),
        fc.double({ min: 0, max: longest, noNaN: true }),
        fc.double({ min: 0, max: 5, noNaN: true }),
      ),
      cost: fc.integer({ min: 1, max: dearest }),
      key: fc.integer({ min: 0, max: 2 }),
      worker: fc.integer({ min: 0, max: 1 }),
    }),
    { minLength: 1, maxLength: 120 },
  );

/** Two workers' meters over one table, from a moment that is no round number. */
class Rig {
  readonly clock = new FakeClock(Date.UTC(2026, 0, 31, 23, 59, 12, 345));
  private readonly tables: readonly SharedTable[];
  private readonly meters;

  constructor(config: MeterConfig, startMs: number) {
    this.clock.advance(startMs);
    const memory = makeSharedTableMemory(4096, 2, [5, 6]);
    this.tables = [0, 1].map((slot) => new SharedTable(memory, slot, this.clock, 0));
    this.meters = this.tables.map((table) => makeMeter(config, 1, table, table.hashFor("limit")));
  }

  ask(worker: number, key: number, cost: number): Use & { fits: boolean } {
    const use = new Use();
    use.hi = Math.imul(key + 1, 0x9e3779b1);
    use.lo = Math.imul(key + 1, 0x85ebca6b);
    use.cost = cost;
    const [nowMs, wallMs] = [this.clock.now(), this.clock.wallMs()];
    const meter = this.meters[worker];
    const looked = meter.check(use, nowMs, wallMs);
    const fits = meter.charge(use, nowMs, wallMs);
    assert.equal(looked, fits, "a look says what a charge would do");
    assert.equal(use.isCharged, fits);
    return Object.assign(use, { fits });
  }

  release(worker: number, use: Use): void {
    this.meters[worker].release(use, this.clock.now());
  }

  refund(worker: number, use: Use): void {
    this.meters[worker].refund(use, this.clock.now(), this.clock.wallMs());
  }
}

const buckets = fc.record({
  tokens: fc.integer({ min: 1, max: 5_000 }),
  periodMs: fc.constantFrom(1, 100, 1_000, 60_000, 3_600_000, 86_400_000),
  burst: fc.integer({ min: 1, max: 200 }),
  startMs: fc.constantFrom(0, 1, 123_456.789, 2 ** 31 - 7, 2 ** 33 + 0.5, 9e11),
});

test("a token bucket does what a bucket of tokens does", () => {
  fc.assert(
    fc.property(buckets, steps(70_000, 40), ({ tokens, periodMs, burst, startMs }, all) => {
      fc.pre(tokens / periodMs <= 1_000);
      const rig = new Rig({ kind: "token-bucket", tokens, periodMs, burst }, startMs);
      const rate = tokens / periodMs;
      // Times are whole units: of two of them the bucket may be late, and the clock itself has so many digits.
      const slack = 1e-3 + rate * 1e-3;
      const level = [burst, burst, burst];
      for (const { waitMs, cost, key, worker } of all) {
        rig.clock.advance(waitMs);
        for (let at = 0; at < 3; at++) level[at] = Math.min(burst, level[at] + waitMs * rate);
        const { fits, retryMs, remaining } = rig.ask(worker, key, cost);
        if (fits) {
          assert.ok(level[key] >= cost - slack, `let through ${cost} of ${level[key]}`);
          level[key] = Math.max(0, level[key] - cost);
          assert.ok(remaining <= level[key] + slack);
        } else {
          assert.ok(level[key] < cost + slack, `refused ${cost} of ${level[key]}`);
          assert.ok(
            Math.abs(retryMs * rate - (Math.min(cost, burst) - level[key])) <= slack * 2 + retryMs * 1e-6,
          );
        }
      }
    }),
    { seed: SEED, numRuns: 300 },
  );
});

test("a sliding window lets no more than its quota through in any stretch of its length", () => {
  const windows = fc.record({
    quota: fc.integer({ min: 1, max: 30 }),
    windowMs: fc.constantFrom(100, 1_000, 60_000),
    startMs: fc.constantFrom(0, 77.7, 2 ** 32),
  });
  fc.assert(
    fc.property(windows, steps(20_000, 10), ({ quota, windowMs, startMs }, all) => {
      const rig = new Rig({ kind: "sliding-window", quota, windowMs }, startMs);
      const log: { at: number; cost: number; key: number }[] = [];
      const used = (key: number, sinceMs: number) =>
        log.filter((one) => one.key === key && one.at > sinceMs).reduce((sum, { cost }) => sum + cost, 0);
      for (const { waitMs, cost, key, worker } of all) {
        rig.clock.advance((waitMs * windowMs) / 60_000);
        const now = rig.clock.now();
        const { fits, retryMs } = rig.ask(worker, key, cost);
        if (fits) {
          log.push({ at: now, cost, key });
          assert.ok(used(key, now - windowMs) <= quota);
        } else {
          assert.ok(used(key, now - (windowMs * 9) / 8 - 1e-6) + cost > quota, "refused without need");
          assert.ok(retryMs > 0 && retryMs <= (windowMs * 9) / 8 + 1e-6);
        }
      }
    }),
    { seed: SEED, numRuns: 300 },
  );
});

test("a calendar's window lets exactly its quota through, and begins anew at its end", () => {
  const windows = fc.record({
    quota: fc.integer({ min: 1, max: 40 }),
    unit: fc.constantFrom("minute" as const, "hour" as const, "day" as const, "month" as const),
  });
  const starts = { minute: 16, hour: 13, day: 10, month: 7 };
  fc.assert(
    fc.property(windows, steps(40_000_000, 10), ({ quota, unit }, all) => {
      const rig = new Rig({ kind: "fixed-window", quota, unit }, 0);
      const used = new Map<string, number>();
      for (const { waitMs, cost, key, worker } of all) {
        rig.clock.advance(waitMs);
        const window = `${key} ${new Date(rig.clock.wallMs()).toISOString().slice(0, starts[unit])}`;
        const before = used.get(window) ?? 0;
        const { fits, remaining } = rig.ask(worker, key, cost);
        assert.equal(fits, before + cost <= quota, window);
        if (fits) used.set(window, before + cost);
        assert.equal(remaining, quota - (used.get(window) ?? 0));
      }
    }),
    { seed: SEED, numRuns: 200 },
  );
});

test("concurrency is what is in flight, however long and whoever ends it first", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 8 }), steps(30_000, 4), (quota, all) => {
      const rig = new Rig({ kind: "concurrency", quota }, 0);
      const flying: { use: Use; worker: number; key: number }[] = [];
      for (const { waitMs, cost, key, worker } of all) {
        rig.clock.advance(waitMs);
        // Of four steps one ends an exchange instead, sometimes twice.
        if (cost === 4 && flying.length > 0) {
          const [ended] = flying.splice(key % flying.length, 1);
          rig.release(ended.worker, ended.use);
          rig.release(ended.worker, ended.use);
          continue;
        }
        const inFlight = flying.filter((one) => one.key === key).length;
        const use = rig.ask(worker, key, 1);
        assert.equal(use.fits, inFlight < quota);
        if (use.fits) flying.push({ use, worker, key });
      }
      for (const { use, worker } of flying) rig.release(worker, use);
      for (let key = 0; key < 3; key++) assert.equal(rig.ask(0, key, 1).remaining, quota - 1);
    }),
    { seed: SEED, numRuns: 200 },
  );
});

const kinds: readonly MeterConfig[] = [
  { kind: "token-bucket", tokens: 10, periodMs: 60_000, burst: 10 },
  { kind: "sliding-window", quota: 10, windowMs: 60_000 },
  { kind: "fixed-window", quota: 10, unit: "day" },
  { kind: "concurrency", quota: 10 },
];

for (const config of kinds) {
  test(`${config.kind}: what is refunded was never charged`, () => {
    const rig = new Rig(config, 1_000);
    for (let i = 0; i < 200; i++) {
      const use = rig.ask(i % 2, 0, 1);
      assert.ok(use.fits);
      rig.refund(i % 2, use);
    }
    const again = rig.ask(0, 0, 1);
    assert.deepEqual([again.fits, again.remaining], [true, 9]);
  });
}
