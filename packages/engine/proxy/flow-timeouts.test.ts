import assert from "node:assert/strict";
import { test } from "node:test";
import { drive } from "./flow-driver.suite.ts";

const retry = { codes: [], attempts: 2, backoffMs: 0 };

test("the route's time is up before the response: 504, and the attempt is given up", () => {
  const run = drive({ rule: { requestTimeoutMs: 1_000 } });
  run.clock.advance(999);
  run.assertOpen();
  run.clock.advance(21);
  assert.equal(run.sink.head?.status, 504);
  assert.equal(run.exchange.fault?.code, "HDL_ROUTE_TIMEOUT");
  assert.equal(run.attempt.fault?.code, "HDL_ROUTE_TIMEOUT");
  run.assertOver();
});

test("the route's time is up within the response: a visible break", () => {
  const run = drive({ rule: { requestTimeoutMs: 1_000 } });
  run.attempt.answer(200);
  run.attempt.send("half");
  run.clock.advance(1_020);
  assert.equal(run.log.at(-1), "← reset HDL_ROUTE_TIMEOUT");
  run.assertOver();
});

test("the route's time counts retries and the body of the request too", () => {
  const run = drive({
    method: "PUT",
    body: 8,
    rule: { requestTimeoutMs: 1_000, retry, backendRequestTimeoutMs: 400 },
  });
  run.send("ping");
  run.clock.advance(420);
  assert.equal(run.attempts.length, 2);
  run.clock.advance(420);
  assert.equal(run.attempts.length, 3);
  run.clock.advance(180);
  assert.equal(run.sink.head?.status, 504);
  assert.equal(run.exchange.fault?.code, "HDL_ROUTE_TIMEOUT");
  run.assertOver();
});

test("one attempt's time is up: 504 where the route asks for no retry", () => {
  const run = drive({ rule: { backendRequestTimeoutMs: 500 } });
  run.clock.advance(520);
  assert.equal(run.attempts.length, 1);
  assert.equal(run.sink.head?.status, 504);
  run.assertOver();
});

test("one attempt's time is up: another endpoint where the route retries and that is safe, else 504", () => {
  const rule = { backendRequestTimeoutMs: 500, retry };
  const run = drive({ rule });
  run.clock.advance(520);
  assert.equal(run.attempts[0].fault?.code, "HDL_UPSTREAM_TIMEOUT");
  assert.equal(run.attempts.length, 2);
  run.attempt.respond(200, "ok");
  assert.equal(run.sink.body, "ok");
  run.assertOver();

  const post = drive({ method: "POST", rule });
  post.clock.advance(520);
  assert.equal(post.attempts.length, 1);
  assert.equal(post.sink.head?.status, 504);
  assert.equal(post.exchange.fault?.code, "HDL_UPSTREAM_TIMEOUT");
  post.assertOver();
});

test("each attempt has the whole of its time", () => {
  const run = drive({ rule: { backendRequestTimeoutMs: 500, retry } });
  run.clock.advance(520);
  run.clock.advance(480);
  run.assertOpen();
  run.attempt.respond(200, "ok");
  run.assertOver();
});

test("one attempt's time is up within its response: a visible break", () => {
  const run = drive({ rule: { backendRequestTimeoutMs: 500 } });
  run.attempt.answer(200);
  run.attempt.send("half");
  run.clock.advance(520);
  assert.equal(run.log.at(-1), "← reset HDL_UPSTREAM_TIMEOUT");
  assert.equal(run.attempts.length, 1);
  run.assertOver();
});

test("a response in time leaves no timer behind", () => {
  const run = drive({ rule: { requestTimeoutMs: 1_000, backendRequestTimeoutMs: 500 } });
  run.attempt.respond(200, "ok");
  run.assertOver();
  assert.equal(run.clock.pendingTimers <= 1, true, "the wheel's own timer at most");
  run.clock.advance(2_000);
  run.assertOver();
});

test("an upgraded connection has no time limit of the route", () => {
  const run = drive({ rule: { requestTimeoutMs: 1_000, backendRequestTimeoutMs: 500 } });
  run.attempt.answer(101);
  run.clock.advance(10_000);
  run.assertOpen();
  run.send("to");
  run.attempt.send("fro");
  assert.equal(run.attempt.body, "to");
  assert.equal(run.sink.body, "fro");
  run.sendEnd();
  run.attempt.end();
  assert.equal(run.log.at(-1), "← end");
  run.assertOver();
});

test("a tunnel whose one half has ended goes on, and is cut after a while", () => {
  const clientEnds = drive();
  clientEnds.attempt.answer(101);
  clientEnds.sendEnd();
  clientEnds.attempt.send("last words");
  assert.equal(clientEnds.sink.body, "last words");
  const endpointEnds = drive();
  endpointEnds.attempt.answer(101);
  endpointEnds.attempt.endHalf();
  endpointEnds.send("last words");
  assert.equal(endpointEnds.attempt.body, "last words");
  for (const run of [clientEnds, endpointEnds]) {
    run.clock.advance(29_000);
    run.assertOpen();
    run.clock.advance(2_000);
    assert.equal(run.attempt.fault?.code, "HDL_DOWNSTREAM_IDLE_TIMEOUT");
    run.assertOver();
  }
});
