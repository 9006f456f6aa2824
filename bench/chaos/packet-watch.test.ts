import assert from "node:assert";
import { test } from "node:test";
import { avoidedAfterMs, type PacketCount } from "./packet-watch.ts";

/** A reading each 50 ms; `rate` says how many packets came in those that end at a time, where a fair share is 10. */
function readings(untilMs: number, rate: (atMs: number) => number): PacketCount[] {
  const found = [{ atMs: 0, packets: 0, fair: 0 }];
  for (let atMs = 50; atMs <= untilMs; atMs += 50) {
    const { packets, fair } = found.at(-1)!;
    found.push({ atMs, packets: packets + rate(atMs), fair: fair + 10 });
  }
  return found;
}

test("an origin is avoided from when it gets less than a quarter of a fair share", () => {
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

test("an origin that was liked less before it went bad is still avoided once it gets its health checks alone", () => {
  const samples = readings(4_000, (atMs) => (atMs <= 1_000 ? 3 : 1));
  assert.equal(avoidedAfterMs(samples, 1_000, 4_000), 0);
});

test("of an origin that was hardly asked before it went bad nothing can be said", () => {
  assert.equal(
    avoidedAfterMs(
      readings(4_000, () => 2),
      1_000,
      4_000,
    ),
    undefined,
  );
});

test("a larger part of a fair share is not avoided, however much it got before", () => {
  const samples = readings(4_000, (atMs) => (atMs <= 1_000 ? 30 : 4));
  assert.equal(avoidedAfterMs(samples, 1_000, 4_000), Infinity);
});
