import assert from "node:assert/strict";
import { test } from "node:test";
import type { BodyOutput, BodyStream, Filter } from "../filter/index.ts";
import { drive, tracing } from "./flow-driver.suite.ts";

/** A stage in the test's hand: what comes in is seen by the test, which says what comes out. */
class HeldStage implements BodyStream {
  output!: BodyOutput;
  taken = "";
  isFull = false;
  readonly events: string[] = [];

  write(bytes: Uint8Array): boolean {
    this.taken += Buffer.from(bytes).toString();
    return !this.isFull;
  }
  end(): void {
    this.events.push("end");
  }
  resume(): void {
    this.events.push("resume");
  }
  close(): void {
    this.events.push("close");
  }
  push(text: string): boolean {
    return this.output.push(Buffer.from(text));
  }
}

function streaming(stage: HeldStage, direction: "requestBody" | "responseBody"): Filter {
  return {
    name: "stream",
    [direction]: {
      mode: "stream",
      open: (_exchange: unknown, output: BodyOutput) => {
        stage.output = output;
        return stage;
      },
    },
  };
}

const post = { method: "POST", body: "chunked" } as const;

test("a response passes a stage that streams when the stage has it ready", () => {
  const stage = new HeldStage();
  const run = drive({ filters: [streaming(stage, "responseBody")] });
  run.attempt.answer(200, [["content-length", "4"]]);
  run.attempt.send("ping");
  assert.equal(stage.taken, "ping");
  assert.deepEqual(run.log, ["→ open 1", "← 200"]);
  assert.equal(run.sink.head!.fields.get("content-length"), undefined, "the length is another");
  assert.equal(stage.push("PI"), true);
  run.attempt.end();
  assert.deepEqual(stage.events, ["end"]);
  run.assertOpen();
  stage.push("NG");
  stage.output.ended();
  assert.equal(run.sink.body, "PING");
  assert.deepEqual(stage.events, ["end", "close"]);
  run.assertOver();
});

test("a full stage pauses the endpoint, and goes on when it has drained", () => {
  const stage = new HeldStage();
  const run = drive({ filters: [streaming(stage, "responseBody")] });
  run.attempt.answer(200);
  stage.isFull = true;
  run.attempt.send("a");
  assert.equal(run.attempt.isPaused, true);
  run.client.onResponseDrain();
  assert.equal(run.attempt.isPaused, true, "the client's room is not the stage's");
  stage.isFull = false;
  stage.output.drained();
  assert.equal(run.attempt.isPaused, false);
  run.attempt.end();
  stage.output.ended();
  run.assertOver();
});

test("a full client holds a stage, and resumes it", () => {
  const stage = new HeldStage();
  const run = drive({ filters: [streaming(stage, "responseBody")] });
  run.attempt.answer(200);
  run.attempt.send("a");
  run.sink.isFull = true;
  assert.equal(stage.push("A"), false);
  run.sink.isFull = false;
  run.client.onResponseDrain();
  assert.deepEqual(stage.events, ["resume"]);
  run.attempt.end();
  stage.output.ended();
  run.assertOver();
});

test("of two stages the second holds the first", () => {
  const [first, second] = [new HeldStage(), new HeldStage()];
  // Responses go through the list in reverse.
  const filters = [streaming(second, "responseBody"), streaming(first, "responseBody")];
  const run = drive({ filters });
  run.attempt.answer(200);
  run.attempt.send("a");
  second.isFull = true;
  assert.equal(first.push("b"), false);
  assert.equal(second.taken, "b");
  second.isFull = false;
  second.output.drained();
  assert.deepEqual(first.events, ["resume"]);
  run.attempt.end();
  first.output.ended();
  assert.deepEqual(second.events, ["end"]);
  second.output.ended();
  run.assertOver();
});

