import assert from "node:assert/strict";
import { test } from "node:test";
import { makeFault } from "../base/index.ts";
import type { FaultCode } from "../base/index.ts";
import type { RetrySpec } from "../model/index.ts";
import { drive } from "./flow-driver.suite.ts";
import type { Drive, DriveOptions } from "./flow-driver.suite.ts";

const fault = (code: FaultCode) => makeFault(code, "scripted");
const retry = (over: Partial<RetrySpec> = {}): RetrySpec => ({
  codes: [503],
  attempts: 2,
  backoffMs: 0,
  ...over,
});

/** Sends the request, if it has a body. */
function begin(options: DriveOptions): Drive {
  const run = drive(options);
  if (options.body !== undefined && options.body !== "none") {
    run.send("ping");
    run.sendEnd();
  }
  return run;
}

test("what was never sent is tried again at another endpoint, with any method", () => {
  for (const method of ["GET", "POST", "PATCH", "DELETE"]) {
    const run = begin({ method, body: 4, opensSlowly: true });
    run.attempt.fail(fault("HDL_UPSTREAM_CONNECT_FAILED"));
    assert.equal(run.attempts.length, 2);
    const [first, second] = run.attempts;
    assert.notEqual(first.endpoint, second.endpoint);
    assert.equal(second.body, "ping");
    assert.ok(second.hasEnded);
    second.isOpen = true;
    second.respond(200, "ok");
    assert.equal(run.sink.head?.status, 200);
    assert.equal(run.exchange.attempts, 2);
    assert.deepEqual(run.retries, ["HDL_UPSTREAM_CONNECT_FAILED"]);
    run.assertOver();
  }
});

test("what may have been sent is tried again with idempotent methods alone", () => {
  for (const [method, isRetried] of [
    ["GET", true],
    ["HEAD", true],
    ["OPTIONS", true],
    ["PUT", true],
    ["DELETE", true],
    ["TRACE", true],
    ["POST", false],
    ["PATCH", false],
    ["FROBNICATE", false],
  ] as const) {
    const run = begin({ method });
    run.attempt.fail(fault("HDL_UPSTREAM_RESET"));
    if (isRetried) {
      assert.equal(run.attempts.length, 2, method);
      run.attempt.answerWhole(200);
    } else {
      assert.equal(run.attempts.length, 1, method);
      assert.equal(run.sink.head?.status, 502);
    }
    run.assertOver();
  }
});

test("what cannot get better is not tried again", () => {
  const run = begin({});
  run.attempt.fail(fault("HDL_UPSTREAM_HEAD_TOO_LARGE"));
  assert.equal(run.attempts.length, 1);
  assert.equal(run.sink.head?.status, 502);
  run.assertOver();
});

test("a GET fails when one endpoint answers in octets that are no HTTP, though another could answer", () => {
  const run = begin({});
  run.attempt.fail(fault("HDL_UPSTREAM_MALFORMED"));
  assert.equal(run.attempts.length, 2);
  run.attempt.respond(200, "ok");
  run.assertOver();
  const post = begin({ method: "POST" });
  post.attempt.fail(fault("HDL_UPSTREAM_MALFORMED"));
  assert.equal(post.sink.head?.status, 502);
  post.assertOver();
});

test("two more attempts by default; the last fault is the answer", () => {
  const run = begin({ endpoints: [1, 2, 3] });
  run.attempts[0].fail(fault("HDL_UPSTREAM_RESET"));
  run.attempts[1].fail(fault("HDL_UPSTREAM_RESET"));
  run.attempts[2].fail(fault("HDL_UPSTREAM_CONNECT_TIMEOUT"));
  assert.equal(run.attempts.length, 3);
  assert.equal(run.sink.head?.status, 504);
  assert.equal(run.exchange.fault?.code, "HDL_UPSTREAM_CONNECT_TIMEOUT");
  run.assertOver();
});

