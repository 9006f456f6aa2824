import assert from "node:assert/strict";
import { test } from "node:test";
import { makeFault, TimerWheel } from "../base/index.ts";
import { Fields, RequestHead } from "../message/index.ts";
import { DEFAULT_CLUSTER_SETTINGS } from "../model/index.ts";
import { FakeClock } from "@heddle/testkit";
import { ScriptedCluster } from "./scripted-cluster.suite.ts";
import type { ClusterScript } from "./scripted-cluster.suite.ts";
import { ClusterCall } from "./side-call.ts";

function call(bodyLength: number, script: Partial<ClusterScript> = {}, ports: readonly number[] = [1]) {
  const clock = new FakeClock();
  const cluster = new ScriptedCluster(
    DEFAULT_CLUSTER_SETTINGS,
    ports,
    { clock, wheel: new TimerWheel(clock) },
    { openFaults: [], opensSlowly: false, ...script },
  );
  const head = new RequestHead("POST", "http", "shop.example", "/", "", new Fields());
  head.bodyLength = bodyLength;
  const seen: string[] = [];
  const side = new ClusterCall(cluster, head, {
    onHead: ({ status }) => void seen.push(String(status)),
    onBody: (chunk) => void seen.push(Buffer.from(chunk).toString()),
    onTrailers: (trailers) => void seen.push(`trailers ${trailers.get("grpc-status")}`),
    onEnd: (fault) => void seen.push(fault ?? "end"),
  });
  return { side, cluster, seen, attempt: cluster.attempts[0] };
}

test("a side call carries a body there and an answer back, and ends once", () => {
  const { side, cluster, seen, attempt } = call(4);
  side.writeBody(Buffer.from("ping"));
  side.writeEnd();
  assert.equal(attempt.body, "ping");
  assert.ok(attempt.hasEnded);
  attempt.respond(200, "pong");
  side.abort();
  assert.deepEqual(seen, ["200", "pong", "end"]);
  cluster.assertIdle();
});

test("a side call has the trailers of its answer before its end", () => {
  const { cluster, seen, attempt } = call(0);
  attempt.answer(200);
  attempt.send("pong");
  attempt.end(Fields.of([["grpc-status", "7"]]));
  assert.deepEqual(seen, ["200", "pong", "trailers 7", "end"]);
  cluster.assertIdle();
});

test("a side call without a body is whole at once", () => {
  const { cluster, seen, attempt } = call(0);
  assert.ok(attempt.isWhole);
  attempt.answerWhole(204);
  assert.deepEqual(seen, ["204", "end"]);
  cluster.assertIdle();
});

test("a side call is not tried again; its fault is its end", () => {
  const { cluster, seen, attempt } = call(0);
  attempt.fail(makeFault("HDL_UPSTREAM_CONNECT_FAILED", "scripted"));
  assert.deepEqual(seen, ["HDL_UPSTREAM_CONNECT_FAILED"]);
  assert.equal(cluster.attempts.length, 1);
  cluster.assertIdle();
});

test("a side call that cannot begin ends at once, and takes what is written without harm", () => {
  const overflow = makeFault("HDL_UPSTREAM_OVERFLOW", "full");
  for (const { side, cluster, seen } of [call(4, {}, []), call(4, { openFaults: [overflow] })]) {
    assert.equal(seen.length, 1);
    side.writeBody(Buffer.from("ping"));
    side.writeEnd();
    side.abort();
    assert.equal(seen.length, 1);
    cluster.assertIdle();
  }
});

test("an early answer ends the call; the rest of the body is dropped", () => {
  const { side, cluster, seen, attempt } = call(8);
  side.writeBody(Buffer.from("ping"));
  attempt.respond(413, "no");
  side.writeBody(Buffer.from("pong"));
  side.writeEnd();
  assert.equal(attempt.body, "ping");
  assert.deepEqual(seen, ["413", "no", "end"]);
  cluster.assertIdle();
});

test("abort resets the attempt", () => {
  const { side, cluster, seen, attempt } = call(8);
  side.abort();
  assert.equal(attempt.fault?.code, "HDL_DOWNSTREAM_RESET");
  assert.deepEqual(seen, ["HDL_DOWNSTREAM_RESET"]);
  cluster.assertIdle();
});

test("pending bytes count from where the endpoint holds back, until it drains", () => {
  const { side, attempt } = call(8);
  side.writeBody(Buffer.from("ping"));
  assert.equal(side.pendingBytes, 0);
  attempt.isFull = true;
  side.writeBody(Buffer.from("ping"));
  side.writeBody(Buffer.from("pong!"));
  assert.equal(side.pendingBytes, 9);
  attempt.drain();
  assert.equal(side.pendingBytes, 0);
});
