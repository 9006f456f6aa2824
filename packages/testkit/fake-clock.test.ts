import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock } from "./fake-clock.ts";

test("timers run in order of their time, each at its own time", () => {
  const clock = new FakeClock();
  const ran: [string, number][] = [];
  clock.after(30, () => ran.push(["late", clock.now()]));
  clock.after(10, () => ran.push(["early", clock.now()]));
  clock.after(10, () => ran.push(["early too", clock.now()]));
  clock.advance(30);
  assert.deepEqual(ran, [
    ["early", 10],
    ["early too", 10],
    ["late", 30],
  ]);
});

test("a timer set by a timer runs in the same step when it falls due within it", () => {
  const clock = new FakeClock();
  const ran: number[] = [];
  const again = () => {
    ran.push(clock.now());
    clock.after(10, again);
  };
  clock.after(10, again);
  clock.advance(35);
  assert.deepEqual(ran, [10, 20, 30]);
  assert.equal(clock.pendingTimers, 1);
});

test("a cancelled timer does not run and is not pending", () => {
  const clock = new FakeClock();
  const timer = clock.after(5, () => assert.fail("ran"));
  timer.cancel();
  timer.cancel();
  clock.advance(10);
  assert.equal(clock.pendingTimers, 0);
});

test("the date moves with the clock", () => {
  const clock = new FakeClock(1000);
  clock.advance(250);
  assert.equal(clock.wallMs(), 1250);
});

test("the date can be set, and time goes on as it did", () => {
  const clock = new FakeClock(1000);
  clock.advance(100);
  clock.setWall(50);
  clock.advance(10);
  assert.deepEqual([clock.now(), clock.wallMs()], [110, 60]);
});
