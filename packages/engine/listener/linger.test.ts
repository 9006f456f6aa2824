import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock } from "@heddle/testkit";
import { TimerWheel } from "../base/index.ts";
import type { Connection } from "../net/index.ts";
import { Linger } from "./linger.ts";

class Closing {
  pendingBytes: number;
  readonly calls: string[] = [];

  constructor(pendingBytes: number) {
    this.pendingBytes = pendingBytes;
  }

  isClosed = false;

  end(): void {
    this.calls.push("end");
  }

  close(): void {
    this.calls.push("close behind it");
    this.isClosed = this.pendingBytes === 0;
  }

  destroy(isReset: boolean = false): void {
    this.calls.push(isReset ? "reset" : "close");
  }
}

function open(pendingBytes: number, stallMs: number, isDone = false) {
  const clock = new FakeClock();
  const wheel = new TimerWheel(clock);
  const connection = new Closing(pendingBytes);
  const linger = new Linger(connection as unknown as Connection, wheel, clock.now(), stallMs, isDone);
  return { clock, connection, linger };
}

test("a client that has all of it has a moment to close", () => {
  const { clock, connection } = open(0, 20_000);
  clock.advance(1_900);
  assert.deepEqual(connection.calls, ["end"]);
  clock.advance(200);
  assert.deepEqual(connection.calls, ["end", "close"]);
  assert.equal(clock.pendingTimers, 0);
});

test("a slow reader gets what waits for it as long as it reads, and a stalled one is reset", () => {
  const { clock, connection } = open(100, 5_000);
  for (let at = 0; at < 10; at++) {
    clock.advance(2_000);
    connection.pendingBytes--;
  }
  clock.advance(4_000);
  assert.deepEqual(connection.calls, ["end"]);
  clock.advance(8_000);
  assert.deepEqual(connection.calls, ["end", "reset"]);
});

test("of a client that sends no more nothing is waited for, but that it reads what waits for it", () => {
  const done = open(0, 20_000, true);
  assert.deepEqual(done.connection.calls, ["close behind it"]);
  assert.equal(done.clock.pendingTimers, 0);
  const slow = open(100, 5_000, true);
  slow.clock.advance(9_000);
  assert.deepEqual(slow.connection.calls, ["close behind it", "reset"]);
});

test("a client that ends as well is done once it has all of it", () => {
  const { connection, linger } = open(1, 5_000);
  linger.onEnd();
  assert.deepEqual(connection.calls, ["end"]);
  connection.pendingBytes = 0;
  linger.onEnd();
  assert.deepEqual(connection.calls, ["end", "close"]);
});

test("a client that sends on without end is cut off", () => {
  const { connection, linger } = open(0, 5_000);
  for (let at = 0; at < 1_024; at++) linger.onBytes(65_536);
  assert.deepEqual(connection.calls, ["end"]);
  linger.onBytes(1);
  assert.deepEqual(connection.calls, ["end", "close"]);
});

test("of a connection that is closed nothing is left", () => {
  const { clock, connection, linger } = open(0, 5_000);
  linger.stop();
  clock.advance(60_000);
  assert.deepEqual(connection.calls, ["end"]);
});
