import assert from "node:assert";
import { test } from "node:test";
import { avoidedAfterMs } from "./packet-watch.ts";

/** A reading each 50 ms; `rate` says how many packets came in those that end at a time. */
function readings(untilMs: number, rate: (atMs: number) => number): { atMs: number; packets: number }[] {
  const found = [{ atMs: 0, packets: 0 }];
  for (let atMs = 50; atMs <= untilMs; atMs += 50) {
    found.push({ atMs, packets: found.at(-1)!.packets + rate(atMs) });
  }
  return found;
}

test("an origin is avoided from when it gets less than a quarter of what it got", () => {
  const samples = readings(4_000, (atMs) => (atMs <= 1_600 ? 10 : 1));
  assert.equal(avoidedAfterMs(samples, 1_000, 4_000), 550);
});

test("a pause of less than half a second is none", () => {
  const samples = readings(4_000, (atMs) => (atMs > 1_200 && atMs <= 1_500 ? 0 : 10));
  assert.equal(avoidedAfterMs(samples, 1_000, 4_000), Infinity);
});

test("an origin that is left alone at once was avoided at once", () => {
  const samples = readings(4_000, (atMs) => (atMs <= 1_000 ? 10 : 0));
  assert.equal(avoidedAfterMs(samples, 1_000, 4_000), 0);
});