test("a request passes a stage that streams; its full stage pauses the client", () => {
  const stage = new HeldStage();
  const run = drive({ ...post, filters: [streaming(stage, "requestBody")] });
  stage.isFull = true;
  run.send("ping");
  assert.equal(run.sink.isPaused, true);
  stage.push("PI");
  assert.equal(run.attempt.body, "PI");
  stage.output.drained();
  assert.equal(run.sink.isPaused, false);
  run.sendEnd();
  assert.equal(run.attempt.hasEnded, false);
  stage.push("NG");
  stage.output.ended();
  assert.equal(run.attempt.body, "PING");
  assert.equal(run.attempt.hasEnded, true);
  run.attempt.respond(200, "ok");
  run.assertOver();
});

test("a full endpoint holds a request's stage, and resumes it", () => {
  const stage = new HeldStage();
  const run = drive({ ...post, filters: [streaming(stage, "requestBody")] });
  run.send("ping");
  run.attempt.isFull = true;
  assert.equal(stage.push("PI"), false);
  run.attempt.drain();
  assert.deepEqual(stage.events, ["resume"]);
  run.sendEnd();
  stage.output.ended();
  run.attempt.respond(200, "ok");
  run.assertOver();
});

test("a stage feeds a filter that wants the whole", () => {
  const stage = new HeldStage();
  const log: string[] = [];
  const whole: Filter = {
    name: "whole",
    requestBody: {
      mode: "buffer",
      maxBytes: 10,
      whole: (_exchange, bytes) => void log.push(Buffer.from(bytes).toString()),
    },
  };
  const run = drive({ ...post, filters: [streaming(stage, "requestBody"), whole] }, log);
  run.send("ping");
  run.sendEnd();
  stage.push("PI");
  stage.push("NG");
  stage.output.ended();
  assert.deepEqual(
    log.filter((line) => !line.startsWith("→ ")),
    ["PING"],
  );
  assert.equal(run.attempt.body, "PING");
  run.attempt.respond(200, "ok");
  run.assertOver();
});

test("a stage answers a request instead: the endpoint never has the whole", () => {
  const stage = new HeldStage();
  const run = drive({ ...post, filters: [streaming(stage, "requestBody")] });
  run.send("ping");
  stage.push("PI");
  stage.output.reply({ status: 413, headers: [], body: "" });
  assert.equal(run.sink.head!.status, 413);
  assert.equal(run.attempt.hasEnded, false);
  assert.ok(run.log.some((line) => line.startsWith("→ reset")));
  run.assertOver();
});

test("a stage that fails within a response breaks it visibly", () => {
  const stage = new HeldStage();
  const run = drive({ filters: [streaming(stage, "responseBody")] });
  run.attempt.answer(200);
  run.attempt.send("a");
  stage.output.fail(new Error("bad data"));
  assert.equal(run.sink.fault!.code, "HDL_FILTER_FAILED");
  assert.deepEqual(stage.events, ["close"]);
  run.assertOver();
});

test("a client that goes away closes the stage, whose late work goes nowhere", () => {
  const stage = new HeldStage();
  const run = drive({ filters: [streaming(stage, "responseBody")] });
  run.attempt.answer(200);
  run.attempt.send("a");
  run.client.onRequestReset({ code: "HDL_DOWNSTREAM_RESET" } as never);
  assert.deepEqual(stage.events, ["close"]);
  assert.equal(stage.push("late"), false);
  stage.output.ended();
  run.assertOver();
});

test("a phase that the exchange does not concern is not there: the length stays", () => {
  const stage = new HeldStage();
  const filter = streaming(stage, "responseBody");
  const phase = { ...filter.responseBody!, concerns: () => false };
  const run = drive({ filters: [{ ...filter, responseBody: phase } as Filter] });
  run.attempt.respond(200, "hello", [["content-length", "5"]]);
  assert.equal(run.sink.head!.fields.get("content-length"), "5");
  assert.equal(run.sink.body, "hello");
  run.assertOver();
});

