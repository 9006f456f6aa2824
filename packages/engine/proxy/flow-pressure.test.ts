import assert from "node:assert/strict";
import { test } from "node:test";
import { makeFault } from "../base/index.ts";
import type { Filter } from "../filter/index.ts";
import { drive } from "./flow-driver.suite.ts";

test("a full endpoint pauses the client, once, and its drain resumes it, once", () => {
  const run = drive({ method: "POST", body: "chunked" });
  run.attempt.isFull = true;
  run.send("a");
  run.send("b");
  run.attempt.drain();
  run.attempt.drain();
  run.send("c");
  run.sendEnd();
  run.attempt.respond(200, "ok");
  assert.deepEqual(
    run.log.filter((line) => /pause|resume/.test(line)),
    ["← pause", "← resume"],
  );
  assert.equal(run.attempt.body, "abc");
  run.assertOver();
});

test("a full client pauses the endpoint, and its drain resumes it", () => {
  const run = drive();
  run.attempt.answer(200);
  run.sink.isFull = true;
  run.attempt.send("a");
  assert.ok(run.attempt.isPaused);
  run.sink.isFull = false;
  run.client.onResponseDrain();
  run.client.onResponseDrain();
  run.attempt.send("b");
  run.attempt.end();
  assert.deepEqual(run.log, ["→ open 1", "← 200", "← body a", "→ pause", "→ resume", "← body b", "← end"]);
  run.assertOver();
});

test("a client that never drains keeps the endpoint paused", () => {
  const run = drive();
  run.attempt.answer(200);
  run.sink.isFull = true;
  run.attempt.send("a");
  assert.equal(run.attempt.isPaused, true);
  run.client.onRequestReset(makeFault("HDL_DOWNSTREAM_RESET", "gone"));
  assert.equal(run.attempt.fault?.code, "HDL_DOWNSTREAM_RESET");
  run.assertOver();
});

test("both directions pause by themselves", () => {
  const run = drive({ method: "POST", body: "chunked" });
  run.attempt.isFull = true;
  run.send("a");
  run.attempt.answer(200);
  run.sink.isFull = true;
  run.attempt.send("A");
  assert.deepEqual([run.sink.isPaused, run.attempt.isPaused], [true, true]);
  run.attempt.drain();
  assert.deepEqual([run.sink.isPaused, run.attempt.isPaused], [false, true]);
  run.sink.isFull = false;
  run.client.onResponseDrain();
  assert.equal(run.attempt.isPaused, false);
  run.sendEnd();
  run.attempt.end();
  run.assertOver();
});

test("a client is paused while a retry waits, so nothing piles up", () => {
  const run = drive({
    method: "PUT",
    body: "chunked",
    rule: { retry: { codes: [], attempts: 2, backoffMs: 1_000 } },
  });
  run.send("a");
  run.attempt.fail(makeFault("HDL_UPSTREAM_RESET", "reset"));
  assert.ok(run.sink.isPaused);
  run.send("b");
  run.clock.advance(1_020);
  assert.equal(run.attempts.length, 2);
  assert.equal(run.sink.isPaused, false);
  run.send("c");
  run.sendEnd();
  assert.equal(run.attempt.body, "abc");
  run.attempt.respond(200, "ok");
  run.assertOver();
});

const longReply = (body: string): Filter => ({
  name: "r",
  requestHead: () => ({ status: 200, headers: [], body }),
});

test("a long reply goes out as the client takes it, and its request waits meanwhile", () => {
  const body = "0123456789".repeat(20_000);
  const run = drive({ method: "POST", body: "chunked", filters: [longReply(body)], isSinkFull: true });
  assert.equal(run.sink.body, body.slice(0, 65_536));
  assert.ok(run.sink.isPaused);
  run.client.onResponseDrain();
  assert.equal(run.sink.body.length, 2 * 65_536);
  run.sink.isFull = false;
  run.client.onResponseDrain();
  assert.equal(run.sink.body, body);
  assert.equal(run.exchange.responseBytes, body.length);
  run.assertOver();
});

test("a client that leaves amid a long reply gets no more of it", () => {
  const run = drive({ filters: [longReply("x".repeat(200_000))], isSinkFull: true });
  run.client.onRequestReset(makeFault("HDL_DOWNSTREAM_RESET", "gone"));
  run.client.onResponseDrain();
  assert.equal(run.sink.body.length, 65_536);
  run.assertOver();
});

test("a long reply passes a body filter, and waits for it", () => {
  const body = "x".repeat(200_000);
  const seen: number[] = [];
  const observer: Filter = {
    name: "o",
    responseBody: { mode: "observe", chunk: (_, bytes) => void seen.push(bytes.length) },
  };
  const run = drive({ filters: [observer, longReply(body)], isSinkFull: true });
  assert.deepEqual(seen, [65_536]);
  run.sink.isFull = false;
  run.client.onResponseDrain();
  assert.deepEqual(seen, [65_536, 65_536, 65_536, 3_392]);
  assert.equal(run.sink.body, body);
  run.assertOver();
});
