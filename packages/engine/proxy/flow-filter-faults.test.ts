import assert from "node:assert/strict";
import { test } from "node:test";
import type { Filter } from "../filter/index.ts";
import { Fields } from "../message/index.ts";
import { drive, settle, tracing } from "./flow-driver.suite.ts";
import type { Drive } from "./flow-driver.suite.ts";

const boom = () => {
  throw new Error("secret detail");
};
const rejected = () => Promise.reject(new Error("secret detail"));
const trailers = () => Fields.of([["x-sum", "1"]]);

/** A whole POST and its whole response, as far as the exchange goes. */
async function play(run: Drive): Promise<void> {
  run.send("ping");
  run.sendEnd(trailers());
  await settle();
  if (run.attempts.length > 0 && !run.attempt.isOver) {
    const { attempt } = run;
    attempt.answer(200);
    if (!attempt.isOver) attempt.send("pong");
    if (!attempt.isOver) attempt.end(trailers());
  }
  await settle();
}

const beforeResponse: Record<string, Partial<Filter>> = {
  requestHead: { requestHead: boom },
  "requestHead, later": { requestHead: rejected },
  "requestBody observe": { requestBody: { mode: "observe", chunk: boom } },
  "requestBody observe end": { requestBody: { mode: "observe", chunk() {}, end: boom } },
  "requestBody transform": { requestBody: { mode: "transform", chunk: boom, end: () => null } },
  "requestBody transform end": { requestBody: { mode: "transform", chunk: () => null, end: boom } },
  "requestBody buffer": { requestBody: { mode: "buffer", maxBytes: 9, whole: boom } },
  "requestBody buffer, later": { requestBody: { mode: "buffer", maxBytes: 9, whole: rejected } },
  requestTrailers: { requestTrailers: boom },
  responseHead: { responseHead: boom },
  "responseHead, later": { responseHead: rejected },
  "responseBody buffer": { responseBody: { mode: "buffer", maxBytes: 9, whole: boom } },
  "responseBody buffer, later": { responseBody: { mode: "buffer", maxBytes: 9, whole: rejected } },
};

for (const [phase, filter] of Object.entries(beforeResponse)) {
  for (const place of ["filters", "backendFilters"] as const) {
    test(`a filter that throws in ${phase} (${place}) fails its exchange with 500`, async () => {
      const log: string[] = [];
      const failing = { name: "f", end: () => void log.push("f.end"), ...filter };
      const witness = tracing("w", log);
      const run = drive({
        method: "POST",
        body: "chunked",
        filters: place === "filters" ? [witness, failing] : [witness],
        backendFilters: place === "filters" ? [] : [failing],
      });
      await play(run);
      assert.equal(run.sink.head?.status, 500);
      assert.equal(run.exchange.fault?.code, "HDL_FILTER_FAILED");
      assert.doesNotMatch(run.sink.body, /secret|pong/);
      for (const attempt of run.attempts) {
        assert.ok(attempt.fault !== null || attempt.isOver, "the endpoint's attempt was given up");
        if (phase.startsWith("request")) assert.equal(attempt.hasEnded, false, "no whole request went out");
      }
      assert.deepEqual(
        log.filter((line) => line.endsWith(".end") && !line.includes("Body")),
        ["w.end", "f.end"],
      );
      run.assertOver();
    });
  }
}

const afterHead: Record<string, Partial<Filter>> = {
  "responseBody observe": { responseBody: { mode: "observe", chunk: boom } },
  "responseBody observe end": { responseBody: { mode: "observe", chunk() {}, end: boom } },
  "responseBody transform": { responseBody: { mode: "transform", chunk: boom, end: () => null } },
  "responseBody transform end": { responseBody: { mode: "transform", chunk: () => null, end: boom } },
  responseTrailers: { responseTrailers: boom },
};

for (const [phase, filter] of Object.entries(afterHead)) {
  for (const place of ["filters", "backendFilters"] as const) {
    test(`a filter that throws in ${phase} (${place}) breaks the response visibly`, async () => {
      const run = drive({ method: "POST", body: "chunked", [place]: [{ name: "f", ...filter }] });
      await play(run);
      assert.equal(run.log.at(-1), "← reset HDL_FILTER_FAILED");
      assert.equal(run.log.includes("← end"), false);
      assert.equal(run.exchange.fault?.code, "HDL_FILTER_FAILED");
      run.assertOver();
    });
  }
}

test("a filter that throws in end keeps no other from its own", () => {
  const log: string[] = [];
  const run = drive({ filters: [{ name: "f", end: boom }, tracing("w", log)] });
  run.attempt.respond(200, "ok");
  assert.equal(run.sink.body, "ok");
  assert.equal(log.at(-1), "w.end");
  run.assertOver();
});

test("a response filter that throws on a reply or a fault still answers 500, without the reply", () => {
  const throwing: Filter = { name: "f", responseHead: boom };
  const replying: Filter = { name: "r", requestHead: () => ({ status: 200, headers: [], body: "reply" }) };
  for (const options of [{ filters: [throwing, replying] }, { filters: [throwing], hasCluster: false }]) {
    const run = drive(options);
    assert.equal(run.sink.head?.status, 500);
    assert.doesNotMatch(run.sink.body, /reply/);
    run.assertOver();
  }
});

test("a reply with a header that could split the response is a fault of the filter", () => {
  for (const phase of ["requestHead", "responseHead"] as const) {
    const reply = { status: 200, headers: [["x", "a\r\nb: c"]] as const, body: "" };
    const run = drive({ filters: [{ name: "f", [phase]: () => reply }] });
    if (phase === "responseHead") run.attempt.respond(200, "x");
    assert.equal(run.sink.head?.status, 500);
    run.assertOver();
  }
});
