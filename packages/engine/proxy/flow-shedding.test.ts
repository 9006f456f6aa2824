import assert from "node:assert/strict";
import { test } from "node:test";
import { Drive } from "./flow-driver.suite.ts";
import type { DriveOptions } from "./flow-driver.suite.ts";
import type { HeldRequest, Shedder } from "./shedder.ts";

/** Takes nobody below a priority. */
class Door implements Shedder {
  isOn = true;
  asked: number[] = [];
  held: HeldRequest[] = [];
  private readonly lowest: number;

  constructor(lowest: number) {
    this.lowest = lowest;
  }

  admits(priority: number): boolean {
    this.asked.push(priority);
    return priority <= this.lowest;
  }

  hold(request: HeldRequest): void {
    this.held.push(request);
  }
}

function through(door: Door, options: DriveOptions = {}) {
  return new Drive({ shedder: door, ...options }, []);
}

test("one request too many waits, is refused with 503 and Retry-After, and reaches no endpoint", () => {
  const door = new Door(1);
  const run = through(door);
  assert.equal(run.attempts.length, 0);
  assert.deepEqual(run.log, []);
  door.held[0].turnAway();
  assert.equal(run.sink.head?.status, 503);
  assert.equal(run.sink.head?.fields.get("retry-after"), "1");
  assert.equal(run.exchange.fault?.code, "HDL_OVERLOADED");
  run.assertOver();
});

test("a client that leaves while it waits is answered no more", () => {
  const door = new Door(1);
  const run = through(door);
  run.client.onRequestReset({
    code: "HDL_DOWNSTREAM_RESET",
    source: "downstream",
    retry: "no",
    message: "",
    cause: null,
  });
  door.held[0].turnAway();
  assert.equal(run.sink.head, null);
  run.assertOver();
});

test("a gRPC call is UNAVAILABLE, and told to wait", () => {
  const door = new Door(1);
  const run = through(door, { method: "POST", headers: [["content-type", "application/grpc"]] });
  door.held[0].turnAway();
  const { head } = run.sink;
  assert.equal(head?.status, 200);
  assert.equal(head?.fields.get("grpc-status"), "14");
  assert.equal(head?.fields.get("grpc-retry-pushback-ms"), "1000");
  run.assertOver();
});

test("the priority is the rule's, or what a trusted source says", () => {
  const overload = { priorityHeader: "x-priority", trustedSources: ["10.0.0.0/8"] };
  const asked = (address: string, value: string, priority: number): [number, string | undefined] => {
    const door = new Door(3);
    const run = through(door, {
      overload,
      peerAddress: address,
      rule: { priority },
      headers: [["x-priority", value]],
    });
    const passed = run.attempt.head.fields.get("x-priority");
    run.attempt.respond(200, "ok");
    run.assertOver();
    return [door.asked[0], passed];
  };
  assert.deepEqual(asked("10.1.2.3", "CRITICAL", 3), [0, "CRITICAL"]);
  assert.deepEqual(asked("10.1.2.3", "low", 0), [3, "low"]);
  assert.deepEqual(asked("10.1.2.3", "urgent", 1), [1, "urgent"]);
  // Who is not trusted cannot choose, here or behind.
  assert.deepEqual(asked("192.0.2.7", "critical", 3), [3, undefined]);
});

test("nobody is asked while load is not shed, nor for what no route takes", () => {
  const door = new Door(-1);
  assert.equal(through(door, { hasRoute: false }).sink.head?.status, 404);
  door.isOn = false;
  const run = through(door);
  run.attempt.respond(200, "ok");
  run.assertOver();
  assert.deepEqual(door.asked, []);
});
