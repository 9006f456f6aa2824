import assert from "node:assert/strict";
import { test } from "node:test";
import { Fields } from "../message/index.ts";
import type { Filter } from "../filter/index.ts";
import { drive, tracing } from "./flow-driver.suite.ts";

const trailers = () => Fields.of([["x-sum", "1"]]);

test("an exchange without filters: the request, the response, nothing else", () => {
  const run = drive();
  run.attempt.respond(200, "hello");
  assert.deepEqual(run.log, ["→ open 1", "← 200", "← body hello", "← end"]);
  assert.equal(run.attempt.isWhole, true);
  assert.equal(run.exchange.responseBytes, 5);
  run.assertOver();
});

test("request phases run in order, response phases in reverse, end once", () => {
  const log: string[] = [];
  const run = drive(
    {
      method: "POST",
      body: "chunked",
      filters: [tracing("a", log), tracing("b", log)],
      backendFilters: [tracing("c", log)],
    },
    log,
  );
  run.send("ping");
  run.sendEnd(trailers());
  run.attempt.answer(200);
  run.attempt.send("pong");
  run.attempt.end(trailers());
  assert.deepEqual(log, [
    "a.requestHead",
    "b.requestHead",
    "c.requestHead",
    "→ open 1",
    "a.requestBody ping",
    "b.requestBody ping",
    "c.requestBody ping",
    "→ body ping",
    "a.requestBody.end",
    "b.requestBody.end",
    "c.requestBody.end",
    "a.requestTrailers",
    "b.requestTrailers",
    "c.requestTrailers",
    "→ end",
    "c.responseHead",
    "b.responseHead",
    "a.responseHead",
    "← 200",
    "c.responseBody pong",
    "b.responseBody pong",
    "a.responseBody pong",
    "← body pong",
    "c.responseBody.end",
    "b.responseBody.end",
    "a.responseBody.end",
    "c.responseTrailers",
    "b.responseTrailers",
    "a.responseTrailers",
    "← end",
    "a.end",
    "b.end",
    "c.end",
  ]);
  assert.equal(run.attempt.trailers?.get("x-sum"), "1");
  assert.equal(run.sink.trailers?.get("x-sum"), "1");
  run.assertOver();
});

test("a reply of a request filter: no attempt, no later request phase, every response phase, end for all", () => {
  const log: string[] = [];
  const reply = { status: 403, headers: [["x-why", "no"]] as const, body: "denied" };
  const run = drive(
    {
      filters: [tracing("a", log), tracing("b", log, { requestHead: () => reply }), tracing("c", log)],
      backendFilters: [tracing("d", log)],
    },
    log,
  );
  assert.deepEqual(log, [
    "a.requestHead",
    "c.responseHead",
    "b.responseHead",
    "a.responseHead",
    "← 403",
    "c.responseBody denied",
    "b.responseBody denied",
    "a.responseBody denied",
    "← body denied",
    "c.responseBody.end",
    "b.responseBody.end",
    "a.responseBody.end",
    "← end",
    "a.end",
    "b.end",
    "c.end",
  ]);
  assert.equal(run.sink.head?.fields.get("x-why"), "no");
  assert.equal(run.exchange.fault, null);
  run.assertOver();
});

test("a reply of a backend's filter goes through that backend's response phases too", () => {
  const log: string[] = [];
  const reply = { status: 429, headers: [], body: "" };
  const run = drive(
    {
      filters: [tracing("a", log)],
      backendFilters: [tracing("b", log, { requestHead: () => reply }), tracing("c", log)],
    },
    log,
  );
  assert.deepEqual(log, [
    "a.requestHead",
    "c.responseHead",
    "b.responseHead",
    "a.responseHead",
    "← 429 last",
    "a.end",
    "b.end",
    "c.end",
  ]);
  run.assertOver();
});

