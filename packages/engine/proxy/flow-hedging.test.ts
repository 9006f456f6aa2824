import assert from "node:assert/strict";
import { test } from "node:test";
import { makeFault } from "../base/index.ts";
import type { HedgeSpec } from "../model/index.ts";
import { drive } from "./flow-driver.suite.ts";
import type { Drive, DriveOptions } from "./flow-driver.suite.ts";

const after = (delayMs: number, over: Partial<HedgeSpec> = {}): DriveOptions => ({
  rule: { hedge: { delayMs, percentile: 0, maxAttempts: 2, ...over } },
  endpoints: [1, 2, 3],
});

const reset = makeFault("HDL_UPSTREAM_RESET", "scripted");

/** An exchange whose first attempt has no answer when the delay is over. */
function late(options: DriveOptions = after(100)): Drive {
  const run = drive(options);
  run.clock.advance(120);
  return run;
}

test("another endpoint is asked when there is no answer, and the first answer counts", () => {
  const run = drive(after(100));
  run.clock.advance(99);
  assert.equal(run.attempts.length, 1);
  run.clock.advance(21);
  const [first, second] = run.attempts;
  assert.notEqual(first.endpoint, second.endpoint);
  second.respond(200, "second");
  assert.equal(first.fault?.code, "HDL_DOWNSTREAM_RESET", "the other is given up");
  assert.equal(run.sink.body, "second");
  assert.equal(run.exchange.endpoint, second.endpoint.name);
  assert.equal(run.exchange.attempts, 2);
  run.assertOver();
});

test("the first attempt may still win", () => {
  const run = late();
  const [first, second] = run.attempts;
  first.respond(200, "first");
  assert.ok(second.fault !== null);
  assert.equal(run.sink.body, "first");
  run.assertOver();
});

test("an answer in time costs no second attempt", () => {
  const run = drive(after(100));
  run.attempt.respond(200, "ok");
  run.clock.advance(1_000);
  assert.equal(run.attempts.length, 1);
  run.assertOver();
});

test("an attempt that fails leaves the other one to go on, without a retry", () => {
  const run = late();
  const [first, second] = run.attempts;
  first.fail(reset);
  assert.equal(run.attempts.length, 2);
  assert.deepEqual(run.retries, []);
  second.respond(200, "second");
  assert.equal(run.sink.body, "second");
  run.assertOver();
});

test("a hedge that fails is over, and the first attempt goes on", () => {
  const run = late();
  const [first, second] = run.attempts;
  second.fail(reset);
  first.respond(200, "first");
  assert.equal(run.sink.body, "first");
  run.assertOver();
});

test("when both fail it is tried again as ever", () => {
  const run = late();
  const [first, second] = run.attempts;
  second.fail(reset);
  first.fail(reset);
  assert.equal(run.attempts.length, 3);
  run.attempt.respond(200, "third");
  run.assertOver();
});

test("an answer that the route retries does not count while another attempt runs", () => {
  const retry = { codes: [503], attempts: 1, backoffMs: 0 };
  const run = late({ ...after(100), rule: { ...after(100).rule, retry } });
  const [first, second] = run.attempts;
  first.answerWhole(503);
  assert.equal(run.sink.head, null);
  second.respond(200, "second");
  assert.equal(run.sink.body, "second");
  run.assertOver();
});

test("what may have had an effect is sent once, unless the route says otherwise", () => {
  assert.equal(late({ ...after(100), method: "POST" }).attempts.length, 1);
  const retry = { codes: [], attempts: 1, backoffMs: 0, repeatsEffects: true };
  const rule = { ...after(100).rule, retry };
  assert.equal(late({ ...after(100), method: "POST", rule }).attempts.length, 2);
});

test("a body that is kept goes to both; one over the limit, or not whole yet, to one", () => {
  const put = (bytes: number, isWhole: boolean): Drive => {
    const run = drive({ ...after(100), method: "PUT", body: bytes });
    run.send("x".repeat(bytes));
    if (isWhole) run.sendEnd();
    run.clock.advance(120);
    return run;
  };
  const small = put(1_000, true);
  assert.deepEqual(
    small.attempts.map(({ body, hasEnded }) => [body.length, hasEnded]),
    [
      [1_000, true],
      [1_000, true],
    ],
  );
  small.attempt.respond(200, "ok");
  small.assertOver();
  assert.equal(put(70_000, true).attempts.length, 1);
  assert.equal(put(1_000, false).attempts.length, 1);
});

test("the retry budget holds", () => {
  const settings = { retryBudgetRatio: 0, retryBudgetMinPerSecond: 0 };
  assert.equal(late({ ...after(100), settings }).attempts.length, 1);
});

test("the same endpoint is never asked twice at a time", () => {
  const run = late({ ...after(100, { maxAttempts: 5 }), endpoints: [1] });
  assert.equal(run.attempts.length, 1);
  const three = late({ ...after(100, { maxAttempts: 5 }), endpoints: [1, 2, 3] });
  three.clock.advance(1_000);
  assert.equal(three.attempts.length, 3);
  assert.equal(new Set(three.attempts.map(({ endpoint }) => endpoint)).size, 3);
  three.attempts[1].respond(200, "ok");
  three.assertOver();
});

test("a client that leaves ends all attempts", () => {
  const run = late();
  run.client.onRequestReset(makeFault("HDL_DOWNSTREAM_RESET", "gone"));
  for (const { fault } of run.attempts) assert.ok(fault !== null);
  run.assertOver();
});

test("a time limit of the route ends all attempts", () => {
  const options = after(100);
  const run = late({ ...options, rule: { ...options.rule, requestTimeoutMs: 500 } });
  run.clock.advance(500);
  assert.equal(run.sink.head?.status, 504);
  for (const { fault } of run.attempts) assert.ok(fault !== null);
  run.assertOver();
});

test("an attempt's time limit concerns that attempt", () => {
  const options = after(100);
  const run = late({ ...options, rule: { ...options.rule, backendRequestTimeoutMs: 300 } });
  run.clock.advance(190);
  const [first, second] = run.attempts;
  assert.equal(first.fault?.code, "HDL_UPSTREAM_TIMEOUT");
  assert.equal(second.fault, null);
  second.respond(200, "second");
  assert.equal(run.sink.body, "second");
  run.assertOver();
});

test("the delay follows the latencies of late", () => {
  const options = after(0, { percentile: 90 });
  const first = drive(options);
  first.attempt.respond(200, "ok");
  for (let i = 0; i < 100; i++) {
    const run = drive({ ...options, cluster: first.cluster });
    run.clock.advance(40);
    run.attempt.respond(200, "ok");
    run.assertOver();
  }
  const before = first.cluster.attempts.length;
  const run = drive({ ...options, cluster: first.cluster });
  run.clock.advance(30);
  assert.equal(first.cluster.attempts.length, before + 1);
  run.clock.advance(50);
  assert.equal(first.cluster.attempts.length, before + 2);
  run.attempt.respond(200, "ok");
  run.assertOver();
});
