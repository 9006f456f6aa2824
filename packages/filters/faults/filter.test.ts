import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "@heddle/engine/base";
import type { Reply } from "@heddle/engine/filter";
import { FilterRun, makeExchange, RecordingContext } from "../filter-run.suite.ts";
import type { FaultsConfig } from "./config.ts";
import { faults } from "./filter.ts";

const none: FaultsConfig = { delay: null, abort: null, headers: [] };
const abort = { httpStatus: 503, grpcStatus: -1, share: 1 };

test("an aborted request is answered, and its fault says that it was injected", () => {
  const run = new FilterRun(faults, { ...none, abort }, makeExchange());
  assert.equal(run.request()?.status, 503);
  assert.equal(run.exchange.fault?.code, "HDL_FAULT_INJECTED");
  assert.deepEqual(run.context.events, ["aborted"]);
});

test("a share of the requests is aborted, the same ones with the same seed", () => {
  const aborted = () => {
    const context = new RecordingContext(seededRandom(7));
    const filter = faults.create({ ...none, abort: { ...abort, share: 0.1 } }, context);
    return Array.from({ length: 10_000 }, () => filter.requestHead!(makeExchange()) !== undefined);
  };
  const first = aborted();
  const count = first.filter(Boolean).length;
  assert.ok(Math.abs(count - 1_000) < 100, `${count} of 10000`);
  assert.deepEqual(aborted(), first);
});

test("no request is drawn for at share 0, and each at 1", () => {
  const never = new RecordingContext({ next: () => 0 });
  const always = new RecordingContext({ next: () => 0.999_999 });
  const run = (share: number, context: RecordingContext) =>
    new FilterRun(faults, { ...none, abort: { ...abort, share } }, makeExchange(), context).request();
  assert.equal(run(0, never), undefined);
  assert.equal(run(1, always)?.status, 503);
});

test("a gRPC call gets its gRPC status, and what is no call passes where there is no HTTP status", () => {
  const config = { ...none, abort: { httpStatus: 0, grpcStatus: 8, share: 1 } };
  const call = makeExchange();
  call.grpcForm = "grpc";
  assert.equal(new FilterRun(faults, config, call).request()?.grpcStatus, 8);
  assert.equal(new FilterRun(faults, config, makeExchange()).request(), undefined);
});

test("only requests with all of the headers are concerned", () => {
  const headers = [
    { name: "x-chaos", value: "on" },
    { name: "x-user", value: "7" },
  ];
  const run = (own: [string, string][]) =>
    new FilterRun(faults, { ...none, abort, headers }, makeExchange({ headers: own })).request();
  assert.equal(run([["x-chaos", "on"]]), undefined);
  assert.equal(run([["x-chaos", "ON"], ["x-user", "7"]]), undefined); // prettier-ignore
  assert.equal(run([["x-chaos", "on"], ["x-user", "7"]])?.status, 503); // prettier-ignore
});

function delayed(config: Partial<FaultsConfig>) {
  const context = new RecordingContext();
  const filter = faults.create({ ...none, delay: { ms: 200, share: 1 }, ...config }, context);
  const exchange = makeExchange();
  const outcome: { reply: Reply | undefined | void; isOver: boolean } = { reply: undefined, isOver: false };
  const waiting = (filter.requestHead!(exchange) as Promise<Reply | undefined>).then((reply) => {
    outcome.reply = reply;
    outcome.isOver = true;
  });
  return { context, exchange, outcome, waiting };
}

test("a delayed request goes on after its time, and is told apart in the log", async () => {
  const { context, exchange, outcome, waiting } = delayed({});
  context.clock.advance(199);
  await Promise.resolve();
  assert.equal(outcome.isOver, false);
  context.clock.advance(1);
  await waiting;
  assert.equal(outcome.reply, undefined);
  assert.equal(exchange.injectedDelayMs, 200);
  assert.equal(exchange.fault, null);
  assert.deepEqual(context.events, ["delayed"]);
});

test("a request may be delayed and then aborted", async () => {
  const { context, outcome, waiting } = delayed({ abort });
  context.clock.advance(200);
  await waiting;
  assert.equal(outcome.reply?.status, 503);
  assert.deepEqual(context.events, ["delayed", "aborted"]);
});

test("a delay leaves no timer when the client has left", async () => {
  const { context, exchange, outcome, waiting } = delayed({ abort });
  exchange.markEnded(10);
  await waiting;
  assert.equal(outcome.reply, undefined);
  assert.equal(context.clock.pendingTimers, 0);
  assert.deepEqual(context.events, ["delayed"]);
});
