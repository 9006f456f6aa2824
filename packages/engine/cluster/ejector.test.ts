import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock } from "@heddle/testkit";
import { TimerWheel } from "../base/index.ts";
import { DEFAULT_CLUSTER_SETTINGS } from "../model/index.ts";
import type { ClusterSettings } from "../model/index.ts";
import { UNCOUNTED } from "./cluster-observer.ts";
import { Ejector } from "./ejector.ts";
import { Endpoint } from "./endpoint.ts";

function setUp(count: number, settings: Partial<ClusterSettings> = {}) {
  const clock = new FakeClock();
  const all = { ...DEFAULT_CLUSTER_SETTINGS, ejectAfterFaults: 3, ejectMs: 1_000, ...settings };
  const home = {
    index: 1,
    epoch: 0,
    limits: { maxHeadBytes: 1, maxFields: 1, maxTargetBytes: 1 },
    settings: all,
    clock,
    wheel: new TimerWheel(clock),
    observer: UNCOUNTED,
    onAvailability() {},
    onRoom() {},
  };
  const endpoints = Array.from(
    { length: count },
    (_, i) => new Endpoint({ address: "10.0.0.1", port: i + 1, weight: 1, zone: "" }, i, home),
  );
  const ejector = new Ejector(all);
  ejector.follow(endpoints);
  const fail = (endpoint: Endpoint, nowMs: number, times: number = 3, isLocal: boolean = true): boolean => {
    let isEjected = false;
    for (let i = 0; i < times; i++) isEjected = ejector.blame(endpoint, nowMs, isLocal) || isEjected;
    return isEjected;
  };
  return { ejector, endpoints, fail };
}

test("an endpoint is left out after so many faults in a row, and a success in between starts the count again", () => {
  const { ejector, endpoints, fail } = setUp(3);
  assert.equal(fail(endpoints[0], 0, 2), false);
  ejector.praise(endpoints[0]);
  assert.equal(fail(endpoints[0], 0, 2), false);
  assert.equal(fail(endpoints[0], 0, 1), true);
  assert.equal(endpoints[0].isAvailable, false);
});

test("when its time is up one request probes it, and success takes it back", () => {
  const { ejector, endpoints, fail } = setUp(3);
  fail(endpoints[0], 0);
  assert.equal(ejector.probeDue(999), null);
  assert.equal(ejector.probeDue(1_000), endpoints[0]);
  assert.equal(ejector.probeDue(1_000), null, "one probe at a time");
  ejector.praise(endpoints[0]);
  assert.equal(endpoints[0].isAvailable, true);
  assert.equal(ejector.probeDue(10_000), null);
});

test("a probe that fails makes the next ejection longer, up to ten times", () => {
  const { ejector, endpoints, fail } = setUp(3);
  fail(endpoints[0], 0);
  let nowMs = 0;
  const pauses: number[] = [];
  for (let i = 0; i < 12; i++) {
    pauses.push(endpoints[0].ejectedUntilMs - nowMs);
    nowMs = endpoints[0].ejectedUntilMs;
    assert.equal(ejector.probeDue(nowMs), endpoints[0]);
    fail(endpoints[0], nowMs, 1);
  }
  assert.deepEqual(pauses.slice(0, 3), [1_000, 2_000, 3_000]);
  assert.deepEqual(pauses.slice(-2), [10_000, 10_000]);
});

test("late answers of requests that began before the ejection change nothing of its length", () => {
  const { endpoints, fail } = setUp(3);
  fail(endpoints[0], 0);
  fail(endpoints[0], 500, 10);
  assert.equal(endpoints[0].ejectedUntilMs, 1_000);
});

test("never more than the allowed share, and never the last one", () => {
  const { endpoints, fail } = setUp(4);
  assert.deepEqual(
    endpoints.map((endpoint) => fail(endpoint, 0)),
    [true, true, false, false],
  );
  const alone = setUp(1);
  assert.equal(alone.fail(alone.endpoints[0], 0, 100), false);
  const two = setUp(2);
  assert.deepEqual(
    two.endpoints.map((endpoint) => two.fail(endpoint, 0)),
    [true, false],
  );
});

test("faults without an answer are counted apart where they have a limit of their own", () => {
  const { endpoints, fail } = setUp(3, { ejectAfterFaults: 5, ejectAfterLocalFaults: 2 });
  assert.equal(fail(endpoints[0], 0, 4, false), false);
  assert.equal(fail(endpoints[0], 0, 1, true), false, "neither row is long enough");
  assert.equal(fail(endpoints[0], 0, 1, true), true);
  const apart = setUp(3, { ejectAfterFaults: 2, ejectAfterLocalFaults: 0 });
  assert.equal(apart.fail(apart.endpoints[0], 0, 100, true), false);
  assert.equal(apart.fail(apart.endpoints[0], 0, 2, false), true);
  assert.equal(apart.ejector.probeDue(1_000), apart.endpoints[0]);
  apart.fail(apart.endpoints[0], 1_000, 1, true);
  assert.equal(apart.endpoints[0].ejectedUntilMs, 3_000, "a probe that fails in any way makes it longer");
});

test("an ejection grows to the longest that the settings allow", () => {
  const { ejector, endpoints, fail } = setUp(3, { maxEjectMs: 1_500 });
  fail(endpoints[0], 0);
  assert.equal(ejector.probeDue(1_000), endpoints[0]);
  fail(endpoints[0], 1_000, 1);
  assert.equal(endpoints[0].ejectedUntilMs, 2_500);
});

test("0 faults means never", () => {
  const { endpoints, fail } = setUp(3, { ejectAfterFaults: 0 });
  assert.equal(fail(endpoints[0], 0, 100), false);
});

test("an ejected endpoint that a change keeps is probed by the new ejector", () => {
  const { endpoints, fail } = setUp(3);
  fail(endpoints[0], 0);
  const next = new Ejector(DEFAULT_CLUSTER_SETTINGS);
  next.follow(endpoints);
  assert.equal(next.probeDue(1_000), endpoints[0]);
});
