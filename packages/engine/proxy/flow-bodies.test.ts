import assert from "node:assert/strict";
import { test } from "node:test";
import { makeFault } from "../base/index.ts";
import type { BodyPhase, Filter, Reply } from "../filter/index.ts";
import { Fields, LENGTH_UNKNOWN } from "../message/index.ts";
import { deferred, drive, settle, tracing } from "./flow-driver.suite.ts";

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString();
const onRequest = (phase: BodyPhase): Filter => ({ name: "f", requestBody: phase });
const onResponse = (phase: BodyPhase): Filter => ({ name: "f", responseBody: phase });

const upperCase: BodyPhase = {
  mode: "transform",
  chunk: (_exchange, bytes) => (text(bytes) === "drop" ? null : Buffer.from(text(bytes).toUpperCase())),
  end: () => Buffer.from("!"),
};

function buffer(whole: (bytes: string) => string | Reply | undefined, maxBytes = 8): BodyPhase {
  return {
    mode: "buffer",
    maxBytes,
    whole: (_exchange, bytes) => {
      const result = whole(text(bytes));
      return typeof result === "string" ? Buffer.from(result) : result;
    },
  };
}

test("observe: bytes pass unchanged, and the length stays", () => {
  const log: string[] = [];
  const run = drive({ method: "POST", body: 8, filters: [tracing("a", log)] });
  run.send("ping", "pong");
  run.sendEnd();
  run.attempt.answer(200, [["content-length", "4"]]);
  run.attempt.send("done");
  run.attempt.end();
  assert.equal(run.attempt.body, "pingpong");
  assert.equal(run.attempt.head.bodyLength, 8);
  assert.equal(run.sink.head?.bodyLength, 4);
  assert.ok(log.includes("a.requestBody pong") && log.includes("a.responseBody done"));
  run.assertOver();
});

test("observe: a reply ends a body on its way, and the endpoint never sees its end", () => {
  let seen = 0;
  const bound: BodyPhase = {
    mode: "observe",
    chunk: (_exchange, bytes) =>
      (seen += bytes.length) > 4 ? { status: 413, headers: [], body: "too much" } : undefined,
  };
  const run = drive({ method: "POST", body: "chunked", filters: [onRequest(bound)] });
  run.send("ping");
  assert.equal(run.attempt.body, "ping");
  run.send("pong", "more");
  assert.equal(run.attempt.body, "ping");
  assert.equal(run.attempt.hasEnded, false);
  assert.equal(run.attempt.fault?.code, "HDL_DOWNSTREAM_RESET");
  assert.equal(run.sink.head?.status, 413);
  assert.equal(run.sink.body, "too much");
  run.assertOver();
});

test("transform of a request: chunk in, chunks out, and the length becomes unknown", () => {
  const run = drive({ method: "POST", body: 8, filters: [onRequest(upperCase)] });
  assert.equal(run.attempt.head.bodyLength, LENGTH_UNKNOWN);
  assert.equal(run.attempt.head.fields.has("content-length"), false);
  run.send("ping", "drop");
  assert.equal(run.attempt.body, "PING");
  run.sendEnd();
  assert.equal(run.attempt.body, "PING!");
  assert.ok(run.attempt.hasEnded);
  run.attempt.respond(200, "");
  run.assertOver();
});

test("transform of a response: the length becomes unknown, the head does not wait", () => {
  const run = drive({ filters: [onResponse(upperCase)] });
  run.attempt.answer(200, [["content-length", "4"]]);
  assert.equal(run.sink.head?.bodyLength, LENGTH_UNKNOWN);
  assert.equal(run.sink.head?.fields.has("content-length"), false);
  run.attempt.send("pong");
  run.attempt.end();
  assert.equal(run.sink.body, "PONG!");
  run.assertOver();
});

test("transforms run one behind the other, what the first has left at the end too", () => {
  const log: string[] = [];
  const run = drive({ method: "POST", body: 2, filters: [onRequest(upperCase), tracing("a", log)] });
  run.send("hi");
  run.sendEnd();
  run.attempt.respond(200, "");
  assert.deepEqual(
    log.filter((line) => line.startsWith("a.requestBody")),
    ["a.requestBody HI", "a.requestBody !", "a.requestBody.end"],
  );
  run.assertOver();
});

test("buffer of a request: nothing goes to the endpoint before the whole; a replacement has its length", () => {
  const run = drive({
    method: "POST",
    body: "chunked",
    filters: [onRequest(buffer((bytes) => `<${bytes}>`))],
  });
  run.send("pi", "ng");
  assert.equal(run.attempts.length, 0);
  run.sendEnd(Fields.of([["x-sum", "1"]]));
  assert.equal(run.attempt.body, "<ping>");
  assert.equal(run.attempt.head.bodyLength, 6);
  assert.equal(run.attempt.head.fields.get("content-length"), "6");
  assert.ok(run.attempt.hasEnded);
  run.attempt.respond(200, "");
  run.assertOver();
});

