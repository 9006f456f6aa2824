import assert from "node:assert/strict";
import { test } from "node:test";
import { drive } from "./flow-driver.suite.ts";

const retry = { codes: [503], attempts: 2, backoffMs: 0 };
const NONE = { requestTimeoutMs: 0, backendRequestTimeoutMs: 0, retry: null };

test("the time of the chosen backend is in place of that of the rule, and runs since the request", () => {
  for (const ruleMs of [0, 10_000]) {
    const run = drive({ rule: { requestTimeoutMs: ruleMs }, limits: { ...NONE, requestTimeoutMs: 1_000 } });
    run.clock.advance(980);
    run.assertOpen();
    run.clock.advance(40);
    assert.equal(run.sink.head?.status, 504);
    assert.equal(run.exchange.fault?.message, "no whole response within 1000 ms");
    run.assertOver();
  }
});

test("a backend without a limit takes that of the rule away", () => {
  const run = drive({ rule: { requestTimeoutMs: 1_000, backendRequestTimeoutMs: 500 }, limits: NONE });
  run.clock.advance(60_000);
  run.assertOpen();
  run.attempt.respond(200, "late");
  assert.equal(run.sink.body, "late");
  run.assertOver();
});

test("one attempt's time, and what is tried again, are the backend's", () => {
  const run = drive({ limits: { ...NONE, backendRequestTimeoutMs: 500, retry } });
  run.clock.advance(520);
  assert.equal(run.attempts[0].fault?.code, "HDL_UPSTREAM_TIMEOUT");
  run.attempt.respond(503, "busy");
  assert.equal(run.attempts.length, 3);
  run.attempt.respond(200, "ok");
  assert.equal(run.sink.body, "ok");
  run.assertOver();
});

test("retries of the rule are none of a backend that says otherwise", () => {
  const run = drive({ rule: { retry }, limits: NONE });
  run.attempt.respond(503, "busy");
  assert.equal(run.attempts.length, 1);
  assert.equal(run.sink.head?.status, 503);
  run.assertOver();
});

test("a body is kept for another attempt where the backend asks for it", () => {
  const run = drive({ method: "POST", body: 4, limits: { ...NONE, retry } });
  run.send("ping");
  run.sendEnd();
  run.attempt.respond(503, "busy");
  assert.equal(run.attempts.length, 2);
  run.attempt.respond(200, "ok");
  assert.equal(run.sink.body, "ok");
  run.assertOver();
});
