import assert from "node:assert/strict";
import { test } from "node:test";
import { makeFault } from "../base/index.ts";
import { Fields } from "../message/index.ts";
import { drive } from "./flow-driver.suite.ts";
import type { Drive, DriveOptions } from "./flow-driver.suite.ts";

const GRPC: readonly [string, string] = ["content-type", "application/grpc+proto"];
const status = (code: string) =>
  Fields.of([
    ["grpc-status", code],
    ["x-cost", "3"],
  ]);

function call(contentType: string, options: DriveOptions = {}): Drive {
  const headers = [["content-type", contentType] as const, ...(options.headers ?? [])];
  return drive({
    method: "POST",
    body: "chunked",
    ...options,
    headers,
    rule: { translatesGrpcWeb: true, ...options.rule },
  });
}

const frame = (text: string) => `\x80\0\0\0${String.fromCharCode(text.length)}${text}`;

/** Octets of the sink as it got them: the scripted one reads them as UTF-8. */
const bodyOf = (run: Drive) => run.sink.body.replaceAll("�", "\x80");

const fromBase64 = (text: string) =>
  text
    .match(/[^=]+=*/g)!
    .map((part) => Buffer.from(part, "base64").toString("latin1"))
    .join("");

test("a binary call is gRPC behind, and its trailers are the last frame", () => {
  const run = call("application/grpc-web+proto", {
    headers: [
      ["x-grpc-web", "1"],
      ["accept", "application/grpc-web+proto"],
    ],
  });
  run.send("ping");
  run.sendEnd();
  const { head } = run.attempt;
  assert.equal(head.fields.get("content-type"), "application/grpc+proto");
  assert.equal(head.acceptsTrailers, true);
  assert.equal(head.fields.has("x-grpc-web"), false);
  assert.equal(head.fields.get("grpc-accept-encoding"), "identity");
  assert.equal(run.attempt.body, "ping");
  run.attempt.answer(200, [GRPC, ["x-id", "7"]]);
  run.attempt.send("message");
  run.attempt.end(status("0"));
  assert.equal(run.sink.head?.fields.get("content-type"), "application/grpc-web+proto");
  assert.equal(run.sink.head?.fields.get("x-id"), "7");
  assert.equal(bodyOf(run), `message${frame("grpc-status:0\r\nx-cost:3\r\n")}`);
  assert.equal(run.sink.trailers, null);
  assert.equal(run.exchange.grpcStatus, 0);
  run.assertOver();
});

test("a text call is decoded, and answered in text", () => {
  const run = call("application/grpc-web-text");
  // Two chunks, each padded by itself, and cut within.
  const text = Buffer.from("ping").toString("base64") + Buffer.from("pong!").toString("base64");
  run.send(text.slice(0, 5), text.slice(5));
  run.sendEnd();
  assert.equal(run.attempt.body, "pingpong!");
  run.attempt.answer(200, [GRPC]);
  run.attempt.send("message");
  run.attempt.end(status("5"));
  assert.equal(run.sink.head?.fields.get("content-type"), "application/grpc-web-text+proto");
  assert.equal(fromBase64(run.sink.body), `message${frame("grpc-status:5\r\nx-cost:3\r\n")}`);
  run.assertOver();
});

test("Accept decides on the form of the answer", () => {
  const run = call("application/grpc-web", { headers: [["accept", "application/grpc-web-text"]] });
  run.sendEnd();
  run.attempt.answer(200, [GRPC]);
  run.attempt.end(status("0"));
  assert.match(run.sink.body, /^[A-Za-z0-9+/=]+$/);
  run.assertOver();
});

test("a status without messages is a frame, too", () => {
  const run = call("application/grpc-web");
  run.sendEnd();
  run.attempt.answerWhole(200, [GRPC, ["grpc-status", "16"], ["grpc-message", "who"], ["x-id", "7"]]);
  assert.equal(run.sink.head?.fields.has("grpc-status"), false);
  assert.equal(run.sink.head?.fields.get("x-id"), "7");
  const text = "grpc-status:16\r\ngrpc-message:who\r\n";
  assert.equal(bodyOf(run), frame(text));
  assert.equal(run.sink.head?.fields.get("content-length"), String(5 + text.length));
  run.assertOver();
});

test("faults of ours are frames, before messages and behind them, with a route and without", () => {
  const before = call("application/grpc-web", { hasCluster: false });
  assert.match(bodyOf(before), /^\x80[^]{4}grpc-status:14\r\n/);
  const behind = call("application/grpc-web");
  behind.sendEnd();
  behind.attempt.answer(200, [GRPC]);
  behind.attempt.send("message");
  behind.attempt.fail(makeFault("HDL_UPSTREAM_BODY_CUT_SHORT", "scripted"));
  assert.match(bodyOf(behind), /^message\x80[^]{4}grpc-status:14\r\n/);
  const noRoute = call("application/grpc-web-text+proto", { hasRoute: false });
  assert.equal(noRoute.sink.head?.status, 200);
  assert.equal(noRoute.sink.head?.fields.get("content-type"), "application/grpc-web-text+proto");
  assert.match(fromBase64(noRoute.sink.body), /grpc-status:12\r\n/);
  for (const run of [before, behind, noRoute]) run.assertOver();
});

test("what is no base64 is refused", () => {
  for (const body of ["AA*A", "AAA"]) {
    const run = call("application/grpc-web-text");
    run.send(body);
    if (!run.sink.isOver) run.sendEnd();
    assert.match(fromBase64(run.sink.body), /grpc-status:13\r\n/, body);
    assert.equal(run.exchange.fault?.code, "HDL_REQUEST_MALFORMED");
    run.assertOver();
  }
});

test("a response that is no gRPC passes as it is", () => {
  const run = call("application/grpc-web");
  run.sendEnd();
  run.attempt.respond(404, "<html>", [["content-type", "text/html"]]);
  assert.equal(run.sink.head?.status, 404);
  assert.equal(run.sink.body, "<html>");
  run.assertOver();
});

test("without the rule's word gRPC-Web passes untouched", () => {
  const run = call("application/grpc-web-text", { rule: { translatesGrpcWeb: false } });
  run.send("AAAA");
  run.sendEnd();
  assert.equal(run.attempt.head.fields.get("content-type"), "application/grpc-web-text");
  assert.equal(run.attempt.body, "AAAA");
  run.attempt.respond(200, "gAAAAA", [["content-type", "application/grpc-web-text"]]);
  assert.equal(run.sink.body, "gAAAAA");
  run.assertOver();
});