test("buffer: nothing returned passes the body on; an empty replacement is an empty body", () => {
  const kept = drive({ method: "POST", body: 4, filters: [onRequest(buffer(() => undefined))] });
  kept.send("ping");
  kept.sendEnd();
  assert.equal(kept.attempt.body, "ping");
  kept.attempt.respond(200, "");
  kept.assertOver();
  const emptied = drive({ method: "POST", body: 4, filters: [onRequest(buffer(() => ""))] });
  emptied.send("ping");
  emptied.sendEnd();
  assert.equal(emptied.attempt.head.bodyLength, 0);
  assert.ok(emptied.attempt.isWhole);
  emptied.attempt.respond(200, "");
  emptied.assertOver();
});

test("buffer of a request: a reply, and no attempt", () => {
  const reply = { status: 422, headers: [], body: "bad" };
  const run = drive({ method: "POST", body: 4, filters: [onRequest(buffer(() => reply))] });
  run.send("ping");
  run.sendEnd();
  assert.deepEqual(run.log, ["← 422", "← body bad", "← end"]);
  run.assertOver();
});

test("buffer of a request: more than the limit is 413, at once, and no attempt", () => {
  const run = drive({ method: "POST", body: "chunked", filters: [onRequest(buffer(() => undefined, 6))] });
  run.send("ping");
  run.assertOpen();
  run.send("pong");
  assert.equal(run.sink.head?.status, 413);
  assert.equal(run.exchange.fault?.code, "HDL_BODY_BUFFER_FULL");
  assert.equal(run.attempts.length, 0);
  run.send("more");
  run.sendEnd();
  run.assertOver();
});

test("buffer with Expect: 100-continue asks for the body", () => {
  const run = drive({
    method: "POST",
    body: 4,
    expectsContinue: true,
    filters: [onRequest(buffer(() => undefined))],
  });
  assert.deepEqual(run.log, ["← 100"]);
  run.send("ping");
  run.sendEnd();
  run.attempt.respond(200, "");
  assert.equal(run.log.filter((line) => line === "← 100").length, 1);
  run.assertOver();
});

test("buffer behind a filter that waits: the client is told to go on", async () => {
  const wait = deferred<undefined>();
  const run = drive({
    method: "POST",
    body: 8,
    filters: [{ name: "w", requestHead: () => wait.promise }, onRequest(buffer(() => undefined))],
  });
  run.send("ping");
  assert.ok(run.sink.isPaused);
  wait.resolve(undefined);
  await settle();
  assert.equal(run.sink.isPaused, false);
  run.send("pong");
  run.sendEnd();
  assert.equal(run.attempt.body, "pingpong");
  run.attempt.respond(200, "");
  run.assertOver();
});

test("buffer of a response: the head waits for the whole", () => {
  const run = drive({ filters: [onResponse(buffer((bytes) => `<${bytes}>`))] });
  run.attempt.answer(200, [["content-length", "4"]]);
  run.attempt.send("po", "ng");
  assert.deepEqual(run.log, ["→ open 1"]);
  run.attempt.end();
  assert.equal(run.sink.head?.status, 200);
  assert.equal(run.sink.body, "<pong>");
  assert.notEqual(run.sink.head?.fields.get("content-length"), "4");
  run.assertOver();
});

test("buffer of a response: a reply instead of it", () => {
  const reply = { status: 451, headers: [], body: "withheld" };
  const run = drive({ filters: [onResponse(buffer(() => reply))] });
  run.attempt.respond(200, "secret");
  assert.deepEqual(run.log, ["→ open 1", "← 451", "← body withheld", "← end"]);
  assert.equal(run.exchange.fault, null);
  run.assertOver();
});

test("buffer of a response: more than the limit is 502, and nothing of it goes out", () => {
  const run = drive({ filters: [onResponse(buffer(() => undefined, 6))] });
  run.attempt.answer(200);
  run.attempt.send("secret", "s");
  assert.equal(run.sink.head?.status, 502);
  assert.doesNotMatch(run.sink.body, /secret/);
  run.assertOver();
});

test("buffer of a response whose endpoint breaks off: an answer, since nothing was sent yet", () => {
  const run = drive({ filters: [onResponse(buffer(() => undefined))] });
  run.attempt.answer(200);
  run.attempt.send("half");
  run.attempt.fail(makeFault("HDL_UPSTREAM_BODY_CUT_SHORT", "cut"));
  assert.equal(run.sink.head?.status, 502);
  assert.doesNotMatch(run.sink.body, /half/);
  run.assertOver();
});

test("a body cut short upstream is cut short visibly downstream", () => {
  for (const filters of [[], [onResponse(upperCase)]]) {
    const run = drive({ filters });
    run.attempt.answer(200);
    run.attempt.send("half");
    run.attempt.fail(makeFault("HDL_UPSTREAM_BODY_CUT_SHORT", "cut"));
    assert.equal(run.log.at(-1), "← reset HDL_UPSTREAM_BODY_CUT_SHORT");
    assert.equal(run.attempts.length, 1, "not tried again");
    run.assertOver();
  }
});

test("no filter sees body bytes after the exchange is over", () => {
  const seen: string[] = [];
  const watch: BodyPhase = { mode: "observe", chunk: (_exchange, bytes) => void seen.push(text(bytes)) };
  const run = drive({
    method: "POST",
    body: "chunked",
    filters: [onRequest(watch), onRequest(buffer(() => undefined, 4))],
  });
  run.send("ping");
  run.send("pong");
  run.send("late");
  run.sendEnd();
  assert.deepEqual(seen, ["ping", "pong"]);
  run.assertOver();
});