test("a GET does not fail by refused connections while an endpoint is left that was not tried", () => {
  const run = begin({ endpoints: [1, 2, 3, 4, 5] });
  run.attempts[0].fail(fault("HDL_UPSTREAM_RESET"));
  run.attempts[1].fail(fault("HDL_UPSTREAM_RESET"));
  for (const at of [2, 3, 4]) run.attempts[at].fail(fault("HDL_UPSTREAM_CONNECT_FAILED"));
  const refused = run.attempts.slice(2, 5).map(({ endpoint }) => endpoint);
  assert.equal(new Set(refused).size, 3, "none was asked twice");
  assert.ok(!refused.includes(run.attempt.endpoint));
  run.attempt.respond(200, "ok");
  assert.equal(run.sink.head?.status, 200);
  run.assertOver();
});

test("when every endpoint refuses, each is asked once and the retries are used up", () => {
  const run = begin({ endpoints: [1, 2, 3] });
  while (!run.exchange.isEnded) run.attempt.fail(fault("HDL_UPSTREAM_CONNECT_FAILED"));
  assert.equal(new Set(run.attempts.slice(0, 3).map(({ endpoint }) => endpoint)).size, 3);
  assert.equal(run.attempts.length, 5);
  assert.equal(run.sink.head?.status, 503);
  run.assertOver();
});

test("a cluster of endpoints that all refuse does not hold a request for long", () => {
  const run = begin({ endpoints: Array.from({ length: 100 }, (_, at) => at + 1) });
  while (!run.exchange.isEnded) run.attempt.fail(fault("HDL_UPSTREAM_CONNECT_FAILED"));
  assert.equal(run.attempts.length, 11);
  run.assertOver();
});

test("an ejected endpoint is tried before the one that refused this very request", () => {
  const run = begin({ endpoints: [1, 2], settings: { ejectAfterFaults: 1 } });
  const [first] = run.attempts;
  const other = run.cluster.endpoints.find((endpoint) => endpoint !== first.endpoint)!;
  run.cluster.attemptFailed(other, fault("HDL_UPSTREAM_CONNECT_FAILED"));
  assert.equal(other.isAvailable, false);
  first.fail(fault("HDL_UPSTREAM_CONNECT_FAILED"));
  assert.equal(run.attempt.endpoint, other);
  run.attempt.respond(200, "ok");
  run.assertOver();
});

test("after the response has begun nothing is tried again", () => {
  const run = begin({ rule: { retry: retry() } });
  run.attempt.answer(200);
  run.attempt.fail(fault("HDL_UPSTREAM_BODY_CUT_SHORT"));
  assert.equal(run.attempts.length, 1);
  assert.equal(run.sink.fault?.code, "HDL_UPSTREAM_BODY_CUT_SHORT");
  run.assertOver();
});

test("the route's status codes are tried again, whatever the method; the last answer goes out as it is", () => {
  const run = begin({ method: "POST", body: 4, rule: { retry: retry() } });
  run.attempts[0].answerWhole(503);
  run.attempts[1].answer(503);
  run.attempts[2].respond(503, "still");
  assert.equal(run.attempts.length, 3);
  assert.equal(run.attempts[1].fault?.code, "HDL_UPSTREAM_STATUS");
  assert.deepEqual(
    run.attempts.map(({ body }) => body),
    ["ping", "ping", "ping"],
  );
  assert.equal(run.sink.head?.status, 503);
  assert.equal(run.sink.body, "still");
  assert.deepEqual(run.retries, [null, null]);
  run.assertOver();
});

test("other codes, and codes without a retry, go out at once", () => {
  for (const options of [{ rule: { retry: retry() } }, {}]) {
    const run = begin(options);
    run.attempt.answerWhole(options.rule === undefined ? 503 : 500);
    assert.equal(run.attempts.length, 1);
    run.assertOver();
  }
});

test("retry with no attempts tries nothing again", () => {
  const run = begin({ rule: { retry: retry({ attempts: 0 }) } });
  run.attempt.fail(fault("HDL_UPSTREAM_RESET"));
  assert.equal(run.attempts.length, 1);
  run.assertOver();
});

