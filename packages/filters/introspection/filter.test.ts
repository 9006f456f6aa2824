import assert from "node:assert/strict";
import { test } from "node:test";
import { Credentials, Fields, ResponseHead } from "@heddle/engine/message";
import type { Exchange } from "@heddle/engine/message";
import { makeExchange, RecordingContext } from "../filter-run.suite.ts";
import type { IntrospectionConfig } from "./config.ts";
import { introspection } from "./filter.ts";

const config: IntrospectionConfig = {
  cluster: "id",
  authority: "id:80",
  path: "/introspect",
  clientId: "shop 1",
  clientSecret: "secret",
  clientAuthentication: "basic",
  timeoutMs: 1000,
  issuer: "https://id.example",
  audiences: [],
  cacheTtlMs: 10_000,
  negativeTtlMs: 1_000,
  maxEntries: 2,
  claimHeaders: [{ claim: ["sub"], header: "x-user" }],
  forwards: true,
};

class Rig {
  readonly context = new RecordingContext();
  readonly filter;

  constructor(change: Partial<IntrospectionConfig> = {}) {
    this.context.data("secret").set("s:cret");
    this.filter = introspection.create({ ...config, ...change }, this.context);
  }

  ask(headers: readonly (readonly [string, string])[], credentials: Credentials | null = null): Exchange {
    const exchange = makeExchange({ headers });
    exchange.credentials = credentials;
    void this.filter.requestHead!(exchange);
    return exchange;
  }

  async answer(body: unknown, status = 200): Promise<void> {
    const { events } = this.context.calls.at(-1)!;
    events.onHead?.(new ResponseHead(status, new Fields()));
    events.onBody?.(Buffer.from(typeof body === "string" ? body : JSON.stringify(body)));
    events.onEnd?.(undefined);
    await settle();
  }
}

const settle = () => new Promise((resolve) => setImmediate(resolve));
const bearer = (token: string) => [["authorization", `Bearer ${token}`]] as const;
const now = Date.UTC(2026, 0, 1) / 1000;
const alice = { active: true, sub: "alice", scope: "read", exp: now + 5 };

test("the server is asked as RFC 7662 says, and its word is the principal", async () => {
  const rig = new Rig();
  const exchange = rig.ask([...bearer("t+k"), ["x-user", "admin"]]);
  const { request, body, cluster } = rig.context.calls[0]!;
  assert.equal(
    `${cluster} ${request.method} ${request.authority}${request.path}`,
    "id POST id:80/introspect",
  );
  const basic = Buffer.from(request.fields.get("authorization")!.slice(6), "base64").toString();
  assert.equal(basic, "shop+1:s%3Acret");
  assert.equal(body, "token=t%2Bk&token_type_hint=access_token");
  await rig.answer(alice);
  const { principal, rejection } = exchange.credentials!;
  assert.equal(rejection, "");
  assert.deepEqual(principal, {
    subject: "alice",
    issuer: "https://id.example",
    method: "introspection",
    claims: { sub: "alice", scope: "read", exp: now + 5 },
  });
  assert.deepEqual(exchange.request.fields.getAll("x-user"), ["alice"]);
});

test("a token is asked about once, and again when it or the cache's time is over", async () => {
  const rig = new Rig();
  const [one, two] = [rig.ask(bearer("t")), rig.ask(bearer("t"))];
  assert.equal(rig.context.calls.length, 1);
  await rig.answer(alice);
  const three = rig.ask(bearer("t"));
  for (const { credentials } of [one, two, three]) assert.equal(credentials!.principal!.subject, "alice");
  assert.equal(rig.context.calls.length, 1);
  rig.context.clock.advance(5_001);
  rig.ask(bearer("t"));
  assert.equal(rig.context.calls.length, 2);
});

test("a clock that is set does not make an answer good for longer, nor a bad one", async () => {
  for (const [answer, ttlMs] of [
    [{ ...alice, exp: now + 86_400 }, 10_000],
    [{ active: false }, 1_000],
  ] as const) {
    const rig = new Rig();
    rig.ask(bearer("t"));
    await rig.answer(answer);
    rig.context.clock.setWall((now - 7_200) * 1000);
    rig.context.clock.advance(ttlMs - 1);
    rig.ask(bearer("t"));
    assert.equal(rig.context.calls.length, 1);
    rig.context.clock.advance(1);
    rig.ask(bearer("t"));
    assert.equal(rig.context.calls.length, 2);
  }
  const rig = new Rig();
  rig.ask(bearer("t"));
  await rig.answer(alice);
  rig.context.clock.setWall((now + 6) * 1000);
  rig.ask(bearer("t"));
  assert.equal(rig.context.calls.length, 2, "it has expired");
});

test("that a token is not active is kept too, for its own time, within the bound", async () => {
  const rig = new Rig();
  rig.ask(bearer("a"));
  await rig.answer({ active: false });
  assert.equal(rig.ask(bearer("a")).credentials!.rejection, "the token is not active");
  assert.equal(rig.context.calls.length, 1);
  for (const other of ["b", "c"]) {
    rig.ask(bearer(other));
    await rig.answer({ active: false });
  }
  rig.ask(bearer("a"));
  assert.equal(rig.context.calls.length, 4, "the first made room");
  rig.context.clock.advance(1_001);
  rig.ask(bearer("c"));
  assert.equal(rig.context.calls.length, 5);
});

