import assert from "node:assert";
import { test } from "node:test";
import { avoidedAfterMs, mostAsked, type PacketCounts } from "./packet-watch.ts";

/**
 * A reading each 50 ms. `rate` says how many packets came to the first of two origins in those that end at a time, of
 * 20 that came to both.
 */
function readings(untilMs: number, rate: (atMs: number) => number): PacketCounts[] {
  const found = [{ atMs: 0, packets: [0, 0] }];
  for (let atMs = 50; atMs <= untilMs; atMs += 50) {
    const [first = 0, second = 0] = found.at(-1)!.packets;
    found.push({ atMs, packets: [first + rate(atMs), second + 20 - rate(atMs)] });
  }
  return found;
}

test("an origin is avoided from when it gets less than a quarter of a fair share", () => {
  const samples = readings(4_000, (atMs) => (atMs <= 1_600 ? 10 : 1));
  assert.equal(avoidedAfterMs(samples, 0, 1_000, 4_000), 550);
  assert.equal(avoidedAfterMs(samples, 1, 1_000, 4_000), Infinity);
});

test("a pause of less than half a second is none", () => {
  const samples = readings(4_000, (atMs) => (atMs > 1_200 && atMs <= 1_500 ? 0 : 10));
  assert.equal(avoidedAfterMs(samples, 0, 1_000, 4_000), Infinity);
});

test("an origin that is left alone at once was avoided at once", () => {
  const samples = readings(4_000, (atMs) => (atMs <= 1_000 ? 10 : 0));
  assert.equal(avoidedAfterMs(samples, 0, 1_000, 4_000), 0);
});

test("what an origin got itself before it went bad does not count", () => {
  const less = readings(4_000, (atMs) => (atMs <= 1_000 ? 3 : 1));
  assert.equal(avoidedAfterMs(less, 0, 1_000, 4_000), 0);
  const more = readings(4_000, (atMs) => (atMs <= 1_000 ? 18 : 4));
  assert.equal(avoidedAfterMs(more, 0, 1_000, 4_000), Infinity);
});

test("the origin that got most of late", () => {
  assert.equal(mostAsked(readings(1_000, (atMs) => (atMs <= 500 ? 20 : 5))), 1);
  assert.equal(mostAsked(readings(1_000, (atMs) => (atMs <= 500 ? 0 : 15))), 0);
});
