import assert from "node:assert/strict";
import { test } from "node:test";
import { testFilter, type BackendScript } from "@heddle/filters/testing";
import entitlements from "./entitlements.ts";

const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

function open(script: BackendScript, subject: string | null = "ada") {
  const principal = subject === null ? {} : { principal: { subject, issuer: "", method: "jwt", claims: {} } };
  const options = { backends: { entitlements: script }, data: { token: "t0p" }, ...principal };
  return testFilter(entitlements, { product: "reports" }, options);
}

const yes = () => ({ body: '{"allowed":true}' });

test("the service is asked once for a while, with our token", async () => {
  const filter = await open(yes, "ada & co");
  for (let i = 0; i < 3; i++) assert.equal((await filter.fetch("/")).status, 200);
  const { requests } = filter.backends["entitlements"]!;
  assert.equal(requests.length, 1);
  assert.equal(requests[0]!.path, "/v1/reports/ada%20%26%20co");
  assert.equal(requests[0]!.headers["authorization"], "Bearer t0p");
  filter.clock.advance(30_001);
  await filter.fetch("/");
  assert.equal(requests.length, 2);
  assert.deepEqual(filter.counters, { asked: 2, known: 2 });
});

test("requests that come at once ask once; one that goes away takes no answer from the others", async () => {
  const answer = Promise.withResolvers<{ body: string }>();
  const filter = await open(() => answer.promise);
  const client = new AbortController();
  const leaver = filter.fetch("/", { signal: client.signal });
  const others = [filter.fetch("/"), filter.fetch("/")];
  await settled();
  client.abort(new Error("gone"));
  await assert.rejects(leaver, /gone/);
  answer.resolve(yes());
  for (const response of await Promise.all(others)) assert.equal(response.status, 200);
  assert.equal(filter.backends["entitlements"]!.requests.length, 1);
  assert.equal(filter.upstream.requests.length, 2);
});

test("who is not entitled, or not known, goes no further", async () => {
  for (const [script, subject, status] of [
    [() => ({ body: '{"allowed":false}' }), "ada", 403],
    [() => ({ status: 404 }), "ada", 403],
    [yes, null, 401],
    [() => ({ status: 500 }), "ada", 503],
    [() => ({ body: "no json" }), "ada", 503],
    [() => "reset", "ada", 503],
  ] as const) {
    const filter = await open(script as BackendScript, subject);
    assert.equal((await filter.fetch("/")).status, status);
    assert.equal(filter.upstream.requests.length, 0);
  }
});

test("a service that hangs is given up, and asked again", async () => {
  let hangs = true;
  const filter = await open(() => (hangs ? new Promise<never>(() => {}) : yes()));
  const late = filter.fetch("/");
  await settled();
  filter.clock.advance(1_001);
  assert.equal((await late).status, 503);
  hangs = false;
  assert.equal((await filter.fetch("/")).status, 200);
});