test("the pause before a retry is never below its minimum, doubles, and has jitter above", () => {
  const run = begin({ endpoints: [1, 2, 3], rule: { retry: retry({ backoffMs: 200 }) } });
  run.attempt.answerWhole(503);
  run.clock.advance(199);
  assert.equal(run.attempts.length, 1);
  run.clock.advance(221);
  assert.equal(run.attempts.length, 2);
  run.attempt.answerWhole(503);
  run.clock.advance(399);
  assert.equal(run.attempts.length, 2);
  run.clock.advance(421);
  assert.equal(run.attempts.length, 3);
  run.attempt.answerWhole(200);
  run.assertOver();
});

test("a stale connection is tried again once, at the same endpoint, on a fresh one, outside the budget", () => {
  const noBudget = { retryBudgetRatio: 0, retryBudgetMinPerSecond: 0 };
  const run = begin({ settings: noBudget });
  run.attempt.fail(fault("HDL_UPSTREAM_STALE"));
  assert.deepEqual(run.log, ["→ open 1", "→ open 1 fresh"]);
  run.attempt.respond(200, "ok");
  assert.equal(run.sink.body, "ok");
  run.assertOver();

  const twice = begin({ settings: noBudget });
  twice.attempt.fail(fault("HDL_UPSTREAM_STALE"));
  twice.attempt.fail(fault("HDL_UPSTREAM_STALE"));
  assert.equal(twice.attempts.length, 2);
  assert.equal(twice.sink.head?.status, 502);
  twice.assertOver();
});

test("a stale connection does not repeat a POST that may have been sent", () => {
  const run = begin({ method: "POST", body: 4 });
  run.attempt.fail(fault("HDL_UPSTREAM_STALE"));
  assert.equal(run.attempts.length, 1);
  assert.equal(run.sink.head?.status, 502);
  run.assertOver();
});

test("the budget bounds retries over all exchanges of the cluster", () => {
  const settings = { retryBudgetRatio: 0, retryBudgetMinPerSecond: 1, ejectAfterFaults: 0 };
  const retryOnce = (run: Drive) => {
    run.attempt.fail(fault("HDL_UPSTREAM_RESET"));
    run.attempt.answerWhole(200);
    assert.equal(run.sink.head?.status, 200);
    run.assertOver();
  };
  const first = begin({ settings });
  retryOnce(first);
  // Three seconds' worth of the floor.
  for (let left = 2; left > 0; left--) retryOnce(begin({ cluster: first.cluster }));
  const second = begin({ cluster: first.cluster });
  const before = second.attempts.length;
  second.attempt.fail(fault("HDL_UPSTREAM_RESET"));
  assert.equal(second.attempts.length, before, "the budget is used up");
  assert.equal(second.sink.head?.status, 502);
  second.assertOver();
  first.clock.advance(1_000);
  const third = begin({ cluster: first.cluster });
  third.attempt.fail(fault("HDL_UPSTREAM_RESET"));
  third.attempt.answerWhole(200);
  assert.equal(third.sink.head?.status, 200);
  third.assertOver();
});

test("a body of up to 64 KiB is sent again; a longer one is sent once", () => {
  const body = (length: number) => {
    const run = drive({ method: "PUT", body: length });
    for (let sent = 0; sent < length; sent += 16_384) run.send("x".repeat(Math.min(16_384, length - sent)));
    run.sendEnd();
    run.attempt.fail(fault("HDL_UPSTREAM_RESET"));
    return run;
  };
  const short = body(65_536);
  assert.equal(short.attempts.length, 2);
  assert.equal(short.attempt.body.length, 65_536);
  assert.ok(short.attempt.hasEnded);
  short.attempt.respond(200, "ok");
  short.assertOver();
  const long = body(65_537);
  assert.equal(long.attempts.length, 1);
  assert.equal(long.sink.head?.status, 502);
  long.assertOver();
});

