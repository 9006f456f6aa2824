import assert from "node:assert/strict";
import { test } from "node:test";
import { makeFault } from "../base/index.ts";
import type { BalancingSpec, HashKeySpec } from "../model/index.ts";
import { drive } from "./flow-driver.suite.ts";
import type { Drive } from "./flow-driver.suite.ts";

const PORTS = [1, 2, 3, 4, 5];
const maglev = (hash: HashKeySpec): BalancingSpec => ({
  algorithm: "maglev",
  hash,
  maglev: { tableSize: 251 },
});
const byUser = maglev({ on: "header", name: "x-user" });
const byCookie = maglev({ on: "cookie", name: "shop", cookie: { ttlMs: 3_600_000, path: "/cart" } });

/** Where requests with these fields go, each answered, in one cluster. */
function endpointsOf(first: Drive, ...requests: (readonly [string, string])[]): string[] {
  return requests.map((field) => {
    const run = drive({ cluster: first.cluster, headers: [field] });
    run.attempt.respond(200, "ok");
    return run.attempt.endpoint.name;
  });
}

test("requests with one key go to one endpoint, others to others", () => {
  const first = drive({ balancing: byUser, endpoints: PORTS, headers: [["x-user", "ada"]] });
  const { name } = first.attempt.endpoint;
  first.attempt.respond(200, "ok");
  const again = endpointsOf(first, ["x-user", "ada"], ["x-user", "ada"]);
  assert.deepEqual(again, [name, name]);
  const users = Array.from({ length: 50 }, (_, i) => ["x-user", `u${i}`] as const);
  assert.equal(new Set(endpointsOf(first, ...users)).size, PORTS.length);
});

test("a retry goes to another endpoint, the same for each request of the key", () => {
  const second = () => {
    const run = drive({ balancing: byUser, endpoints: PORTS, headers: [["x-user", "ada"]] });
    const { endpoint } = run.attempt;
    run.attempt.fail(makeFault("HDL_UPSTREAM_CONNECT_FAILED", "refused"));
    assert.notEqual(run.attempt.endpoint, endpoint);
    run.attempt.respond(200, "ok");
    return run.attempt.endpoint.name;
  };
  assert.equal(second(), second());
});

test("a client without the cookie gets one, which leads it to the endpoint of its first request", () => {
  const first = drive({ balancing: byCookie, endpoints: PORTS });
  const { endpoint } = first.attempt;
  first.attempt.respond(200, "ok");
  const cookie = first.sink.head?.fields.get("set-cookie") ?? "";
  assert.match(cookie, /^shop=[0-9a-f]{16}; Path=\/cart; HttpOnly; SameSite=Lax; Max-Age=3600$/);
  const next = drive({ cluster: first.cluster, headers: [["cookie", `a=b; ${cookie.split(";")[0]}`]] });
  assert.equal(next.attempt.endpoint, endpoint);
  next.attempt.respond(200, "ok");
  assert.equal(next.sink.head?.fields.has("set-cookie"), false);
});

test("the cookie's key holds through retries", () => {
  const first = drive({ balancing: byCookie, endpoints: PORTS });
  first.attempt.fail(makeFault("HDL_UPSTREAM_CONNECT_FAILED", "refused"));
  first.attempt.respond(200, "ok");
  const cookie = first.sink.head!.fields.get("set-cookie")!.split(";")[0];
  const failed = first.attempts[0].endpoint;
  const next = drive({ cluster: first.cluster, headers: [["cookie", cookie]] });
  assert.equal(next.attempt.endpoint, failed);
});

test("no cookie is made where none is asked for", () => {
  const run = drive({ balancing: maglev({ on: "cookie", name: "shop" }), endpoints: PORTS });
  run.attempt.respond(200, "ok");
  assert.equal(run.sink.head?.fields.has("set-cookie"), false);
});

const sticky: BalancingSpec = {
  algorithm: "round-robin",
  sticky: { name: "sid", type: "Cookie", absoluteTimeoutMs: 0, idleTimeoutMs: 0, isPermanent: false },
};

test("a cluster keeps sessions where the rule says nothing of them", () => {
  const first = drive({ balancing: sticky, endpoints: PORTS });
  const { endpoint } = first.attempt;
  first.attempt.respond(200, "ok");
  const cookie = first.sink.head!.fields.get("set-cookie")!.split(";")[0];
  assert.match(cookie, /^sid=/);
  assert.deepEqual(endpointsOf(first, ["cookie", cookie], ["cookie", cookie]), [
    endpoint.name,
    endpoint.name,
  ]);
  endpoint.isHealthy = false;
  assert.notEqual(endpointsOf(first, ["cookie", cookie])[0], endpoint.name);
});

test("a rule's own session persistence goes before the cluster's", () => {
  const sessionPersistence = { ...sticky.sticky!, name: "own" };
  const run = drive({ balancing: sticky, endpoints: PORTS, rule: { sessionPersistence } });
  run.attempt.respond(200, "ok");
  assert.deepEqual(
    run.sink.head!.fields.getAll("set-cookie").map((cookie) => cookie.slice(0, 4)),
    ["own="],
  );
});
