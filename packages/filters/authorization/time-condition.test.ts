import assert from "node:assert/strict";
import { test } from "node:test";
import type { TimeWindow } from "./config.ts";
import { TimeCondition } from "./time-condition.ts";

const always: TimeWindow = {
  days: [],
  fromMinute: 0,
  toMinute: 1_440,
  timeZone: "UTC",
  sinceMs: null,
  untilMs: null,
};

const isWithin = (window: Partial<TimeWindow>, time: string): boolean =>
  new TimeCondition([{ ...always, ...window }]).isWithin(Date.parse(time));

test("hours of days, from the first minute until before the last", () => {
  // The 28th of November 2026 is a Saturday.
  const office = { days: [1, 2, 3, 4, 5], fromMinute: 8 * 60, toMinute: 18 * 60 };
  assert.equal(isWithin(office, "2026-11-27T08:00:00Z"), true);
  assert.equal(isWithin(office, "2026-11-27T17:59:59Z"), true);
  assert.equal(isWithin(office, "2026-11-27T18:00:00Z"), false);
  assert.equal(isWithin(office, "2026-11-27T07:59:59Z"), false);
  assert.equal(isWithin(office, "2026-11-28T12:00:00Z"), false);
  assert.equal(isWithin({}, "2026-11-28T23:59:59Z"), true);
});

test("a window over midnight belongs to the day on which it begins", () => {
  const night = { days: [5], fromMinute: 22 * 60, toMinute: 6 * 60 };
  assert.equal(isWithin(night, "2026-11-27T23:00:00Z"), true);
  assert.equal(isWithin(night, "2026-11-28T05:59:00Z"), true);
  assert.equal(isWithin(night, "2026-11-27T05:00:00Z"), false);
  assert.equal(isWithin(night, "2026-11-28T23:00:00Z"), false);
});

test("dates", () => {
  const week = { sinceMs: Date.parse("2026-12-01T00:00:00Z"), untilMs: Date.parse("2026-12-08T00:00:00Z") };
  assert.equal(isWithin(week, "2026-11-30T23:59:59Z"), false);
  assert.equal(isWithin(week, "2026-12-01T00:00:00Z"), true);
  assert.equal(isWithin(week, "2026-12-08T00:00:00Z"), false);
});

test("the clocks of other zones, over their summer time", () => {
  const morning = { fromMinute: 8 * 60, toMinute: 9 * 60, timeZone: "Europe/Berlin" };
  assert.equal(isWithin(morning, "2026-01-15T07:30:00Z"), true);
  assert.equal(isWithin(morning, "2026-07-15T07:30:00Z"), false);
  assert.equal(isWithin(morning, "2026-07-15T06:30:00Z"), true);
  const monday = { days: [1], timeZone: "Pacific/Auckland" };
  assert.equal(isWithin(monday, "2026-11-29T12:00:00Z"), true);
});

test("what the clock shows is asked for anew each minute", () => {
  const condition = new TimeCondition([
    { ...always, fromMinute: 60, toMinute: 61, timeZone: "Europe/London" },
  ]);
  const at = Date.parse("2026-01-15T00:59:59.999Z");
  assert.deepEqual(
    [at, at + 1, at + 60_000, at + 60_001].map((ms) => condition.isWithin(ms)),
    [false, true, true, false],
  );
});