test("a retry within the body sends what came and goes on with the rest", () => {
  const run = drive({ method: "PUT", body: 8 });
  run.send("ping");
  run.attempt.fail(fault("HDL_UPSTREAM_RESET"));
  assert.equal(run.attempt.body, "ping");
  assert.equal(run.attempt.hasEnded, false);
  run.send("pong");
  run.sendEnd();
  assert.equal(run.attempt.body, "pingpong");
  run.attempt.respond(200, "ok");
  run.assertOver();
});

test("a status is not tried again before the request is complete", () => {
  const run = drive({ method: "POST", body: 8, rule: { retry: retry() } });
  run.send("ping");
  run.attempt.answerWhole(503);
  assert.equal(run.attempts.length, 1);
  assert.equal(run.sink.head?.status, 503);
  run.assertOver();
});

test("the body of a repeated attempt is what filters made of it, and they see it once", () => {
  const seen: string[] = [];
  const run = begin({
    method: "PUT",
    body: 4,
    filters: [
      {
        name: "t",
        requestBody: {
          mode: "transform",
          chunk: (_exchange, bytes) => {
            seen.push(Buffer.from(bytes).toString());
            return Buffer.from("PING");
          },
          end: () => null,
        },
      },
    ],
  });
  run.attempt.fail(fault("HDL_UPSTREAM_RESET"));
  assert.deepEqual(seen, ["ping"]);
  assert.equal(run.attempt.body, "PING");
  assert.ok(run.attempt.hasEnded);
  run.attempt.respond(200, "ok");
  run.assertOver();
});

test("an attempt that cannot be opened counts, and is answered once", () => {
  const overflow = fault("HDL_UPSTREAM_OVERFLOW");
  const run = begin({ openFaults: [overflow, null] });
  assert.deepEqual(run.log, ["→ open 1 HDL_UPSTREAM_OVERFLOW", "→ open 2"]);
  run.attempt.respond(200, "ok");
  run.assertOver();
  const never = begin({ openFaults: [overflow, overflow, overflow] });
  assert.equal(never.sink.head?.status, 503);
  assert.equal(never.exchange.attempts, 3);
  never.assertOver();
});

test("an attempt that cannot be opened is not made twice over when the body is complete", async () => {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const run = begin({
    method: "POST",
    body: 4,
    openFaults: [fault("HDL_UPSTREAM_OVERFLOW")],
    rule: { retry: retry({ backoffMs: 100 }) },
    filters: [{ name: "w", requestHead: () => promise, requestBody: { mode: "observe", chunk() {} } }],
  });
  resolve(undefined);
  await promise;
  run.clock.advance(220);
  assert.deepEqual(
    run.log.filter((line) => line.startsWith("→ open")),
    ["→ open 1 HDL_UPSTREAM_OVERFLOW", "→ open 2"],
  );
  assert.equal(run.attempt.body, "ping");
  run.attempt.respond(200, "ok");
  run.assertOver();
});

test("an endpoint that fails is blamed, one that is merely stale or given up is not", () => {
  const blamed = (end: (run: Drive) => void) => {
    const run = begin({ endpoints: [1], rule: { retry: retry({ attempts: 0 }) } });
    end(run);
    return run.cluster.endpoints[0].consecutiveFaults;
  };
  assert.equal(
    blamed((run) => run.attempt.fail(fault("HDL_UPSTREAM_RESET"))),
    1,
  );
  assert.equal(
    blamed((run) => run.attempt.answerWhole(504)),
    1,
  );
  assert.equal(
    blamed((run) => run.attempt.answerWhole(500)),
    0,
  );
  assert.equal(
    blamed((run) => run.client.onRequestReset(fault("HDL_DOWNSTREAM_RESET"))),
    0,
  );
});