test("a reply has its length, and for HEAD, 204 and 304 no body", () => {
  const answer = (method: string, status: number) => {
    const filter: Filter = { name: "f", requestHead: () => ({ status, headers: [], body: "text" }) };
    const run = drive({ method, filters: [filter] });
    run.assertOver();
    return [run.sink.body, run.sink.head?.fields.get("content-length")];
  };
  assert.deepEqual(answer("GET", 200), ["text", "4"]);
  assert.deepEqual(answer("HEAD", 200), ["", "4"]);
  assert.deepEqual(answer("GET", 204), ["", undefined]);
  assert.deepEqual(answer("GET", 304), ["", undefined]);
});

test("a response filter's reply replaces the response, which is given up", () => {
  const log: string[] = [];
  const reply = { status: 502, headers: [], body: "bad" };
  const run = drive({ filters: [tracing("a", log), { name: "b", responseHead: () => reply }] }, log);
  run.attempt.respond(200, "secret");
  assert.deepEqual(log.slice(2), ["→ reset HDL_FILTER_FAILED", "← 502", "← body bad", "← end", "a.end"]);
  run.assertOver();
});

test("faults are answered through the response filters", () => {
  for (const [options, status, code] of [
    [{ hasCluster: false }, 500, "HDL_BACKEND_UNRESOLVED"],
    [{ endpoints: [] }, 503, "HDL_NO_ENDPOINTS"],
  ] as const) {
    const log: string[] = [];
    const run = drive({ ...options, filters: [{ name: "a", responseHead: () => void log.push("seen") }] });
    assert.equal(run.sink.head?.status, status);
    assert.match(run.sink.body, new RegExp(code));
    assert.equal(run.exchange.fault?.code, code);
    assert.deepEqual(log, ["seen"]);
    run.assertOver();
  }
});

test("without a route the answer is 404", () => {
  const run = drive({ hasRoute: false });
  assert.equal(run.sink.head?.status, 404);
  run.assertOver();
});

test("slots are the exchange's own, also with filters on the backend alone", () => {
  const keeper = (slot: number): Filter => ({
    name: "k",
    requestHead: (exchange) => {
      assert.equal(exchange.slots![slot], undefined);
      exchange.slots![slot] = "mine";
    },
    responseHead: (exchange) => assert.equal(exchange.slots![slot], "mine"),
  });
  for (const options of [{ filters: [keeper(1)] }, { backendFilters: [keeper(1)] }]) {
    const run = drive({ ...options, slotCount: 2 });
    run.attempt.respond(200, "");
    assert.equal(run.sink.head?.status, 200);
    run.assertOver();
  }
});

test("1xx responses pass, 100 is answered by ourselves", () => {
  const run = drive();
  run.attempt.informational(103);
  run.attempt.informational(100);
  run.attempt.respond(200, "x");
  assert.deepEqual(run.log, ["→ open 1", "← 103", "← 200", "← body x", "← end"]);
  run.assertOver();
});

test("Expect: 100-continue is answered once a backend wants the body", () => {
  const run = drive({ method: "POST", body: 4, expectsContinue: true });
  assert.deepEqual(run.log, ["→ open 1", "← 100"]);
  run.send("ping");
  run.sendEnd();
  run.attempt.respond(200, "pong");
  run.assertOver();
  const refused = drive({
    method: "POST",
    body: 4,
    expectsContinue: true,
    filters: [{ name: "f", requestHead: () => ({ status: 401, headers: [], body: "" }) }],
  });
  assert.deepEqual(refused.log, ["← 401 last"]);
  refused.assertOver();
});

test("a response before the request is complete goes out, and the rest of the request is dropped", () => {
  const run = drive({ method: "POST", body: 8 });
  run.send("ping");
  run.attempt.respond(413, "too long");
  assert.equal(run.sink.body, "too long");
  run.send("pong");
  run.sendEnd();
  assert.equal(run.attempt.body, "ping");
  run.assertOver();
});

test("a request goes on while its early response streams", () => {
  const run = drive({ method: "POST", body: "chunked" });
  run.send("a");
  run.attempt.answer(200);
  run.attempt.send("A");
  run.send("b");
  run.attempt.send("B");
  run.sendEnd();
  run.attempt.end();
  assert.equal(run.attempt.body, "ab");
  assert.equal(run.sink.body, "AB");
  run.assertOver();
});
