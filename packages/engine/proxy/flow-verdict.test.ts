import assert from "node:assert/strict";
import { test } from "node:test";
import { makeFault } from "../base/index.ts";
import { drive } from "./flow-driver.suite.ts";
import type { Drive } from "./flow-driver.suite.ts";

const settings = { ejectAfterFaults: 3 };

function next(before: Drive | null): Drive {
  return drive(before === null ? { settings } : { cluster: before.cluster });
}

test("an endpoint that breaks off within each body is never left out, as each of its heads is a success", () => {
  let run: Drive | null = null;
  for (let i = 0; i < 12; i++) {
    run = next(run);
    run.attempt.answer(200);
    if (run.attempt.endpoint.port === 1) {
      run.attempt.send("half");
      run.attempt.fail(makeFault("HDL_UPSTREAM_BODY_CUT_SHORT", "closed within a response"));
    } else {
      run.attempt.end();
    }
    run.assertOver();
  }
  const [bad] = run!.cluster.endpoints;
  assert.ok(bad.isEjected);
  const asked = run!.attempts.filter(({ endpoint }) => endpoint === bad);
  assert.equal(asked.length, settings.ejectAfterFaults);
});

test("a response that became whole ends a row of faults", () => {
  let run: Drive | null = null;
  for (let i = 0; i < 36; i++) {
    run = next(run);
    run.attempt.answer(200);
    if (i % 3 === 0) run.attempt.fail(makeFault("HDL_UPSTREAM_BODY_CUT_SHORT", "closed within a response"));
    else run.attempt.end();
    run.assertOver();
  }
  // Of six faults at each endpoint no two follow on each other.
  assert.ok(run!.cluster.endpoints.every(({ isEjected }) => !isEjected));
});

test("an endpoint whose every answer is a 503 with a body is never left out", () => {
  let run: Drive | null = null;
  for (let i = 0; i < 12; i++) {
    run = next(run);
    run.attempt.answer(run.attempt.endpoint.port === 1 ? 503 : 200);
    run.attempt.send("body");
    run.attempt.end();
    run.assertOver();
  }
  const [bad, good] = run!.cluster.endpoints;
  assert.ok(bad.isEjected);
  assert.ok(!good.isEjected);
  const asked = run!.attempts.filter(({ endpoint }) => endpoint === bad);
  assert.equal(asked.length, settings.ejectAfterFaults);
});

test("the head of a stream is verdict enough of an endpoint that is probed", () => {
  const first = next(null);
  const [endpoint] = first.cluster.endpoints;
  first.attempt.answerWhole(200);
  for (let i = 0; i < 3; i++) first.cluster.attemptFailed(endpoint, makeFault("HDL_UPSTREAM_RESET", "reset"));
  assert.ok(endpoint.isEjected);
  first.clock.advance(60_000);
  const probe = drive({ cluster: first.cluster });
  assert.equal(probe.attempt.endpoint, endpoint);
  probe.attempt.answer(200);
  assert.ok(!endpoint.isEjected);
  probe.attempt.end();
  probe.assertOver();
});
