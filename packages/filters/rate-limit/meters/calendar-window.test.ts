import assert from "node:assert/strict";
import { test } from "node:test";
import { calendarWindow, type CalendarUnit } from "./calendar-window.ts";

const at = (text: string): number => Date.parse(text);

test("ends of months, leap years and years are the calendar's, whatever the time zone has", () => {
  const table: readonly (readonly [CalendarUnit, string, string])[] = [
    ["month", "2026-01-31T23:59:59.999Z", "2026-02-01T00:00:00Z"],
    ["month", "2026-02-01T00:00:00Z", "2026-03-01T00:00:00Z"],
    ["month", "2028-02-29T12:00:00Z", "2028-03-01T00:00:00Z"],
    ["month", "2100-02-28T23:59:59.999Z", "2100-03-01T00:00:00Z"],
    ["month", "2026-12-31T23:59:59.999Z", "2027-01-01T00:00:00Z"],
    // The nights on which clocks are changed in Europe and America: days of UTC have 24 hours.
    ["day", "2026-03-29T00:30:00Z", "2026-03-30T00:00:00Z"],
    ["day", "2026-10-25T01:30:00Z", "2026-10-26T00:00:00Z"],
    ["day", "2026-11-01T06:30:00Z", "2026-11-02T00:00:00Z"],
    ["hour", "2026-10-25T01:00:00Z", "2026-10-25T02:00:00Z"],
    ["hour", "2028-02-29T23:59:59.999Z", "2028-03-01T00:00:00Z"],
    ["minute", "2026-12-31T23:59:59.999Z", "2027-01-01T00:00:00Z"],
  ];
  for (const [unit, now, end] of table) assert.equal(calendarWindow(unit, at(now)).endMs, at(end), now);
});

test("windows follow each other without a gap for eight years, each with a number of its own", () => {
  for (const unit of ["day", "month"] as const) {
    const seen = new Set<number>();
    let now = at("2026-01-01T00:00:00Z");
    for (let last = -1; now < at("2034-01-01T00:00:00Z");) {
      const { index, endMs } = calendarWindow(unit, now);
      assert.ok(last < 0 || index === last + 1);
      assert.equal(calendarWindow(unit, endMs - 1).index, index);
      assert.ok(!seen.has(index));
      seen.add(index);
      [last, now] = [index, endMs];
    }
    assert.equal(seen.size, unit === "month" ? 96 : 2_922);
  }
});

test("a clock that is set back, or far on, finds the window that it says", () => {
  const now = at("2026-03-01T00:00:00Z");
  const march = calendarWindow("month", now).index;
  assert.equal(calendarWindow("month", now - 1).index, march - 1);
  assert.equal(calendarWindow("month", now).index, march);
  assert.equal(calendarWindow("month", at("2036-03-15T00:00:00Z")).index, march + 120);
  assert.equal(calendarWindow("month", at("1970-01-01T00:00:00Z")).index, march - 56 * 12 - 2);
  assert.equal(calendarWindow("month", now).index, march);
});
