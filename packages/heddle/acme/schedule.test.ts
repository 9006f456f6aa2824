import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "@heddle/engine/base";
import { chooseInWindow, chooseRenewal, chooseRetryDelay, earliestRenewal } from "./schedule.ts";

const HOUR_MS = 3600_000;
const DAY_MS = 24 * HOUR_MS;
const at = (value: number) => ({ next: () => value });

test("a certificate is renewed with a third of its life left, up to a fiftieth of it earlier", () => {
  const life = { notBeforeMs: 0, notAfterMs: 90 * DAY_MS };
  assert.equal(chooseRenewal(life, null, at(0)), 60 * DAY_MS);
  assert.equal(chooseRenewal(life, null, at(1)), 58.2 * DAY_MS);
  assert.equal(chooseRenewal(life, 10 * DAY_MS, at(0)), 80 * DAY_MS);
});

test("a renewBefore longer than the certificate's life does not renew at once", () => {
  assert.equal(chooseRenewal({ notBeforeMs: 0, notAfterMs: DAY_MS }, 30 * DAY_MS, at(0)), DAY_MS / 10);
});

test("certificates of one hour come back on different times", () => {
  const random = seededRandom(3);
  const life = { notBeforeMs: 0, notAfterMs: 90 * DAY_MS };
  const times = Array.from({ length: 50 }, () => chooseRenewal(life, null, random));
  assert.ok(Math.max(...times) - Math.min(...times) > DAY_MS);
});

test("pauses double from two minutes to six hours, more or less by a tenth", () => {
  const pauses = [1, 2, 3, 4, 8, 9, 1_000].map(
    (failures) => chooseRetryDelay(failures, null, at(0.5)) / 60_000,
  );
  assert.deepEqual(pauses, [2, 4, 8, 16, 256, 360, 360]);
  assert.equal(chooseRetryDelay(1, null, at(0)), 108_000);
  assert.equal(Math.round(chooseRetryDelay(1, null, at(1))), 132_000);
});

test("fewer than six tries come in any hour", () => {
  const tries = [0];
  for (let failures = 1; failures < 20; failures++) {
    tries.push(tries.at(-1)! + chooseRetryDelay(failures, null, at(0)));
  }
  for (const first of tries)
    assert.ok(tries.filter((one) => one >= first && one < first + HOUR_MS).length < 7);
});

test("a Retry-After is waited for, up to a week", () => {
  assert.equal(chooseRetryDelay(1, 5_000, at(0.5)), 120_000);
  assert.equal(chooseRetryDelay(1, 10 * HOUR_MS, at(0.5)), 10 * HOUR_MS);
  assert.equal(chooseRetryDelay(1, 1_000 * DAY_MS, at(0.5)), 7 * DAY_MS);
});

test("RFC 9773 section 4.2: a time within the window, whose ends are times too", () => {
  const window = { startMs: 100, endMs: 200 };
  assert.equal(chooseInWindow(window, at(0)), 100);
  assert.equal(chooseInWindow(window, at(0.5)), 150);
  assert.equal(earliestRenewal(0, 90 * DAY_MS), HOUR_MS);
  assert.equal(earliestRenewal(0, HOUR_MS), HOUR_MS / 10);
});
