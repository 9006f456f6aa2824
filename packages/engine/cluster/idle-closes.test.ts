import assert from "node:assert/strict";
import { test } from "node:test";
import { TimerWheel } from "../base/index.ts";
import { DEFAULT_CLUSTER_SETTINGS } from "../model/index.ts";
import { FakeClock } from "@heddle/testkit";
import { Http1Upstream } from "./http1-upstream.ts";
import { IdleCloses } from "./idle-closes.ts";
import { Pool } from "./pool.ts";

test("an endpoint that closes connections after five seconds without use is trusted for half of that", () => {
  const closes = new IdleCloses();
  for (const nowMs of [0, 10_000, 20_000]) {
    assert.equal(closes.mayBeClosing(4_999, nowMs), false, "not known yet");
    closes.closed(5_000, nowMs);
  }
  assert.deepEqual(
    [2_499, 2_500].map((idleMs) => closes.mayBeClosing(idleMs, 20_000)),
    [false, true],
  );
  assert.equal(closes.mayBeClosing(4_999, 80_001), false, "forgotten after a minute");
});

test("a restart that closes all connections at once makes no habit, and spoils none", () => {
  const closes = new IdleCloses();
  for (let nowMs = 0; nowMs < 100; nowMs++) closes.closed(1, nowMs);
  assert.equal(closes.mayBeClosing(50_000, 100), false);
  closes.closed(5_000, 10_000);
  closes.closed(5_000, 20_000);
  assert.equal(closes.mayBeClosing(2_499, 20_000), false);
  assert.equal(closes.mayBeClosing(2_500, 20_000), true);
});

test("where connections are closed right behind answers none is trusted", () => {
  const closes = new IdleCloses();
  for (const nowMs of [0, 300, 600]) closes.closed(3, nowMs);
  assert.equal(closes.mayBeClosing(0, 600), true);
});

test("a POST goes over a kept connection that the endpoint is just closing, and fails with 502", () => {
  const clock = new FakeClock();
  const home = {
    index: 0,
    epoch: 0,
    limits: { maxHeadBytes: 8_192, maxFields: 64 } as never,
    settings: DEFAULT_CLUSTER_SETTINGS,
    clock,
    wheel: new TimerWheel(clock),
    observer: { upstreamReused() {} } as never,
    onRoom() {},
  };
  const place = { onConnectionGone() {}, onOpening() {}, hasRefused: false, isRemoved: false } as never;
  const pool = new Pool(place, null, home);
  const keep = () => {
    const upstream = new Http1Upstream(pool, 0);
    upstream.connection = { destroy: () => upstream.onClosed(null) } as never;
    upstream.onOpen();
    pool.onReleased(upstream);
    return upstream;
  };
  for (let i = 0; i < 3; i++) {
    const upstream = keep();
    clock.advance(5_000);
    upstream.onEnd();
  }
  const cold = keep();
  const warm = keep();
  clock.advance(2_000);
  assert.equal(pool.takeIdle("POST"), warm);
  pool.onReleased(warm);
  clock.advance(2_500);
  assert.equal(pool.takeIdle("POST"), null, "it is to have a new one");
  assert.equal(cold.isIdle, false, "which takes the place of the coldest");
  assert.equal(pool.takeIdle("GET"), warm);
});
