import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { seededRandom } from "../base/index.ts";
import { levelLoads } from "./level-loads.ts";
import { capacityShares, outageShares } from "./zone-shares.ts";

const FAILOVER = { overprovisioningPercent: 140, panicThresholdPercent: 50 };
const level = (available: number, total: number = 100) => ({ available, total });

/** Shares in percent, "!" after those that panic. */
function loads(...levels: { available: number; total: number }[]): string {
  return levelLoads(levels, FAILOVER)
    .map(({ share, isPanicking }) => `${Math.round(share * 100)}${isPanicking ? "!" : ""}`)
    .join(" ");
}

describe("levelLoads", () => {
  // The tables of Envoy's documentation ("Priority levels", "Degraded and panic"), factor 1.4.
  it("two levels: the second takes what the first cannot", () => {
    assert.equal(loads(level(100), level(100)), "100 0");
    assert.equal(loads(level(72), level(72)), "100 0");
    assert.equal(loads(level(71), level(71)), "99 1");
    assert.equal(loads(level(50), level(50)), "70 30");
    assert.equal(loads(level(25), level(100)), "35 65");
    assert.equal(loads(level(25), level(75)), "35 65");
    assert.equal(loads(level(0), level(100)), "0 100");
  });

  it("levels that do not suffice together share in proportion to health, and those below the threshold panic", () => {
    assert.equal(loads(level(25), level(25)), "50! 50!");
    assert.equal(loads(level(5), level(65)), "7! 93");
    assert.equal(loads(level(60)), "100");
    assert.equal(loads(level(49)), "100!");
    assert.equal(loads(level(50)), "100");
  });

  it("three levels", () => {
    assert.equal(loads(level(100), level(100), level(100)), "100 0 0");
    assert.equal(loads(level(25), level(100), level(0)), "35 65 0");
    assert.equal(loads(level(25), level(25), level(100)), "35 35 30");
    assert.equal(loads(level(25), level(25), level(20)), "33! 33! 33!");
  });

  it("when nobody is available all share in proportion to size", () => {
    assert.equal(loads(level(0, 30), level(0, 10)), "75! 25!");
  });

  it("a threshold of 0 panics only when nobody is available", () => {
    const failover = { overprovisioningPercent: 140, panicThresholdPercent: 0 };
    assert.deepEqual(levelLoads([level(1)], failover), [{ share: 1, isPanicking: false }]);
    assert.deepEqual(levelLoads([level(0)], failover), [{ share: 1, isPanicking: true }]);
  });

  it("shares make 1, whatever is available; levels without available endpoints have none unless they panic", () => {
    const random = seededRandom(20);
    for (let run = 0; run < 2_000; run++) {
      const levels = Array.from({ length: 1 + Math.floor(random.next() * 4) }, () => {
        const total = 1 + Math.floor(random.next() * 20);
        return { total, available: Math.floor(random.next() * (total + 1)) };
      });
      const found = levelLoads(levels, FAILOVER);
      const sum = found.reduce((all, { share }) => all + share, 0);
      assert.ok(Math.abs(sum - 1) < 1e-9, `${JSON.stringify(levels)}: ${sum}`);
      for (const [i, { share, isPanicking }] of found.entries()) {
        assert.ok(share >= 0);
        if (levels[i].available === 0 && !isPanicking) assert.equal(share, 0, JSON.stringify(levels));
      }
    }
  });
});

const zones = (available: Record<string, number>) =>
  Object.entries(available).map(([zone, count]) => ({ zone, available: count, total: count }));
const percent = (shares: number[]) => shares.map((share) => Math.round(share * 100)).join(" ");

describe("capacityShares", () => {
  it("the own zone takes all where it has its share", () => {
    assert.equal(percent(capacityShares(zones({ a: 3, b: 3, c: 3 }), "a")), "100 0 0");
    assert.equal(percent(capacityShares(zones({ a: 8, b: 1, c: 3 }), "a")), "100 0 0");
  });

  it("a zone that has less sends the rest to those that have more, in proportion to what they have more", () => {
    assert.equal(percent(capacityShares(zones({ a: 1, b: 4, c: 4 }), "a")), "33 33 33");
    assert.equal(percent(capacityShares(zones({ a: 1, b: 2, c: 6 }), "a")), "33 0 67");
    assert.equal(percent(capacityShares(zones({ a: 0, b: 2, c: 6 }), "a")), "0 25 75");
  });

  it("with callers in all zones every endpoint has the same load", () => {
    const random = seededRandom(5);
    for (let run = 0; run < 500; run++) {
      const names = ["a", "b", "c", "d"].slice(0, 2 + Math.floor(random.next() * 3));
      const counts = Object.fromEntries(names.map((name) => [name, 1 + Math.floor(random.next() * 9)]));
      const all = zones(counts);
      const whole = all.reduce((sum, { available }) => sum + available, 0);
      const load = names.map(() => 0);
      for (const name of names)
        for (const [i, share] of capacityShares(all, name).entries()) load[i] += share / names.length;
      for (const [i, { available }] of all.entries())
        assert.ok(Math.abs(load[i] - available / whole) < 1e-9, JSON.stringify(counts));
    }
  });
});

describe("outageShares", () => {
  it("near endpoints take all until more than two in seven are gone", () => {
    assert.equal(percent(outageShares([level(3, 3), level(6, 6)], 140)), "100 0");
    assert.equal(percent(outageShares([level(5, 7), level(6, 6)], 140)), "100 0");
    assert.equal(percent(outageShares([level(1, 2), level(6, 6)], 140)), "70 30");
    assert.equal(percent(outageShares([level(0, 2), level(1, 6)], 140)), "0 100");
  });
});
