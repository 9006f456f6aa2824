import assert from "node:assert/strict";
import { test } from "node:test";
import { DEFAULT_LISTENER_SETTINGS } from "../model/index.ts";
import type { ListenerSettings } from "../model/index.ts";
import { ExchangePace } from "./exchange-pace.ts";

const settings: ListenerSettings = {
  ...DEFAULT_LISTENER_SETTINGS,
  requestTimeoutMs: 60_000,
  streamIdleMs: 20_000,
  minBodyBytesPerSecond: 100,
  bodyRateGraceMs: 5_000,
};

/** An exchange that began at `1000`. */
function begin(): ExchangePace {
  const pace = new ExchangePace(0);
  pace.begin(1_000);
  return pace;
}

const codeAt = (pace: ExchangePace, nowMs: number, isRequestDone: boolean = false) =>
  pace.check(nowMs, isRequestDone, settings)?.code;

test("a body has its grace, and then a least pace", () => {
  const pace = begin();
  pace.bodyBytes = 499;
  assert.equal(codeAt(pace, 5_999), undefined);
  assert.equal(codeAt(pace, 6_000), "HDL_REQUEST_BODY_TOO_SLOW");
  pace.bodyBytes = 500;
  assert.equal(codeAt(pace, 6_000), undefined);
  assert.equal(codeAt(pace, 6_000, true), undefined);
});

test("the time for which we hold the client back ourselves is not its own", () => {
  const pace = begin();
  pace.pause(2_000);
  assert.equal(codeAt(pace, 12_000), undefined);
  pace.resume(12_000);
  assert.equal(codeAt(pace, 15_999), undefined);
  assert.equal(codeAt(pace, 16_000), "HDL_REQUEST_BODY_TOO_SLOW");
});

test("silence ends it, and a body that goes on is none", () => {
  const pace = begin();
  assert.equal(codeAt(pace, 20_999, true), undefined);
  pace.bodyBytes = 10_000;
  assert.equal(codeAt(pace, 21_000), undefined);
  assert.equal(codeAt(pace, 40_999), undefined);
  assert.equal(codeAt(pace, 41_000), "HDL_DOWNSTREAM_IDLE_TIMEOUT");
});

test("the whole request has a time limit, which octets do not move", () => {
  const pace = begin();
  pace.bodyBytes = 1_000_000;
  pace.touch(60_000);
  assert.equal(codeAt(pace, 60_999), undefined);
  assert.equal(codeAt(pace, 61_000, true), undefined);
  assert.equal(codeAt(pace, 61_000), "HDL_REQUEST_TIMEOUT");
});

test("the next exchange of the connection starts anew", () => {
  const pace = begin();
  pace.bodyBytes = 600;
  pace.begin(100_000);
  assert.equal(pace.bodyBytes, 0);
  assert.equal(codeAt(pace, 104_999), undefined);
  assert.equal(codeAt(pace, 105_000), "HDL_REQUEST_BODY_TOO_SLOW");
});

test("a body is looked at every second, a response when it would be idle", () => {
  const pace = begin();
  assert.equal(pace.nextLookMs(3_000, false, settings), 4_000);
  assert.equal(pace.nextLookMs(60_500, false, settings), 61_000);
  assert.equal(pace.nextLookMs(3_000, true, settings), 21_000);
});
