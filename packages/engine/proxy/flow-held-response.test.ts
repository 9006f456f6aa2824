import assert from "node:assert/strict";
import { test } from "node:test";
import { makeFault } from "../base/index.ts";
import type { RetrySpec } from "../model/index.ts";
import { drive, tracing } from "./flow-driver.suite.ts";
import type { DriveOptions } from "./flow-driver.suite.ts";

const cutShort = makeFault("HDL_UPSTREAM_BODY_CUT_SHORT", "closed within a response");

function begin(over: Partial<RetrySpec> = {}, options: DriveOptions = {}) {
  const retry = { codes: [], attempts: 2, backoffMs: 0, holdBytes: 10, ...over };
  return drive({ ...options, rule: { ...options.rule, retry } });
}

test("a GET fails when its endpoint dies within the body, though another could answer", () => {
  const run = begin();
  run.attempt.answer(200, [["content-length", "8"]]);
  run.attempt.send("half");
  assert.ok(run.sink.head === null, "nothing is passed on yet");
  run.attempt.fail(cutShort);
  assert.equal(run.attempts.length, 2);
  assert.notEqual(run.attempts[0].endpoint, run.attempts[1].endpoint);
  run.attempt.respond(200, "complete", [["content-length", "8"]]);
  assert.equal(run.sink.body, "complete");
  assert.deepEqual(run.retries, ["HDL_UPSTREAM_RESET"]);
  run.assertOver();
});

test("a response that is held goes out once, whole, when its last octet is there", () => {
  const run = begin();
  run.attempt.answer(200, [["content-length", "8"]]);
  run.attempt.send("comp");
  run.attempt.send("lete");
  assert.equal(run.sink.head, null);
  run.attempt.end();
  assert.equal(run.sink.body, "complete");
  run.assertOver();
});

test("the last attempt is passed on as it comes, and breaks off visibly", () => {
  const run = begin({ attempts: 1 });
  run.attempt.answer(200, [["content-length", "8"]]);
  run.attempt.fail(cutShort);
  run.attempt.answer(200, [["content-length", "8"]]);
  run.attempt.send("half");
  assert.equal(run.sink.body, "half");
  run.attempt.fail(cutShort);
  assert.equal(run.sink.fault?.code, "HDL_UPSTREAM_BODY_CUT_SHORT");
  run.assertOver();
});

test("filters see one response: the one that is passed on", () => {
  const log: string[] = [];
  const run = begin({}, { filters: [tracing("f", log)] });
  run.attempt.answer(200, [["content-length", "8"]]);
  run.attempt.send("half");
  run.attempt.fail(cutShort);
  run.attempt.respond(200, "complete", [["content-length", "8"]]);
  assert.deepEqual(
    log.filter((line) => line.startsWith("f.response")),
    ["f.responseHead", "f.responseBody complete", "f.responseBody.end"],
  );
  run.assertOver();
});

for (const [what, over, options, length] of [
  ["is longer than is held", {}, {}, "11"],
  ["has no known length", {}, {}, ""],
  ["is of a POST", {}, { method: "POST" }, "8"],
  ["is on a route that holds none", { holdBytes: 0 }, {}, "8"],
] as const) {
  test(`a response that ${what} is passed on as it comes`, () => {
    const run = begin(over, options);
    run.attempt.answer(200, length === "" ? [] : [["content-length", length]]);
    run.attempt.send("half");
    assert.equal(run.sink.body, "half");
    run.attempt.fail(cutShort);
    assert.equal(run.attempts.length, 1);
    run.assertOver();
  });
}