test("where the route names faults, others are not tried again, but for the keep-alive race", () => {
  const connecting = retry({ codes: [], faults: ["HDL_UPSTREAM_CONNECT_FAILED"] });
  for (const [code, isRetried] of [
    ["HDL_UPSTREAM_CONNECT_FAILED", true],
    ["HDL_UPSTREAM_RESET", false],
    ["HDL_UPSTREAM_TIMEOUT", false],
    ["HDL_UPSTREAM_STALE", true],
  ] as const) {
    const run = begin({ rule: { retry: connecting } });
    run.attempt.fail(fault(code));
    assert.equal(run.attempts.length, isRetried ? 2 : 1, code);
    if (isRetried) run.attempt.respond(200, "ok");
    run.assertOver();
  }
});

test("a POST that may have had an effect is sent again only where the route says so", () => {
  for (const repeatsEffects of [false, true]) {
    const run = begin({ method: "POST", body: 4, rule: { retry: retry({ repeatsEffects }) } });
    run.attempt.fail(fault("HDL_UPSTREAM_RESET"));
    assert.equal(run.attempts.length, repeatsEffects ? 2 : 1);
    if (repeatsEffects) {
      assert.equal(run.attempt.body, "ping");
      run.attempt.respond(200, "ok");
    }
    run.assertOver();
  }
});

test("a Retry-After is waited for where the route says so; one that asks for too much is the answer", () => {
  const told = (rule: Partial<RetrySpec>, after: string) => {
    const run = begin({ rule: { retry: retry(rule) } });
    run.attempt.answerWhole(503, [["retry-after", after]]);
    return run;
  };
  const waiting = told({ obeysRetryAfter: true }, "2");
  waiting.clock.advance(1_900);
  assert.equal(waiting.attempts.length, 1);
  waiting.clock.advance(150);
  assert.equal(waiting.attempts.length, 2);
  waiting.attempt.answerWhole(200);
  waiting.assertOver();
  const tooLong = told({ obeysRetryAfter: true }, "61");
  assert.equal(tooLong.sink.head?.fields.get("retry-after"), "61");
  tooLong.assertOver();
  const unread = told({}, "61");
  assert.equal(unread.attempts.length, 2);
  unread.attempt.answerWhole(200);
  unread.assertOver();
});

test("as many retries at a time as the cluster allows: the next one is not made, until a response has begun", () => {
  const settings = { maxRetries: 1 };
  const first = begin({ settings });
  first.attempt.fail(fault("HDL_UPSTREAM_RESET"));
  const { cluster } = first;
  assert.equal(cluster.attempts.length, 2);
  const second = begin({ cluster });
  second.attempt.fail(fault("HDL_UPSTREAM_RESET"));
  assert.equal(second.sink.head?.status, 502, "the first one's retry is under way");
  const retried = cluster.attempts[1];
  retried.fail(fault("HDL_UPSTREAM_RESET"));
  assert.equal(cluster.attempts.length, 4, "who retries may go on");
  cluster.attempts[3].answer(200, [["content-length", "5"]]);
  const third = begin({ cluster });
  third.attempt.fail(fault("HDL_UPSTREAM_RESET"));
  assert.equal(cluster.attempts.length, 6, "the first one's response has begun");
  third.client.onRequestReset(fault("HDL_DOWNSTREAM_RESET"));
  const fourth = begin({ cluster });
  fourth.attempt.fail(fault("HDL_UPSTREAM_RESET"));
  assert.equal(cluster.attempts.length, 8, "the third one's client has left");
});

test("a request that is tried again and again comes to an endpoint that it failed at before, while others are left", () => {
  for (const algorithm of ["random", "least-request", "peak-ewma", "round-robin"] as const) {
    for (let i = 0; i < 20; i++) {
      const run = begin({
        endpoints: [1, 2, 3, 4, 5],
        balancing: { algorithm },
        settings: { ejectAfterFaults: 0 },
        rule: { retry: retry({ attempts: 4 }) },
      });
      for (let n = 0; n < 5; n++) run.attempt.respond(503, "");
      const asked = run.attempts.map(({ endpoint }) => endpoint.port);
      assert.deepEqual(asked.toSorted(), [1, 2, 3, 4, 5], algorithm);
      run.assertOver();
    }
  }
});
