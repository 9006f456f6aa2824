import assert from "node:assert/strict";
import { test } from "node:test";
import { makeFault } from "../base/index.ts";
import type { Filter, Reply } from "../filter/index.ts";
import { Fields } from "../message/index.ts";
import { deferred, drive, settle } from "./flow-driver.suite.ts";
import type { Drive, DriveOptions } from "./flow-driver.suite.ts";

const gone = makeFault("HDL_DOWNSTREAM_RESET", "client closed the connection");

test("a filter waits on the request head: body bytes are held meanwhile and go first afterwards", async () => {
  const wait = deferred<undefined>();
  const run = drive({
    method: "POST",
    body: "chunked",
    filters: [{ name: "w", requestHead: () => wait.promise }],
  });
  run.send("a", "b");
  assert.ok(run.sink.isPaused);
  assert.equal(run.attempts.length, 0);
  wait.resolve(undefined);
  await settle();
  assert.equal(run.sink.isPaused, false);
  run.send("c");
  run.sendEnd();
  assert.equal(run.attempt.body, "abc");
  assert.ok(run.attempt.hasEnded);
  run.attempt.respond(200, "ok");
  run.assertOver();
});

test("a filter waits while the whole request comes, trailers included", async () => {
  const wait = deferred<undefined>();
  const log: string[] = [];
  const run = drive(
    {
      method: "POST",
      body: "chunked",
      filters: [
        { name: "w", requestHead: () => wait.promise },
        {
          name: "t",
          requestHead: () => void log.push("t.requestHead"),
          requestTrailers: () => void log.push("t.requestTrailers"),
        },
      ],
    },
    log,
  );
  run.send("all");
  run.sendEnd(Fields.of([["x-sum", "1"]]));
  wait.resolve(undefined);
  await settle();
  run.attempt.respond(200, "ok");
  assert.deepEqual(log, [
    "← pause",
    "t.requestHead",
    "→ open 1",
    "→ body all",
    "t.requestTrailers",
    "→ end",
    "← resume",
    "← 200",
    "← body ok",
    "← end",
  ]);
  assert.equal(run.attempt.trailers?.get("x-sum"), "1");
  run.assertOver();
});

const peeking = (maxBytes: number, log: string[], then?: Promise<unknown>): Filter => ({
  name: "p",
  async requestHead(exchange) {
    const start = await exchange.bodySource!.peek(maxBytes);
    log.push(start === null ? "gone" : `${Buffer.from(start.bytes).toString()} ${start.isWhole}`);
    await then;
  },
});

test("a filter sees the beginning of the body before the head goes on; the body goes on whole", async () => {
  const seen: string[] = [];
  const run = drive({ method: "POST", body: "chunked", filters: [peeking(3, seen)] });
  run.send("ab");
  assert.equal(run.sink.isPaused, false);
  run.send("cd");
  assert.equal(run.attempts.length, 0);
  await settle();
  assert.deepEqual(seen, ["abc false"]);
  run.send("e");
  run.sendEnd();
  assert.equal(run.attempt.body, "abcde");
  run.attempt.respond(200, "ok");
  run.assertOver();
});

test("a body that is as long as was asked for is whole, and one that came while the filter waits is held", async () => {
  const seen: string[] = [];
  const wait = deferred<undefined>();
  const run = drive({ method: "POST", body: "chunked", filters: [peeking(3, seen, wait.promise)] });
  run.send("abc");
  run.sendEnd();
  await settle();
  assert.deepEqual(seen, ["abc true"]);
  wait.resolve(undefined);
  await settle();
  assert.equal(run.attempt.body, "abc");
  run.attempt.respond(200, "ok");
  run.assertOver();
});

test("more than was asked for pauses the client while the filter waits", async () => {
  const wait = deferred<undefined>();
  const run = drive({ method: "POST", body: "chunked", filters: [peeking(1, [], wait.promise)] });
  run.send("abc");
  assert.ok(run.sink.isPaused);
  wait.resolve(undefined);
  await settle();
  assert.equal(run.sink.isPaused, false);
  run.sendEnd();
  run.attempt.respond(200, "ok");
  run.assertOver();
});

test("a client that goes away ends the wait for its body", async () => {
  const seen: string[] = [];
  const run = drive({ method: "POST", body: "chunked", filters: [peeking(3, seen)] });
  run.client.onRequestReset(gone);
  await settle();
  assert.deepEqual(seen, ["gone"]);
  run.assertOver();
});

