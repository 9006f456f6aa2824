import assert from "node:assert/strict";
import { test } from "node:test";
import type { Clock, ClockTimer } from "../base/index.ts";
import { LoopMonitor } from "./loop-monitor.ts";

/** A clock whose timers come late: a thread that was busy. */
class LateClock implements Clock {
  private nowMs = 1_000;
  private waiting: (() => void)[] = [];
  now(): number {
    return this.nowMs;
  }
  wallMs(): number {
    return this.nowMs;
  }
  after(_delayMs: number, run: () => void): ClockTimer {
    this.waiting.push(run);
    return { cancel: () => (this.waiting = this.waiting.filter((other) => other !== run)) };
  }
  get pending(): number {
    return this.waiting.length;
  }
  /** The next tick comes after `ms`. */
  turn(ms: number): void {
    this.nowMs += ms;
    for (const run of this.waiting.splice(0)) run();
  }
}

const SETTINGS = { maxLoopDelayMs: 500, maxHeapShare: 1 };

test("a loop that is on time sheds nothing and reports no delay", () => {
  const clock = new LateClock();
  const reports: number[] = [];
  const monitor = new LoopMonitor(SETTINGS, (ms) => reports.push(ms), clock);
  for (let i = 0; i < 100; i++) clock.turn(20);
  assert.equal(monitor.shed(), null);
  assert.deepEqual(reports, []);
  monitor.close();
  assert.equal(clock.pending, 0);
});

test("one stall is reported and forgiven, a loop that stays late sheds until it has recovered", () => {
  const clock = new LateClock();
  const reports: number[] = [];
  const monitor = new LoopMonitor(SETTINGS, (ms) => reports.push(ms), clock);
  clock.turn(1_520);
  assert.deepEqual(reports, [1_500]);
  assert.equal(monitor.shed(), null);
  for (let i = 0; i < 5; i++) clock.turn(1_020);
  assert.equal(monitor.shed()?.code, "HDL_OVERLOADED");
  for (let i = 0; i < 10; i++) clock.turn(20);
  assert.equal(monitor.shed(), null);
  monitor.close();
});

test("the longest delay is forgotten after 30 s, and stalls that the caller measured count", () => {
  const clock = new LateClock();
  const reports: number[] = [];
  const monitor = new LoopMonitor(SETTINGS, (ms) => reports.push(ms), clock);
  clock.turn(120);
  monitor.note(80);
  monitor.note(150);
  assert.deepEqual(reports, [100, 150]);
  for (let i = 0; i < 1_510; i++) clock.turn(20);
  clock.turn(60);
  assert.equal(reports.at(-1), 40);
  monitor.close();
});

test("a heap that is nearly full sheds", () => {
  const clock = new LateClock();
  const monitor = new LoopMonitor({ ...SETTINGS, maxHeapShare: 0 }, () => {}, clock);
  assert.equal(monitor.shed(), null);
  for (let i = 0; i < 50; i++) clock.turn(20);
  assert.equal(monitor.shed()?.code, "HDL_OVERLOADED");
  monitor.close();
});
