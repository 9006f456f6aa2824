import assert from "node:assert/strict";
import { test } from "node:test";
import { FAULTS, makeFault } from "../base/index.ts";
import type { FaultCode } from "../base/index.ts";
import { Fields } from "../message/index.ts";
import { drive } from "./flow-driver.suite.ts";
import type { Drive, DriveOptions } from "./flow-driver.suite.ts";

const GRPC: readonly [string, string] = ["content-type", "application/grpc+proto"];
const fault = (code: FaultCode) => makeFault(code, "scripted");
const retry = (grpcCodes: readonly number[], attempts = 2) => ({
  codes: [],
  grpcCodes,
  attempts,
  backoffMs: 0,
});
const status = (code: number, message?: string) =>
  Fields.of([
    ["grpc-status", String(code)],
    ...(message === undefined ? [] : [["grpc-message", message] as const]),
  ]);

/** A call whose one message is sent. */
function call(options: DriveOptions = {}): Drive {
  const headers = [GRPC, ["te", "trailers"] as const, ...(options.headers ?? [])];
  const run = drive({ method: "POST", body: "chunked", ...options, headers });
  if (!run.sink.isOver) {
    run.send("ping");
    run.sendEnd();
  }
  return run;
}

/** As an HTTP/2 client: it takes trailers whatever it says. */
function streaming(options: DriveOptions = {}): Drive {
  const run = call(options);
  run.exchange.request.version = 20;
  run.attempt.answer(200, [GRPC]);
  run.attempt.send("message");
  return run;
}

test("a fault of ours is a gRPC status in the head alone", () => {
  const run = call({ hasRoute: false });
  assert.equal(run.sink.head?.status, 200);
  const { fields } = run.sink.head!;
  assert.equal(fields.get("content-type"), "application/grpc+proto");
  assert.equal(fields.get("grpc-status"), "12");
  assert.match(fields.get("grpc-message")!, /no route matches.*HDL_NO_ROUTE/);
  assert.equal(run.sink.body, "");
  assert.equal(run.exchange.grpcStatus, 12);
  run.assertOver();
});

test("each fault has the gRPC status of the table", () => {
  for (const code of ["HDL_UPSTREAM_RESET", "HDL_UPSTREAM_MALFORMED", "HDL_UPSTREAM_TLS_FAILED"] as const) {
    const run = call({ endpoints: [1], rule: { retry: { codes: [], attempts: 0, backoffMs: 0 } } });
    run.attempt.fail(fault(code));
    assert.equal(run.sink.head?.fields.get("grpc-status"), String(FAULTS[code].grpc), code);
    assert.equal(run.sink.head?.status, 200);
    run.assertOver();
  }
  const none = call({ hasCluster: false });
  assert.equal(
    none.sink.head?.fields.get("grpc-status"),
    "14",
    "a backend that does not resolve is UNAVAILABLE",
  );
});

test("a request that is no gRPC gets HTTP", () => {
  const run = drive({ method: "GET", hasRoute: false, headers: [GRPC] });
  assert.equal(run.sink.head?.status, 404);
  assert.equal(run.exchange.grpcStatus, -1);
});

test("a filter's refusal is a gRPC status, too", () => {
  const filters = [
    {
      name: "deny",
      requestHead: () => ({ status: 403, headers: [["x-why", "policy"]] as const, body: "not you\n" }),
    },
  ];
  const run = call({ filters });
  const { fields } = run.sink.head!;
  assert.equal(run.sink.head?.status, 200);
  assert.equal(fields.get("grpc-status"), "7");
  assert.equal(fields.get("grpc-message"), "not you");
  assert.equal(fields.get("x-why"), "policy");
  run.assertOver();
});