test("a filter that waited may reply", async () => {
  const wait = deferred<Reply>();
  const run = drive({ filters: [{ name: "w", requestHead: () => wait.promise }] });
  wait.resolve({ status: 401, headers: [], body: "who?" });
  await settle();
  assert.equal(run.sink.body, "who?");
  assert.equal(run.attempts.length, 0);
  run.assertOver();
});

test("a filter waits on the response head: bytes of the same read stay behind it", async () => {
  const wait = deferred<undefined>();
  const log: string[] = [];
  const run = drive(
    {
      filters: [
        { name: "b", responseHead: () => void log.push("b.responseHead") },
        { name: "a", responseHead: () => wait.promise },
      ],
    },
    log,
  );
  run.attempt.answer(200);
  run.attempt.send("x", "y");
  assert.ok(run.attempt.isPaused);
  assert.equal(run.sink.head, null);
  wait.resolve(undefined);
  await settle();
  assert.equal(run.attempt.isPaused, false);
  run.attempt.send("z");
  run.attempt.end();
  assert.deepEqual(log, [
    "→ open 1",
    "→ pause",
    "b.responseHead",
    "← 200",
    "← body x",
    "← body y",
    "→ resume",
    "← body z",
    "← end",
  ]);
  run.assertOver();
});

test("two filters wait on the response head, one after the other", async () => {
  const waits = [deferred<undefined>(), deferred<undefined>()];
  const run = drive({
    filters: [
      { name: "b", responseHead: () => waits[1].promise },
      { name: "a", responseHead: () => waits[0].promise },
    ],
  });
  run.attempt.respond(200, "whole");
  waits[0].resolve(undefined);
  await settle();
  assert.equal(run.sink.head, null);
  waits[1].resolve(undefined);
  await settle();
  assert.equal(run.sink.body, "whole");
  run.assertOver();
});

test("a client that is full after a wait is not sent more until it drains", async () => {
  const wait = deferred<undefined>();
  const run = drive({ filters: [{ name: "a", responseHead: () => wait.promise }] });
  run.attempt.answer(200);
  run.attempt.send("x");
  run.sink.isFull = true;
  wait.resolve(undefined);
  await settle();
  assert.ok(run.attempt.isPaused);
  run.sink.isFull = false;
  run.client.onResponseDrain();
  assert.equal(run.attempt.isPaused, false);
  run.attempt.end();
  run.assertOver();
});

test("a filter that waited on the response head may reply instead", async () => {
  const wait = deferred<Reply>();
  const run = drive({ filters: [{ name: "a", responseHead: () => wait.promise }] });
  run.attempt.answer(200);
  run.attempt.send("secret");
  wait.resolve({ status: 451, headers: [], body: "withheld" });
  await settle();
  assert.equal(run.sink.body, "withheld");
  run.assertOver();
});

test("a response that is complete while a filter waits is not touched again: its connection is another's", async () => {
  for (const answer of [
    (run: Drive) => run.attempt.respond(200, "whole"),
    (run: Drive) => run.attempt.answerWhole(204),
  ]) {
    for (const goOn of ["pass", "reply", "reset"] as const) {
      const wait = deferred<Reply | undefined>();
      const run = drive({ filters: [{ name: "a", responseHead: () => wait.promise }] });
      answer(run);
      if (goOn === "reset") run.client.onRequestReset(gone);
      wait.resolve(goOn === "reply" ? { status: 503, headers: [], body: "" } : undefined);
      await settle();
      run.assertOver();
    }
  }
});

test("a buffered response that is complete while its filter waits is not touched again", async () => {
  const wait = deferred<undefined>();
  const run = drive({
    filters: [{ name: "a", responseBody: { mode: "buffer", maxBytes: 99, whole: () => wait.promise } }],
  });
  run.attempt.respond(200, "whole");
  run.client.onRequestReset(gone);
  wait.resolve(undefined);
  await settle();
  run.assertOver();
});

test("the rest of a request is dropped, not kept, while a filter waits on an early response", async () => {
  const wait = deferred<undefined>();
  const run = drive({
    method: "PUT",
    body: "chunked",
    filters: [{ name: "a", responseHead: () => wait.promise }],
  });
  run.send("begin");
  run.attempt.respond(200, "early");
  run.send("more");
  wait.resolve(undefined);
  await settle();
  assert.equal(run.sink.body, "early");
  run.assertOver();
});

