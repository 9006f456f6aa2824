import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock } from "@heddle/testkit";
import { seededRandom } from "./random.ts";
import { CallbackTimer, TICK_MS, TimerWheel } from "./timer-wheel.ts";

function setUp() {
  const clock = new FakeClock();
  const wheel = new TimerWheel(clock);
  const fired: [string, number][] = [];
  const timer = (name: string): CallbackTimer => new CallbackTimer(() => fired.push([name, clock.now()]));
  return { clock, wheel, fired, timer };
}

test("a timer fires once, not early, and at most a tick late", () => {
  const { clock, wheel, fired, timer } = setUp();
  wheel.schedule(timer("a"), 105);
  clock.advance(104);
  assert.deepEqual(fired, []);
  clock.advance(TICK_MS);
  assert.deepEqual(fired, [["a", 120]]);
  clock.advance(100_000);
  assert.equal(fired.length, 1);
  assert.equal(wheel.size, 0);
  assert.equal(clock.pendingTimers, 0);
});

test("timers beyond one turn of the wheel fire at their time", () => {
  const { clock, wheel, fired, timer } = setUp();
  for (const ms of [10_220, 10_240, 30_000, 300_000, 3_600_000]) wheel.schedule(timer(`${ms}`), ms);
  clock.advance(4_000_000);
  assert.deepEqual(
    fired.map(([name, at]) => [name, at - Number(name)]),
    fired.map(([name]) => [name, 0]),
  );
  assert.equal(fired.length, 5);
});

test("a timer that is moved later fires at the later time only, one moved earlier at the earlier", () => {
  const { clock, wheel, fired, timer } = setUp();
  const later = timer("later");
  const earlier = timer("earlier");
  wheel.schedule(later, 100);
  wheel.schedule(earlier, 5_000);
  wheel.schedule(later, 1_000);
  wheel.schedule(earlier, 200);
  clock.advance(20_000);
  assert.deepEqual(fired, [
    ["earlier", 200],
    ["later", 1_000],
  ]);
});

test("a cancelled timer does not fire, and the wheel sleeps when it is empty", () => {
  const { clock, wheel, fired, timer } = setUp();
  const one = timer("one");
  wheel.schedule(one, 100);
  wheel.cancel(one);
  wheel.cancel(one);
  clock.advance(1_000);
  assert.deepEqual(fired, []);
  assert.equal(clock.pendingTimers, 0);
  wheel.schedule(one, 2_000);
  clock.advance(1_000);
  assert.deepEqual(fired, [["one", 2_000]]);
});

test("a wheel that slept for long takes a timer of the near future", () => {
  const { clock, wheel, fired, timer } = setUp();
  clock.advance(1_000_000);
  wheel.schedule(timer("a"), 1_000_050);
  clock.advance(60);
  assert.deepEqual(fired, [["a", 1_000_060]]);
});

test("a deadline that is past fires with the next tick", () => {
  const { clock, wheel, fired, timer } = setUp();
  clock.advance(500);
  wheel.schedule(timer("a"), 100);
  clock.advance(TICK_MS);
  assert.equal(fired.length, 1);
});

test("a timer may schedule itself, schedule others and cancel others as it fires", () => {
  const { clock, wheel, fired, timer } = setUp();
  const victim = timer("victim");
  let runs = 0;
  const again = new CallbackTimer((nowMs) => {
    runs++;
    wheel.cancel(victim);
    if (runs < 4) wheel.schedule(again, nowMs + 100);
    else wheel.schedule(timer("last"), nowMs + TICK_MS);
  });
  wheel.schedule(again, 100);
  wheel.schedule(victim, 100);
  clock.advance(2_000);
  assert.equal(runs, 4);
  assert.deepEqual(fired, [["last", 420]]);
});

test("close forgets every timer", () => {
  const { clock, wheel, fired, timer } = setUp();
  for (let i = 1; i < 50; i++) wheel.schedule(timer(`${i}`), i * 500);
  wheel.close();
  clock.advance(100_000);
  assert.deepEqual(fired, []);
  assert.equal(wheel.size, 0);
  assert.equal(clock.pendingTimers, 0);
});

test("a random history of schedules, moves and cancels fires each timer within a tick of its last deadline", () => {
  const random = seededRandom(20_260_101);
  const clock = new FakeClock();
  const wheel = new TimerWheel(clock);
  const due = new Map<CallbackTimer, number>();
  let checked = 0;
  const timers = Array.from({ length: 200 }, () => {
    const timer: CallbackTimer = new CallbackTimer((nowMs) => {
      const deadline = due.get(timer);
      assert.ok(deadline !== undefined, "fired without being scheduled");
      assert.ok(nowMs >= deadline && nowMs <= deadline + 2 * TICK_MS, `due ${deadline}, fired ${nowMs}`);
      due.delete(timer);
      checked++;
    });
    return timer;
  });
  for (let step = 0; step < 5_000; step++) {
    const timer = timers[Math.floor(random.next() * timers.length)];
    if (random.next() < 0.2) {
      wheel.cancel(timer);
      due.delete(timer);
    } else {
      const deadline = clock.now() + random.next() ** 3 * 30_000;
      wheel.schedule(timer, deadline);
      due.set(timer, deadline);
    }
    if (random.next() < 0.5) clock.advance(random.next() * 200);
  }
  clock.advance(60_000);
  assert.equal(due.size, 0);
  assert.ok(checked > 500);
});
