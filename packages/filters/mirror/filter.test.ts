import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "@heddle/engine/base";
import { LENGTH_UNKNOWN } from "@heddle/engine/message";
import { FilterRun, makeExchange, RecordingContext } from "../filter-run.suite.ts";
import type { RequestOptions } from "../filter-run.suite.ts";
import type { MirrorConfig } from "./config.ts";
import { mirror } from "./filter.ts";
import { ANSWER_TIMEOUT_MS, MAX_PENDING_BYTES } from "./shadow.ts";

const all: MirrorConfig = { cluster: "service/default/shadow/80", numerator: 1, denominator: 1 };

function start(request: RequestOptions, config = all, context = new RecordingContext()) {
  const run = new FilterRun(mirror, config, makeExchange(request), context);
  assert.equal(run.request(), undefined);
  return run;
}

test("a request without a body is copied at once, with its host and headers", () => {
  const { context, exchange } = start({
    target: "/a?b=1",
    authority: "shop.example:8080",
    headers: [["x-id", "7"]],
  });
  assert.equal(context.calls.length, 1);
  const [{ cluster, request, state }] = context.calls;
  assert.equal(cluster, all.cluster);
  assert.equal(request.authority + request.path + request.query, "shop.example:8080/a?b=1");
  assert.deepEqual(request.fields.toPairs(), [["x-id", "7"]]);
  assert.equal(state, "whole");
  assert.deepEqual(context.events, ["sent"]);
  request.fields.set("x-id", "changed");
  assert.equal(exchange.request.fields.get("x-id"), "7", "the copy is independent");
});

test("a body is copied as it passes", () => {
  const run = start({ method: "POST", bodyLength: 6 });
  run.body("abc", "def");
  run.bodyEnd();
  const [call] = run.context.calls;
  assert.equal(call.body, "abcdef");
  assert.equal(call.request.bodyLength, 6);
  assert.equal(call.request.fields.get("content-length"), "6");
  assert.equal(call.state, "whole");
});

test("a body of unknown length, and an empty one", () => {
  const run = start({ method: "POST", bodyLength: LENGTH_UNKNOWN });
  run.body("abc");
  run.bodyEnd();
  assert.equal(run.context.calls[0].body, "abc");
  const empty = start({ method: "POST", bodyLength: LENGTH_UNKNOWN });
  empty.bodyEnd();
  assert.equal(empty.context.calls[0].state, "whole");
});

test("the expectation of the client is not passed on", () => {
  const exchange = makeExchange({ method: "POST", bodyLength: 3 });
  exchange.request.expectsContinue = true;
  const run = new FilterRun(mirror, all, exchange);
  run.request();
  run.body("abc");
  assert.equal(run.context.calls[0].request.expectsContinue, false);
  assert.equal(exchange.request.expectsContinue, true);
});

test("a filter before it that changes the length does not break the framing of the copy", () => {
  const run = start({ method: "POST", bodyLength: 3 });
  run.exchange.request.bodyLength = LENGTH_UNKNOWN; // a transform: the runner makes the length unknown
  run.body("abcdef");
  run.bodyEnd();
  const [call] = run.context.calls;
  assert.equal(call.request.bodyLength, LENGTH_UNKNOWN);
  assert.equal(call.request.fields.has("content-length"), false);
  assert.equal(call.body, "abcdef");
});

test("bytes that do not fit the length announced are never sent as a whole request", () => {
  const long = start({ method: "POST", bodyLength: 3 });
  long.body("ab", "cd");
  long.bodyEnd();
  const short = start({ method: "POST", bodyLength: 3 });
  short.body("ab");
  short.bodyEnd();
  for (const { context } of [long, short]) {
    assert.equal(context.calls[0].state, "aborted");
    assert.deepEqual(context.events, ["dropped"]);
  }
});

test("a percentage of the requests is copied", () => {
  const context = new RecordingContext(seededRandom(42));
  const config: MirrorConfig = { ...all, numerator: 25, denominator: 100 };
  const filter = mirror.create(config, context);
  for (let i = 0; i < 2_000; i++) {
    const exchange = makeExchange();
    exchange.slots = [undefined];
    filter.requestHead!(exchange);
  }
  assert.equal(context.calls.length, 500);
});

test("none are copied at 0, all at the whole", () => {
  const never = { next: () => 0 };
  const always = { next: () => 0.999_999 };
  assert.equal(start({}, { ...all, numerator: 0 }, new RecordingContext(never)).context.calls.length, 0);
  assert.equal(
    start({}, { ...all, numerator: 7, denominator: 7 }, new RecordingContext(always)).context.calls.length,
    1,
  );
});

test("upgrades and tunnels are not copied", () => {
  assert.equal(start({ upgrade: "websocket" }).context.calls.length, 0);
  assert.equal(start({ method: "CONNECT" }).context.calls.length, 0);
});

test("a mirror that does not keep up is dropped, once, and the exchange goes on", () => {
  const chunk = "x".repeat(65_536);
  const run = start({ method: "POST", bodyLength: LENGTH_UNKNOWN });
  for (let sent = 0; sent <= MAX_PENDING_BYTES; sent += chunk.length) run.body(chunk);
  run.body(chunk);
  run.bodyEnd();
  const [call] = run.context.calls;
  assert.equal(call.state, "aborted");
  assert.ok(call.body.length <= MAX_PENDING_BYTES);
  assert.deepEqual(run.context.events, ["dropped"]);
});