test("a filter that observes refuses a request at the octet that it does not like", () => {
  const refusing: Filter = {
    name: "limits",
    requestBody: {
      mode: "observe",
      chunk: (_exchange, bytes) =>
        Buffer.from(bytes).includes("bad") ? { status: 400, headers: [], body: "no\n" } : undefined,
    },
  };
  const run = drive({ ...post, filters: [refusing] });
  run.send("good");
  run.send("bad");
  assert.equal(run.sink.head!.status, 400);
  assert.equal(run.attempt.body, "good");
  assert.equal(run.attempt.hasEnded, false);
  run.assertOver();
});

test("… and at the end", () => {
  const refusing: Filter = {
    name: "limits",
    requestBody: {
      mode: "observe",
      chunk: () => undefined,
      end: () => ({ status: 400, headers: [], body: "no\n" }),
    },
  };
  const run = drive({ ...post, filters: [refusing] });
  run.send("half");
  run.sendEnd();
  assert.equal(run.sink.head!.status, 400);
  assert.equal(run.attempt.hasEnded, false);
  run.assertOver();
});

// Responses that were stored

const stored = (from: Filter, body = "stored") => ({ status: 200, headers: [], body, from });

test("a stored response is shown to the filters before the one that has it, and to none behind", () => {
  const log: string[] = [];
  const cache: Filter = { name: "cache", requestHead: () => stored(cache) };
  const run = drive({ filters: [tracing("a", log), cache, tracing("b", log)] }, log);
  assert.deepEqual(log, [
    "a.requestHead",
    "a.responseHead",
    "← 200",
    "a.responseBody stored",
    "← body stored",
    "a.responseBody.end",
    "← end",
    "a.end",
    "b.end",
  ]);
  run.assertOver();
});

test("a stored response takes the place of an answer that says it is still good", () => {
  const log: string[] = [];
  const cache: Filter = {
    name: "cache",
    responseHead: (_exchange, head) => (head.status === 304 ? stored(cache) : undefined),
  };
  const run = drive({ filters: [tracing("a", log), cache, tracing("b", log)] }, log);
  run.attempt.answerWhole(304);
  assert.deepEqual(log.slice(3, 8), [
    "b.responseHead",
    "a.responseHead",
    "← 200",
    "a.responseBody stored",
    "← body stored",
  ]);
  assert.equal(run.sink.head!.fields.get("content-length"), "6");
  run.assertOver();
});

test("… of an error with a body, and of a fault", async () => {
  for (const isFault of [false, true]) {
    const cache: Filter = {
      name: "cache",
      responseHead: (_exchange, head) => (head.status >= 500 ? stored(cache) : undefined),
    };
    const run = drive({ filters: [cache], settings: {} });
    if (isFault) run.attempt.fail({ code: "HDL_UPSTREAM_TIMEOUT", message: "" } as never);
    else run.attempt.answer(503);
    assert.equal(run.sink.head!.status, 200);
    assert.equal(run.sink.body, "stored");
    run.assertOver();
  }
});

test("a stored response of a backend's filter passes all filters of the rule", () => {
  const log: string[] = [];
  const cache: Filter = { name: "cache", requestHead: () => stored(cache) };
  const run = drive(
    { filters: [tracing("a", log)], backendFilters: [tracing("b", log), cache, tracing("c", log)] },
    log,
  );
  assert.deepEqual(
    log.filter((line) => line.includes("responseHead")),
    ["b.responseHead", "a.responseHead"],
  );
  run.assertOver();
});

test("a stored response that comes late still goes out in place of the other", async () => {
  const cache: Filter = {
    name: "cache",
    responseHead: (_exchange, head) =>
      head.status === 500 ? Promise.resolve(stored(cache, "late")) : undefined,
  };
  const run = drive({ filters: [cache] });
  run.attempt.respond(500, "oh no");
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(run.sink.head!.status, 200);
  assert.equal(run.sink.body, "late");
  run.assertOver();
});
