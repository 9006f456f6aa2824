import assert from "node:assert/strict";
import { test } from "node:test";
import type { Clock, ClockTimer } from "../base/index.ts";
import { LoopMonitor } from "./loop-monitor.ts";
import type { LoopDelays } from "./loop-monitor.ts";
import type { LoopReadings } from "./loop-monitor.ts";

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

const ROOMY = { heapUsed: 1, heapLimit: 100, resident: 0, residentLimit: Infinity };

function setUp(readings: Partial<LoopReadings> = {}) {
  const clock = new LateClock();
  const reports: number[] = [];
  const probes: number[] = [];
  const delays: number[] = [];
  const shares: number[] = [];
  const observer = {
    probe: ({ waitMs, ownMs, lateMs }: LoopDelays) => (
      delays.push(Math.max(waitMs, ownMs)),
      void probes.push(lateMs)
    ),
    setMemoryShare: (share: number) => void shares.push(share),
  };
  const monitor = new LoopMonitor(observer, (ms) => reports.push(ms), clock, {
    memory: () => ROOMY,
    waitMs: () => 0,
    cpuMs: () => clock.now(),
    ...readings,
  });
  return { clock, monitor, reports, probes, delays, shares };
}

test("a loop that is on time has no delay, and a closed monitor no timer", () => {
  const { clock, monitor, reports, probes } = setUp();
  for (let i = 0; i < 100; i++) clock.turn(20);
  assert.deepEqual(reports, []);
  assert.deepEqual(new Set(probes), new Set([0]));
  monitor.close();
  assert.equal(clock.pending, 0);
});

test("each probe tells how late it came, and a stall is reported", () => {
  const { clock, monitor, reports, probes } = setUp();
  clock.turn(1_520);
  clock.turn(25);
  assert.deepEqual(reports, [1_500]);
  assert.deepEqual(probes, [1_500, 5]);
  monitor.close();
});

test("each probe tells how long those have waited whose turn it is, which counts as a delay", () => {
  let waitMs = 0;
  const { clock, monitor, reports, probes, delays } = setUp({ waitMs: () => waitMs });
  clock.turn(20);
  waitMs = 300;
  clock.turn(25);
  assert.deepEqual(probes, [0, 5]);
  assert.deepEqual(delays, [0, 300]);
  assert.deepEqual(reports, [300]);
  monitor.close();
});

test("lateness is a delay as far as the thread itself was running, and a stall whoever ran", () => {
  let cpuMs = 5;
  const { clock, monitor, reports, probes, delays } = setUp({ cpuMs: () => cpuMs });
  cpuMs += 30;
  clock.turn(120);
  cpuMs += 500;
  clock.turn(420);
  assert.deepEqual(delays, [30, 400]);
  assert.deepEqual(probes, [100, 400]);
  assert.deepEqual(reports, [100, 400]);
  monitor.close();
});

test("the longest delay is forgotten after 30 s, and stalls that the caller measured count", () => {
  const { clock, monitor, reports } = setUp();
  clock.turn(120);
  monitor.note(80);
  monitor.note(150);
  assert.deepEqual(reports, [100, 150]);
  for (let i = 0; i < 1_510; i++) clock.turn(20);
  clock.turn(60);
  assert.equal(reports.at(-1), 40);
  monitor.close();
});

test("memory is looked at once a second", () => {
  let heapUsed = 10;
  const { clock, monitor, shares } = setUp({ memory: () => ({ ...ROOMY, heapUsed }) });
  for (let i = 0; i < 50; i++) clock.turn(20);
  heapUsed = 99;
  for (let i = 0; i < 50; i++) clock.turn(20);
  assert.deepEqual(shares, [1, 0]);
  monitor.close();
});