test("after the first message a fault is told in trailers", () => {
  const run = streaming();
  run.attempt.fail(fault("HDL_UPSTREAM_BODY_CUT_SHORT"));
  assert.equal(run.sink.fault, null);
  assert.equal(run.sink.trailers?.get("grpc-status"), "14");
  assert.match(run.sink.trailers!.get("grpc-message")!, /HDL_UPSTREAM_BODY_CUT_SHORT/);
  assert.equal(run.exchange.grpcStatus, 14);
  run.assertOver();
});

test("where trailers cannot go the exchange is reset", () => {
  const run = call();
  run.attempt.answer(200, [GRPC, ["content-length", "99"]]);
  run.attempt.send("message");
  run.attempt.fail(fault("HDL_UPSTREAM_BODY_CUT_SHORT"));
  assert.equal(run.sink.fault?.code, "HDL_UPSTREAM_BODY_CUT_SHORT");
  run.assertOver();
});

test("the status of the trailers, of the head, or of HTTP is the exchange's", () => {
  const inTrailers = streaming();
  inTrailers.attempt.end(status(5));
  assert.equal(inTrailers.exchange.grpcStatus, 5);
  const inHead = call();
  inHead.attempt.answerWhole(200, [GRPC, ["grpc-status", "7"]]);
  assert.equal(inHead.exchange.grpcStatus, 7);
  assert.equal(inHead.sink.head?.fields.get("grpc-status"), "7");
  const http = call({ rule: { retry: { codes: [], attempts: 0, backoffMs: 0 } } });
  http.attempt.respond(429, "<html>", [["content-type", "text/html"]]);
  assert.equal(http.exchange.grpcStatus, 14);
  assert.equal(http.sink.head?.status, 429, "what is no gRPC passes as it is");
  assert.equal(http.sink.body, "<html>");
  const nothing = streaming();
  nothing.attempt.end();
  assert.equal(nothing.exchange.grpcStatus, 2);
  for (const run of [inTrailers, inHead, http, nothing]) run.assertOver();
});

test("the client's deadline ends the call, and the endpoint hears of it", () => {
  const run = call({ headers: [["grpc-timeout", "250m"]] });
  assert.equal(run.attempt.head.fields.get("grpc-timeout"), "250000u");
  run.clock.advance(200);
  run.assertOpen();
  run.clock.advance(100);
  assert.equal(run.sink.head?.fields.get("grpc-status"), "4");
  assert.equal(run.attempt.fault?.code, "HDL_GRPC_DEADLINE");
  assert.equal(run.exchange.fault?.code, "HDL_GRPC_DEADLINE");
  run.assertOver();
});

test("a deadline that passes within the messages is told in trailers", () => {
  const run = streaming({ headers: [["grpc-timeout", "1S"]] });
  run.clock.advance(1_100);
  assert.equal(run.sink.trailers?.get("grpc-status"), "4");
  assert.equal(run.attempt.fault?.code, "HDL_GRPC_DEADLINE");
  run.assertOver();
});

test("a rule's timeouts lower the deadline that the endpoint hears", () => {
  const lowered = call({
    headers: [["grpc-timeout", "10S"]],
    rule: { requestTimeoutMs: 2_000, backendRequestTimeoutMs: 500 },
  });
  assert.equal(lowered.attempt.head.fields.get("grpc-timeout"), "500000u");
  lowered.attempt.answerWhole(200, [GRPC, ["grpc-status", "0"]]);
  const own = call({ rule: { requestTimeoutMs: 2_000 } });
  assert.equal(own.attempt.head.fields.get("grpc-timeout"), "2000000u");
  own.clock.advance(2_100);
  assert.equal(own.exchange.fault?.code, "HDL_ROUTE_TIMEOUT");
  assert.equal(own.sink.head?.fields.get("grpc-status"), "4");
  for (const run of [lowered, own]) run.assertOver();
});