/** Each place where an exchange can wait, and how to get there. `late` is what the wait brings after the abort. */
interface AwaitPoint {
  readonly name: string;
  readonly options: DriveOptions;
  readonly reach: (run: Drive) => void;
  readonly late: (run: Drive) => void;
  /** The abort signals that the filter asked for. */
  readonly signals: AbortSignal[];
}

function awaitPoints(): AwaitPoint[] {
  const inFilter = (
    name: string,
    place: "filters" | "backendFilters",
    filter: (wait: () => Promise<undefined>) => Partial<Filter>,
    reach: (run: Drive) => void,
    late: "resolve" | "reject",
  ): AwaitPoint => {
    const wait = deferred<undefined>();
    const signals: AbortSignal[] = [];
    const made = { name: "w", ...filter(() => wait.promise) };
    const asking: Filter = { ...made };
    for (const phase of ["requestHead", "responseHead"] as const) {
      const run = made[phase];
      if (run === undefined) continue;
      asking[phase] = (exchange) => {
        signals.push(exchange.abortSignal());
        return wait.promise;
      };
    }
    return {
      name: `${name} (${late})`,
      options: { method: "POST", body: "chunked", [place]: [asking] },
      reach,
      late: () => (late === "resolve" ? wait.resolve(undefined) : wait.reject(new Error("late"))),
      signals,
    };
  };
  const sent = (run: Drive) => {
    run.send("ping");
    run.sendEnd();
  };
  const answered = (run: Drive) => {
    sent(run);
    run.attempt.answer(200);
    run.attempt.send("pong");
  };
  const points: AwaitPoint[] = [];
  for (const late of ["resolve", "reject"] as const) {
    for (const place of ["filters", "backendFilters"] as const) {
      points.push(
        inFilter(`${place} requestHead`, place, (wait) => ({ requestHead: wait }), sent, late),
        inFilter(
          `${place} requestBody buffer`,
          place,
          (wait) => ({ requestBody: { mode: "buffer", maxBytes: 99, whole: wait } }),
          sent,
          late,
        ),
        inFilter(`${place} responseHead`, place, (wait) => ({ responseHead: wait }), answered, late),
        inFilter(
          `${place} responseBody buffer`,
          place,
          (wait) => ({ responseBody: { mode: "buffer", maxBytes: 99, whole: wait } }),
          (run) => {
            answered(run);
            run.attempt.end();
          },
          late,
        ),
      );
    }
  }
  const retry = { codes: [503], attempts: 2, backoffMs: 1_000 };
  points.push(
    {
      name: "request body",
      options: { method: "POST", body: 8 },
      reach: (run) => run.send("ping"),
      late: () => {},
      signals: [],
    },
    { name: "response head", options: { method: "POST", body: 4 }, reach: sent, late: () => {}, signals: [] },
    {
      name: "response body",
      options: { method: "POST", body: 4 },
      reach: answered,
      late: () => {},
      signals: [],
    },
    {
      name: "pause before a retry",
      options: { method: "POST", body: 4, rule: { retry } },
      reach: (run) => {
        sent(run);
        run.attempt.answerWhole(503);
      },
      late: (run) => run.clock.advance(5_000),
      signals: [],
    },
  );
  return points;
}

for (const point of awaitPoints()) {
  test(`abort at: ${point.name}: the client goes away`, async () => {
    const run = drive(point.options);
    point.reach(run);
    run.assertOpen();
    const before = run.sink.head;
    run.client.onRequestReset(gone);
    run.assertOver();
    const length = run.log.length;
    for (const signal of point.signals) assert.ok(signal.aborted);
    point.late(run);
    await settle();
    assert.equal(run.log.length, length, "nothing happens after it");
    assert.equal(run.sink.head, before);
    assert.equal(run.exchange.fault?.code, "HDL_DOWNSTREAM_RESET");
    run.assertOver();
  });
}

for (const point of awaitPoints()) {
  test(`abort at: ${point.name}: the route's time is up`, async () => {
    const rule = { ...point.options.rule, requestTimeoutMs: 500 };
    const run = drive({ ...point.options, rule });
    point.reach(run);
    run.assertOpen();
    const hadHead = run.sink.head !== null;
    run.clock.advance(520);
    const status = run.sink.head?.status;
    if (hadHead) assert.equal(run.log.at(-1), "← reset HDL_ROUTE_TIMEOUT");
    else assert.equal(status, 504);
    run.assertOver();
    point.late(run);
    await settle();
    run.assertOver();
  });
}
