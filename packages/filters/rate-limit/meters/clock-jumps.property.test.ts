import assert from "node:assert/strict";
import { test } from "node:test";
import { makeSharedTableMemory, SharedTable } from "@heddle/engine/shared";
import { FakeClock } from "@heddle/testkit";
import * as fc from "fast-check";
import type { MeterConfig } from "../config.ts";
import { makeMeter } from "./make-meter.ts";
import { Use } from "./meter.ts";

const SEED = 20_261_128;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** One meter over a table of its own, and the date as somebody sets it. */
class Rig {
  readonly clock = new FakeClock(Date.UTC(2026, 5, 15, 10));
  private readonly meter;

  constructor(config: MeterConfig) {
    const table = new SharedTable(makeSharedTableMemory(1024, 1, [5, 6]), 0, this.clock, 0);
    this.meter = makeMeter(config, 1, table, table.hashFor("limit"));
  }

  setForward(ms: number): void {
    this.clock.setWall(this.clock.wallMs() + ms);
  }

  ask(cost = 1): Use & { fits: boolean } {
    const use = new Use();
    [use.hi, use.lo, use.cost] = [7, 8, cost];
    return Object.assign(use, { fits: this.meter.charge(use, this.clock.now(), this.clock.wallMs()) });
  }

  release(use: Use): void {
    this.meter.release(use, this.clock.now());
  }

  /** How many of `count` pass. */
  passed(count: number): number {
    return Array.from({ length: count }, () => this.ask()).filter(({ fits }) => fits).length;
  }
}

/** A clock that runs, and is set by up to two days either way. */
const steps = fc.array(
  fc.record({
    waitMs: fc.oneof(fc.constant(0), fc.double({ min: 0, max: 2 * HOUR_MS, noNaN: true })),
    jumpMs: fc.oneof(
      { weight: 3, arbitrary: fc.constant(0) },
      { weight: 1, arbitrary: fc.integer({ min: -2 * DAY_MS, max: 2 * DAY_MS }) },
    ),
    cost: fc.integer({ min: 1, max: 5 }),
  }),
  { minLength: 1, maxLength: 100 },
);

const deaf: readonly MeterConfig[] = [
  { kind: "token-bucket", tokens: 10, periodMs: HOUR_MS, burst: 10 },
  { kind: "sliding-window", quota: 10, windowMs: HOUR_MS },
  { kind: "concurrency", quota: 3 },
];

for (const config of deaf) {
  test(`${config.kind}: knows nothing of a date that is set`, () => {
    fc.assert(
      fc.property(steps, (all) => {
        const [set, left] = [new Rig(config), new Rig(config)];
        const flying: [Use, Use][] = [];
        for (const { waitMs, jumpMs, cost } of all) {
          set.setForward(jumpMs);
          for (const rig of [set, left]) rig.clock.advance(waitMs);
          const [one, other] = [set.ask(cost), left.ask(cost)];
          const seen = ({ fits, remaining, retryMs, resetMs }: typeof one) =>
            JSON.stringify([fits, remaining, retryMs, resetMs]);
          assert.equal(seen(one), seen(other));
          if (one.fits) flying.push([one, other]);
          if (cost > 3 && flying.length > 0) {
            const [ended, too] = flying.shift()!;
            set.release(ended);
            left.release(too);
          }
        }
      }),
      { seed: SEED, numRuns: 100 },
    );
  });
}

const unitMs = { minute: 60_000, hour: HOUR_MS, day: DAY_MS, month: 31 * DAY_MS } as const;
const starts = { minute: 16, hour: 13, day: 10, month: 7 } as const;

test("a calendar's window: each time that the date is set costs one quota at most, and nobody is locked out", () => {
  const windows = fc.record({
    quota: fc.integer({ min: 5, max: 20 }),
    unit: fc.constantFrom("minute" as const, "hour" as const, "day" as const, "month" as const),
  });
  fc.assert(
    fc.property(windows, steps, ({ quota, unit }, all) => {
      const rig = new Rig({ kind: "fixed-window", quota, unit });
      const used = new Map<string, number>();
      let sinceSet = new Map<string, number>();
      let times = 1;
      const add = (to: Map<string, number>, window: string, cost: number) =>
        to.set(window, (to.get(window) ?? 0) + cost);
      for (const { waitMs, jumpMs, cost } of all) {
        if (jumpMs !== 0) {
          rig.setForward(jumpMs);
          sinceSet = new Map();
          times++;
        }
        rig.clock.advance(waitMs);
        const window = new Date(rig.clock.wallMs()).toISOString().slice(0, starts[unit]);
        const { fits, retryMs } = rig.ask(cost);
        if (fits) {
          for (const counted of [used, sinceSet]) add(counted, window, cost);
          assert.ok(sinceSet.get(window)! <= quota, "more than the quota while the date was left alone");
          assert.ok(used.get(window)! <= quota * times);
        } else {
          assert.ok((used.get(window) ?? 0) + cost > quota, "refused without need");
          assert.ok(retryMs > 0 && retryMs <= unitMs[unit], "the wait is no longer than a window");
        }
      }
      // Whatever was done to the clock, the next window that nobody has used is whole.
      let isWhole = false;
      for (let windowsLeft = all.length + 2; windowsLeft > 0 && !isWhole; windowsLeft--) {
        rig.clock.advance(rig.ask(quota + 1).retryMs);
        isWhole = !used.has(new Date(rig.clock.wallMs()).toISOString().slice(0, starts[unit]));
      }
      assert.ok(isWhole && rig.ask(quota).fits);
    }),
    { seed: SEED, numRuns: 300 },
  );
});

test("a calendar's window that is set back to its morning stays used up until its end", () => {
  const rig = new Rig({ kind: "fixed-window", quota: 5, unit: "day" });
  rig.clock.setWall(Date.UTC(2026, 5, 15, 23));
  assert.equal(rig.passed(6), 5);
  rig.setForward(-22 * HOUR_MS);
  for (let hour = 1; hour < 24; hour++) {
    for (let part = 0; part < 6; part++) {
      assert.equal(rig.passed(1), 0, `${new Date(rig.clock.wallMs()).toISOString()}`);
      rig.clock.advance(HOUR_MS / 6);
    }
  }
  assert.equal(rig.passed(6), 5, "the next day is a new one");
});

test("a clock that was ahead for an hour gives one quota more, and what was used up before is used up after", () => {
  const rig = new Rig({ kind: "fixed-window", quota: 5, unit: "day" });
  assert.equal(rig.passed(6), 5);
  rig.setForward(20 * HOUR_MS);
  assert.equal(rig.passed(6), 5);
  rig.clock.advance(HOUR_MS);
  rig.setForward(-20 * HOUR_MS);
  assert.equal(rig.passed(6), 0);
  rig.clock.advance(13 * HOUR_MS);
  assert.equal(rig.passed(6), 0, "the day to come was used while it was thought to be here");
});