test("another attempt hears what is left", () => {
  const run = call({
    headers: [["grpc-timeout", "1S"]],
    rule: { retry: retry([14]) },
  });
  run.clock.advance(300);
  run.attempt.answerWhole(200, [GRPC, ["grpc-status", "14"]]);
  assert.equal(run.attempts.length, 2);
  assert.equal(run.attempt.head.fields.get("grpc-timeout"), "700000u");
  run.attempt.answerWhole(200, [GRPC, ["grpc-status", "0"]]);
  run.assertOver();
});

test("a deadline that is none is refused, one that is over is over", () => {
  const malformed = call({ headers: [["grpc-timeout", "1 second"]] });
  assert.equal(malformed.attempts.length, 0);
  assert.equal(malformed.sink.head?.fields.get("grpc-status"), "13");
  const over = call({ headers: [["grpc-timeout", "0m"]] });
  assert.equal(over.attempts.length, 0);
  assert.equal(over.sink.head?.fields.get("grpc-status"), "4");
  for (const run of [malformed, over]) run.assertOver();
});

test("a route retries the gRPC codes that it names, while there is no message", () => {
  const run = call({ rule: { retry: retry([14, 8]) } });
  run.attempt.answerWhole(200, [GRPC, ["grpc-status", "14"]]);
  assert.equal(run.attempts.length, 2);
  assert.notEqual(run.attempts[0].endpoint, run.attempts[1].endpoint);
  assert.equal(run.attempt.body, "ping");
  run.attempt.answer(200, [GRPC]);
  run.attempt.send("message");
  run.attempt.end(status(14));
  assert.equal(run.attempts.length, 2, "messages have reached the client");
  assert.equal(run.sink.trailers?.get("grpc-status"), "14");
  run.assertOver();
});

test("other codes are not retried, nor any without the route's word", () => {
  for (const rule of [{ retry: retry([8]) }, { retry: { codes: [503], attempts: 2, backoffMs: 0 } }, {}]) {
    const run = call({ rule });
    run.attempt.answerWhole(200, [GRPC, ["grpc-status", "14"]]);
    assert.equal(run.attempts.length, 1);
    assert.equal(run.sink.head?.fields.get("grpc-status"), "14");
    run.assertOver();
  }
});

/** An answer that a route with `retry` tries again, whose endpoint says what it thinks of that. */
function pushBack(run: Drive, text: string): void {
  run.attempt.answerWhole(200, [GRPC, ["grpc-status", "14"], ["grpc-retry-pushback-ms", text]]);
}

test("a pushback is waited for instead of the route's pause; after it pauses are short again (gRFC A6)", () => {
  const run = call({ rule: { retry: { ...retry([14], 4), backoffMs: 100 } } });
  run.attempt.answerWhole(200, [GRPC, ["grpc-status", "14"]]);
  run.clock.advance(220);
  assert.equal(run.attempts.length, 2, "the route's pause");
  pushBack(run, "5000");
  run.clock.advance(4_900);
  assert.equal(run.attempts.length, 2);
  run.clock.advance(120);
  assert.equal(run.attempts.length, 3);
  run.attempt.answerWhole(200, [GRPC, ["grpc-status", "14"]]);
  run.clock.advance(220);
  assert.equal(run.attempts.length, 4, "as the first pause, not twice as long");
  pushBack(run, "0");
  assert.equal(run.attempts.length, 5, "at once");
  run.attempt.answerWhole(200, [GRPC, ["grpc-status", "0"]]);
  run.assertOver();
});

test("a pushback that asks for no retry, or cannot be read, is the answer, and reaches the client", () => {
  for (const text of ["-1", "-0", "", "soon", "1.5", "+1", "0x1", "2147483648", "99999999999", "1 2"]) {
    const run = call({ rule: { retry: retry([14]) } });
    pushBack(run, text);
    assert.equal(run.attempts.length, 1, text);
    assert.equal(run.sink.head?.fields.get("grpc-retry-pushback-ms"), text);
    run.assertOver();
  }
});