test("without a word nobody is let in, and the next request asks again", async () => {
  const failures: [unknown, number][] = [
    ["", 200],
    ["[]", 200],
    ["null", 200],
    ['"active"', 200],
    ['{"active":"true","sub":"x"}', 200],
    ['{"active":1,"sub":"x"}', 200],
    ['{"active":true,"sub":"x","exp":"9999999999"}', 200],
    ['{"active":true,"sub":"x","__proto__":{"a":1}}', 200],
    [alice, 201],
    [alice, 401],
    [alice, 500],
    ["x".repeat(70_000), 200],
  ];
  for (const [body, status] of failures) {
    const rig = new Rig();
    const exchange = rig.ask(bearer("t"));
    await rig.answer(body, status);
    assert.equal(exchange.credentials!.principal, null, `${status} ${JSON.stringify(body).slice(0, 60)}`);
    assert.equal(exchange.credentials!.rejection, "the token could not be checked");
    rig.ask(bearer("t"));
    assert.equal(rig.context.calls.length, 2);
  }
  const late = new Rig();
  const exchange = late.ask(bearer("t"));
  late.context.clock.advance(1_000);
  await settle();
  assert.notEqual(exchange.credentials!.rejection, "");
  assert.deepEqual(late.context.events, ["failed"]);
  const lost = new Rig();
  lost.context.data("secret").set(undefined);
  const without = lost.ask(bearer("t"));
  await settle();
  assert.notEqual(without.credentials!.rejection, "");
  assert.equal(lost.context.calls.length, 0, "without its secret nobody is asked");
});

test("active is not enough: who, when and for whom count", async () => {
  const cases: [object, string][] = [
    [{ active: true }, "the token speaks for nobody"],
    [{ active: true, sub: "" }, "the token speaks for nobody"],
    [{ ...alice, exp: now - 1 }, "the token has expired"],
    [{ ...alice, nbf: now + 60 }, "the token is not valid yet"],
    [{ ...alice, aud: "bank" }, "the token is for another audience"],
    [alice, "the token is for another audience"],
    [{ ...alice, aud: ["bank", "shop"] }, ""],
  ];
  for (const [body, reason] of cases) {
    const rig = new Rig({ audiences: ["shop"] });
    const exchange = rig.ask(bearer("t"));
    await rig.answer({ aud: body === alice ? undefined : "shop", ...body });
    assert.equal(exchange.credentials!.rejection, reason);
  }
});

test("names of its claims are no client's, whichever way let it in", () => {
  const rig = new Rig();
  const signed = new Credentials();
  signed.accept({ subject: "bob", issuer: "", method: "http-signatures", claims: {} });
  for (const headers of [[["x-user", "root"]], [...bearer("t"), ["X-User", "root"]]] as const)
    assert.equal(rig.ask(headers, signed).request.fields.has("x-user"), false);
  const trailers = Fields.of([["x-user", "root"]]);
  rig.filter.requestTrailers!(makeExchange(), trailers);
  assert.equal(trailers.size, 0);
});

test("what another way took or refused is left alone, and what is none is only challenged", () => {
  const rig = new Rig();
  const taken = new Credentials();
  taken.accept({ subject: "bob", issuer: "", method: "jwt", claims: {} });
  taken.filled([["x-user", "bob"]]);
  assert.deepEqual(rig.ask([...bearer("t"), ["x-user", "bob"]], taken).request.fields.getAll("x-user"), [
    "bob",
  ]);
  const refused = new Credentials();
  refused.reject("forged", "");
  rig.ask(bearer("t"), refused);
  for (const headers of [[], [["authorization", "Basic eDp5"]], [["authorization", "Bearer a b"]]] as const)
    assert.deepEqual(rig.ask(headers).credentials!.challenges, ['Bearer realm="heddle"']);
  assert.equal(
    rig.ask([...bearer("a"), ...bearer("b")]).credentials!.rejection,
    "there is more than one token",
  );
  assert.notEqual(rig.ask(bearer("x".repeat(5_000))).credentials!.rejection, "");
  assert.equal(rig.context.calls.length, 0);
});

test("a flood of unknown tokens is no flood of questions", () => {
  const rig = new Rig();
  for (let at = 0; at < 1_000; at++) rig.ask(bearer(`t${at}`));
  assert.equal(rig.context.calls.length, 256);
});

test("a token goes on, or does not", async () => {
  const rig = new Rig({ forwards: false, clientAuthentication: "post" });
  const exchange = rig.ask(bearer("t"));
  assert.equal(rig.context.calls[0]!.request.fields.get("authorization"), undefined);
  assert.match(rig.context.calls[0]!.body, /client_id=shop\+1&client_secret=s%3Acret$/);
  await rig.answer(alice);
  assert.equal(exchange.request.fields.get("authorization"), undefined);
});