test("a mirror that keeps up takes a body of any length", () => {
  const chunk = "x".repeat(65_536);
  const run = start({ method: "POST", bodyLength: LENGTH_UNKNOWN });
  for (let i = 0; i < 40; i++) {
    run.body(chunk);
    run.context.calls[0].pendingBytes = 0;
  }
  run.bodyEnd();
  assert.equal(run.context.calls[0].body.length, 40 * chunk.length);
  assert.equal(run.context.calls[0].state, "whole");
});

test("an exchange that ends within its body ends the copy visibly; a whole copy goes on", () => {
  const cut = start({ method: "POST", bodyLength: 6 });
  cut.body("abc");
  cut.filter.end!(cut.exchange);
  assert.equal(cut.context.calls[0].state, "aborted");
  const whole = start({ method: "POST", bodyLength: 3 });
  whole.body("abc");
  whole.bodyEnd();
  whole.filter.end!(whole.exchange);
  assert.equal(whole.context.calls[0].state, "whole");
  const unread = start({ method: "POST", bodyLength: 3 });
  unread.filter.end!(unread.exchange);
  assert.equal(unread.context.calls.length, 0);
});

test("a mirror that fails, answers early or cannot be called does not concern the exchange", () => {
  const failed = start({ method: "POST", bodyLength: 6 });
  failed.body("abc");
  failed.context.calls[0].events.onEnd!("HDL_UPSTREAM_CONNECT_FAILED");
  failed.body("def");
  failed.bodyEnd();
  assert.equal(failed.context.calls[0].body, "abc");
  assert.deepEqual(failed.context.events, ["failed"]);

  const early = start({ method: "POST", bodyLength: 6 });
  early.body("abc");
  early.context.calls[0].events.onEnd!(undefined);
  early.body("def");
  early.bodyEnd();
  assert.equal(early.context.calls[0].state, "aborted");

  const context = new RecordingContext();
  context.callError = new Error("no such cluster");
  const uncallable = start({ method: "POST", bodyLength: 3 }, all, context);
  uncallable.body("abc");
  uncallable.bodyEnd();
  uncallable.filter.end!(uncallable.exchange);
  assert.deepEqual(context.events, ["failed"]);
});

test("a mirror that never answers gives its connection back", () => {
  const silent = start({});
  silent.context.clock.advance(ANSWER_TIMEOUT_MS - 1);
  assert.equal(silent.context.calls[0].state, "whole");
  silent.context.clock.advance(1);
  assert.equal(silent.context.calls[0].state, "aborted");
  assert.deepEqual(silent.context.events, ["sent", "failed"]);
  const answered = start({});
  answered.context.calls[0].events.onEnd!(undefined);
  assert.equal(answered.context.clock.pendingTimers, 0);
  assert.deepEqual(answered.context.events, ["sent"]);
});

test("several mirrors of one rule keep their copies apart", () => {
  const context = new RecordingContext();
  const filters = [all, { ...all, cluster: "service/default/other/80" }].map((config) =>
    mirror.create(config, context),
  );
  const exchange = makeExchange({ method: "POST", bodyLength: 3 });
  exchange.slots = Array.from({ length: context.slotCount });
  for (const filter of filters) filter.requestHead!(exchange);
  for (const { requestBody } of filters) {
    assert.equal(requestBody?.mode, "observe");
    if (requestBody?.mode === "observe") requestBody.chunk(exchange, Buffer.from("abc"));
  }
  assert.deepEqual(
    context.calls.map(({ cluster, body }) => [cluster, body]),
    [
      [all.cluster, "abc"],
      ["service/default/other/80", "abc"],
    ],
  );
});

test("no more copies are under way than may be, and one that ends makes room", () => {
  const context = new RecordingContext();
  const filter = mirror.create({ ...all, maxConcurrent: 2 }, context);
  const ask = () => {
    const exchange = makeExchange();
    exchange.slots = [undefined];
    filter.requestHead!(exchange);
  };
  for (let i = 0; i < 5; i++) ask();
  assert.deepEqual(context.events, ["sent", "sent", "limited", "limited", "limited"]);
  context.calls[0].events.onEnd!(undefined);
  ask();
  ask();
  assert.equal(context.calls.length, 3);
  context.clock.advance(ANSWER_TIMEOUT_MS);
  ask();
  assert.equal(context.calls.length, 4, "those that were given up have left too");
});

test("all copies of a mirror share a bound on what waits", () => {
  const context = new RecordingContext();
  const filter = mirror.create({ ...all, maxBufferedBytes: 100 }, context);
  const send = (bytes: number) => {
    const exchange = makeExchange({ method: "POST", bodyLength: LENGTH_UNKNOWN });
    exchange.slots = [undefined];
    filter.requestHead!(exchange);
    const body = filter.requestBody;
    if (body?.mode === "observe") body.chunk(exchange, Buffer.alloc(bytes));
  };
  send(60);
  send(60);
  assert.deepEqual(
    context.calls.map(({ state }) => state),
    ["writing", "aborted"],
  );
  send(40);
  assert.equal(context.calls[2].state, "writing");
  context.calls[0].pendingBytes = 0;
  send(60);
  assert.equal(context.calls[3].state, "writing");
  assert.deepEqual(context.events, ["dropped"]);
});