test("a wait that outlasts the deadline, or a minute, is left to the client", () => {
  const headers = [["grpc-timeout", "2S"]] as const;
  for (const [options, text] of [
    [{ headers }, "2000"],
    [{ rule: { requestTimeoutMs: 1_000 } }, "1000"],
    [{}, "60001"],
  ] as const) {
    const run = call({ ...options, rule: { ...("rule" in options && options.rule), retry: retry([14]) } });
    pushBack(run, text);
    assert.equal(run.attempts.length, 1, text);
    assert.equal(run.sink.head?.fields.get("grpc-status"), "14");
    run.assertOver();
  }
  const inTime = call({ headers, rule: { retry: retry([14]) } });
  pushBack(inTime, "1000");
  inTime.clock.advance(1_020);
  assert.equal(inTime.attempts.length, 2);
  inTime.attempt.answerWhole(200, [GRPC, ["grpc-status", "0"]]);
  inTime.assertOver();
});

test("a pushback asks for nothing that the route does not retry, and means nothing outside of gRPC", () => {
  const other = call({ rule: { retry: retry([8]) } });
  pushBack(other, "10");
  assert.equal(other.attempts.length, 1);
  const http = drive({ method: "GET", rule: { retry: { codes: [503], attempts: 1, backoffMs: 0 } } });
  http.attempt.answerWhole(503, [["grpc-retry-pushback-ms", "-1"]]);
  assert.equal(http.attempts.length, 2);
  http.attempt.respond(200, "ok");
  for (const run of [other, http]) run.assertOver();
});

test("a broken attempt is retried where the route names what it stands for", () => {
  const asked = call({ rule: { retry: retry([14]) } });
  asked.attempt.fail(fault("HDL_UPSTREAM_RESET"));
  assert.equal(asked.attempts.length, 2);
  asked.attempt.answerWhole(200, [GRPC, ["grpc-status", "0"]]);
  const other = call({ rule: { retry: retry([8]) } });
  other.attempt.fail(fault("HDL_UPSTREAM_RESET"));
  assert.equal(other.attempts.length, 1, "a call is a POST: it may have been acted on");
  for (const run of [asked, other]) run.assertOver();
});

test("an HTTP error of a proxy between is retried as the status that a client makes of it", () => {
  const run = call({ rule: { retry: retry([14]) } });
  run.attempt.answer(502, [["content-type", "text/html"]]);
  assert.equal(run.attempts.length, 2);
  run.attempt.answerWhole(200, [GRPC, ["grpc-status", "0"]]);
  run.assertOver();
});

test("a client that goes away takes the endpoint's call with it", () => {
  const run = streaming();
  run.client.onRequestReset(fault("HDL_DOWNSTREAM_RESET"));
  assert.equal(run.attempt.fault?.code, "HDL_DOWNSTREAM_RESET");
  run.assertOver();
});

test("UNAVAILABLE counts against an endpoint, whether in the head or behind messages; other codes do not", () => {
  const settings = { ejectAfterFaults: 2 };
  const first = call({ settings, endpoints: [1, 2] });
  const { cluster } = first;
  const ejected = () => cluster.endpoints.filter(({ isAvailable }) => !isAvailable).length;
  first.attempt.answerWhole(200, [GRPC, ["grpc-status", "14"]]);
  for (let i = 0; i < 8 && ejected() === 0; i++) {
    const run = call({ cluster });
    run.attempt.answer(200, [GRPC]);
    run.attempt.end(status(14));
    run.assertOver();
  }
  assert.equal(ejected(), 1);
  const sound = call({ settings, endpoints: [1, 2] });
  sound.attempt.answerWhole(200, [GRPC, ["grpc-status", "4"]]);
  for (const code of [4, 4, 4, 4, 13, 2, 5]) {
    const run = call({ cluster: sound.cluster });
    run.attempt.answer(200, [GRPC]);
    run.attempt.end(status(code));
  }
  assert.equal(sound.cluster.endpoints.filter(({ isAvailable }) => !isAvailable).length, 0);
});
