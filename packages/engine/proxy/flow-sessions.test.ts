import assert from "node:assert/strict";
import { test } from "node:test";
import type { SessionPersistenceSpec } from "../model/index.ts";
import { drive } from "./flow-driver.suite.ts";
import type { Drive } from "./flow-driver.suite.ts";

const spec: SessionPersistenceSpec = {
  name: "sid",
  type: "Cookie",
  absoluteTimeoutMs: 0,
  idleTimeoutMs: 0,
  isPermanent: false,
};
const withSession = (over: Partial<SessionPersistenceSpec> = {}) => ({
  sessionPersistence: { ...spec, ...over },
});

function cookieOf(run: Drive): string {
  const cookie = run.sink.head?.fields.get("set-cookie");
  assert.ok(cookie !== undefined, "a session was issued");
  return cookie.split(";")[0];
}

test("a response carries the session, whatever its shape", () => {
  const rule = withSession();
  for (const answer of [
    (run: Drive) => run.attempt.respond(200, "ok"),
    (run: Drive) => run.attempt.answerWhole(204),
  ]) {
    const run = drive({ rule });
    answer(run);
    assert.match(cookieOf(run), /^sid=[0-9a-z]+\.[0-9a-z]+\.[0-9a-z]+$/);
    assert.match(run.sink.head!.fields.get("set-cookie")!, /; HttpOnly; SameSite=Lax$/);
    run.assertOver();
  }
});

test("a session goes on at its endpoint, and is not issued again", () => {
  const rule = withSession();
  const first = drive({ rule, endpoints: [1, 2, 3] });
  const { endpoint } = first.attempt;
  first.attempt.respond(200, "ok");
  for (let i = 0; i < 3; i++) {
    const next = drive({ rule, cluster: first.cluster, headers: [["cookie", `a=b; ${cookieOf(first)}`]] });
    assert.equal(next.attempt.endpoint, endpoint);
    next.attempt.respond(200, "ok");
    assert.equal(next.sink.head?.fields.has("set-cookie"), false);
  }
});

test("a session whose endpoint is gone, or was made up, starts anew", () => {
  const rule = withSession();
  const first = drive({ rule, endpoints: [1, 2] });
  const { endpoint } = first.attempt;
  first.attempt.respond(200, "ok");
  endpoint.isHealthy = false;
  for (const cookie of [cookieOf(first), "sid=nobody.1.1", "sid=x", "sid=", "sid=..", "other=1"]) {
    const next = drive({ rule, cluster: first.cluster, headers: [["cookie", cookie]] });
    assert.notEqual(next.attempt.endpoint, endpoint);
    next.attempt.respond(200, "ok");
    assert.notEqual(cookieOf(next), cookie);
  }
});

test("a session in a header", () => {
  const rule = withSession({ type: "Header", name: "X-Session" });
  const first = drive({ rule, endpoints: [1, 2] });
  first.attempt.respond(200, "ok");
  const token = first.sink.head?.fields.get("x-session");
  assert.ok(token !== undefined);
  const next = drive({ rule, cluster: first.cluster, headers: [["x-session", token]] });
  assert.equal(next.attempt.endpoint, first.attempts[0].endpoint);
  next.attempt.respond(200, "ok");
});

test("an attempt that fails leaves its session's endpoint, and the answer names the new one", () => {
  const rule = withSession();
  const first = drive({ rule, endpoints: [1, 2] });
  const { endpoint } = first.attempt;
  first.attempt.respond(200, "ok");
  const next = drive({ rule, cluster: first.cluster, headers: [["cookie", cookieOf(first)]] });
  next.attempt.fail({
    code: "HDL_UPSTREAM_CONNECT_FAILED",
    source: "upstream",
    retry: "never-sent",
    message: "",
    cause: undefined,
  });
  assert.notEqual(next.attempt.endpoint, endpoint);
  next.attempt.respond(200, "ok");
  assert.notEqual(cookieOf(next), cookieOf(first));
});

test("a session ends by age, however much it is used", () => {
  const rule = withSession({ absoluteTimeoutMs: 60_000, isPermanent: true });
  const first = drive({ rule, endpoints: [1, 2, 3] });
  first.attempt.respond(200, "ok");
  assert.match(first.sink.head!.fields.get("set-cookie")!, /; Max-Age=60$/);
  const { cluster, clock } = first;
  const headers = [["cookie", cookieOf(first)]] as const;
  clock.advance(59_000);
  const known = drive({ rule, cluster, headers });
  assert.equal(known.attempt.endpoint, first.attempts[0].endpoint);
  known.attempt.respond(200, "ok");
  clock.advance(2_000);
  const late = drive({ rule, cluster, headers });
  late.attempt.respond(200, "ok");
  assert.notEqual(cookieOf(late), headers[0][1]);
});

test("a session ends when it is not used; each use begins its time again", () => {
  const rule = withSession({ idleTimeoutMs: 30_000 });
  const first = drive({ rule, endpoints: [1, 2, 3] });
  first.attempt.respond(200, "ok");
  const { cluster, clock } = first;
  let cookie = cookieOf(first);
  const { endpoint } = first.attempts[0];
  for (let i = 0; i < 3; i++) {
    clock.advance(20_000);
    const next = drive({ rule, cluster, headers: [["cookie", cookie]] });
    assert.equal(next.attempt.endpoint, endpoint);
    next.attempt.respond(200, "ok");
    cookie = cookieOf(next);
  }
  clock.advance(32_000);
  const idle = drive({ rule, cluster, headers: [["cookie", cookie]] });
  idle.attempt.respond(200, "ok");
  assert.notEqual(cookieOf(idle).split(".")[1], cookie.split(".")[1], "issued anew");
});
