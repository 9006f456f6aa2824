import assert from "node:assert/strict";
import { test } from "node:test";
import { Credentials, Fields } from "@heddle/engine/message";
import { FilterRun, makeExchange, RecordingContext } from "../filter-run.suite.ts";
import type { RequestOptions } from "../filter-run.suite.ts";
import type { JwtIssuer } from "./config.ts";
import { jwt } from "./filter.ts";
import {
  goodClaims,
  goodHeader,
  goodKeys,
  issuer,
  keyData,
  nowS,
  otherRsa,
  rsa,
  signToken,
} from "./token-maker.suite.ts";

const good = signToken(goodHeader, goodClaims, rsa.privateKey);

class ReadyContext extends RecordingContext {
  constructor() {
    super();
    this.clock.advance(nowS * 1000 - this.clock.wallMs());
    this.data("keys").set({ keys: goodKeys });
  }
}

function run(options: RequestOptions, change: Partial<JwtIssuer> = {}, context = new ReadyContext()) {
  const made = new FilterRun(jwt, { issuers: [{ ...issuer, ...change }] }, makeExchange(options), context);
  made.request();
  return made;
}

const bearer = (token: string): readonly [string, string] => ["authorization", `Bearer ${token}`];

function found({ exchange }: { exchange: { credentials: Credentials | null } }): string {
  const { principal, rejection, isUnclaimed, challenges } = exchange.credentials!;
  if (rejection !== "") return `rejected: ${rejection}`;
  if (principal !== null) return `accepted: ${principal.subject}`;
  return isUnclaimed ? "unclaimed" : `challenged: ${challenges.join(" | ")}`;
}

test("a good token makes a principal of its claims, without a promise", () => {
  const made = run({ headers: [bearer(good)] });
  assert.equal(found(made), "accepted: alice");
  const { principal } = made.exchange.credentials!;
  assert.deepEqual(principal, {
    subject: "alice",
    issuer: "https://id.example",
    method: "jwt",
    claims: goodClaims,
  });
  assert.equal(made.exchange.request.fields.get("authorization"), `Bearer ${good}`);
});

test("without a token, or with another scheme, it says what it would take", () => {
  assert.equal(found(run({})), 'challenged: Bearer realm="heddle"');
  assert.equal(
    found(run({ headers: [["authorization", "Basic YTpi"]] })),
    'challenged: Bearer realm="heddle"',
  );
});

test("tokens that are none of its issuers' are left to others", () => {
  const foreign = signToken(goodHeader, { ...goodClaims, iss: "https://other.example" }, rsa.privateKey);
  for (const token of ["opaque", foreign])
    assert.equal(found(run({ headers: [bearer(token)] })), "unclaimed");
});

test("the scheme's case is nobody's business, and a scheme without a token is a bad one", () => {
  for (const scheme of ["bearer", "BEARER"])
    assert.equal(found(run({ headers: [["authorization", `${scheme} ${good}`]] })), "accepted: alice");
  assert.equal(found(run({ headers: [["authorization", `Bearer   ${good}`]] })), "accepted: alice");
  assert.equal(found(run({ headers: [["authorization", "Bearer"]] })), "unclaimed");
  assert.equal(
    found(run({ headers: [["authorization", `Bearer\t${good}`]] })).startsWith("challenged"),
    true,
  );
});

const everywhere: Partial<JwtIssuer> = {
  from: [
    { in: "header", name: "authorization", prefix: "Bearer " },
    { in: "header", name: "x-token", prefix: "" },
    { in: "cookie", name: "session", prefix: "" },
    { in: "query", name: "access_token", prefix: "" },
  ],
};

test("tokens are taken from headers, cookies and the query", () => {
  const ways: readonly RequestOptions[] = [
    { headers: [bearer(good)] },
    { headers: [["x-token", good]] },
    { headers: [["cookie", `a=1; session=${good}; b=2`]] },
    {
      headers: [
        ["cookie", "a=1"],
        ["cookie", `session="${good}"`],
      ],
    },
    { target: `/?a=1&access_token=${good}` },
    { target: `/?access%5Ftoken=${good}` },
  ];
  for (const way of ways) {
    assert.equal(found(run(way, everywhere)), "accepted: alice");
    if (way !== ways[0]) assert.match(found(run(way)), /^challenged/);
  }
});

test("two tokens are ambiguous wherever they are, be they the same", () => {
  const pairs: readonly RequestOptions[] = [
    { headers: [bearer(good), bearer(good)] },
    { headers: [bearer(good), ["authorization", "Basic YTpi"]] },
    { headers: [["authorization", "Basic YTpi"], bearer(good)] },
    { headers: [bearer(good), ["Authorization", "Bearer x"]] },
    { headers: [bearer(good), ["x-token", good]] },
    {
      headers: [
        ["x-token", good],
        ["x-token", "x"],
      ],
    },
    { headers: [bearer(good), ["cookie", `session=${good}`]] },
    { headers: [["cookie", `session=${good}; session=${good}`]] },
    {
      headers: [
        ["cookie", `session=${good}`],
        ["cookie", "session=x"],
      ],
    },
    { headers: [bearer(good)], target: `/?access_token=${good}` },
    { target: `/?access_token=${good}&access_token=x` },
    { target: `/?access_token=${good}&access%5ftoken=x` },
    { target: `/?access_token&access_token=${good}` },
  ];
  for (const pair of pairs)
    assert.equal(
      found(run(pair, everywhere)),
      "rejected: there is more than one token",
      JSON.stringify(pair),
    );
});

test("a token of an issuer that does not take it from there is not its", () => {
  const context = new ReadyContext();
  context.data("others").set({ keys: goodKeys });
  const other = { ...issuer, ...everywhere, issuer: "https://other.example", keySet: "others" };
  const made = new FilterRun(
    jwt,
    { issuers: [issuer, other] },
    makeExchange({ target: `/?access_token=${good}` }),
    context,
  );
  made.request();
  assert.equal(found(made), "unclaimed");
});

test("with forward: false the token goes no further", () => {
  const change = { ...everywhere, forwards: false };
  const header = run({ headers: [bearer(good)] }, change).exchange.request;
  assert.equal(header.fields.has("authorization"), false);
  const cookie = run({ headers: [["cookie", `a=1; session=${good}; b=2`]] }, change).exchange.request;
  assert.equal(cookie.fields.get("cookie"), "a=1; b=2");
  const only = run({ headers: [["cookie", `session=${good}`]] }, change).exchange.request;
  assert.equal(only.fields.has("cookie"), false);
  const query = run({ target: `/?a=1&access_token=${good}&b` }, change).exchange.request;
  assert.equal(query.query, "?a=1&b");
});

test("a token that one policy takes out is there for the policy behind it, and for no other request", () => {
  const context = new ReadyContext();
  const exchange = makeExchange({ headers: [bearer(good)] });
  const filter = jwt.create({ issuers: [{ ...issuer, forwards: false }] }, context);
  filter.requestHead!(exchange);
  assert.equal(exchange.request.fields.has("authorization"), false);
  exchange.credentials = null;
  filter.requestHead!(exchange);
  assert.equal(found({ exchange }), "accepted: alice");
  const stricter = jwt.create({ issuers: [{ ...issuer, audiences: ["bank"] }] }, context);
  exchange.credentials = null;
  stricter.requestHead!(exchange);
  assert.equal(found({ exchange }), "rejected: the token is for another audience");
  const elsewhere = jwt.create(
    { issuers: [{ ...issuer, from: [{ in: "query", name: "access_token", prefix: "" }] }] },
    context,
  );
  exchange.credentials = null;
  elsewhere.requestHead!(exchange);
  assert.match(found({ exchange }), /^challenged/);
  const other = makeExchange();
  filter.requestHead!(other);
  assert.match(found({ exchange: other }), /^challenged/);
});

const withHeaders: Partial<JwtIssuer> = {
  claimHeaders: [
    { claim: ["sub"], header: "x-user" },
    { claim: ["realm_access", "roles"], header: "x-roles" },
    { claim: ["nothing"], header: "x-nothing" },
  ],
};

test("claims go on as headers, and nobody else's values do", () => {
  const spoofed: readonly (readonly [string, string])[] = [
    ["x-user", "root"],
    ["X-Roles", "root"],
    ["x-nothing", "root"],
  ];
  const signed = run({ headers: [bearer(good), ...spoofed] }, withHeaders).exchange.request.fields;
  assert.deepEqual(signed.getAll("x-user"), ["alice"]);
  assert.deepEqual(signed.getAll("x-roles"), ["clerk,admin"]);
  assert.equal(signed.has("x-nothing"), false);
  for (const headers of [spoofed, [bearer("opaque"), ...spoofed]]) {
    const { fields } = run({ headers }, withHeaders).exchange.request;
    assert.deepEqual(
      ["x-user", "x-roles", "x-nothing"].filter((name) => fields.has(name)),
      [],
    );
  }
});

test("a name that is a claim's is no trailer's", () => {
  const made = run({ headers: [bearer(good)] }, withHeaders);
  const trailers = Fields.of([["x-user", "root"], ["X-Nothing", "root"], ["x-checksum", "1"]]); // prettier-ignore
  made.filter.requestTrailers!(made.exchange, trailers);
  assert.deepEqual(trailers.toPairs(), [["x-checksum", "1"]]);
});

test("what a header could not say without doubt is left out", () => {
  const claims = {
    ...goodClaims,
    sub: "a\r\nx-admin: 1",
    // 2⁵³ + 1 reads as 2⁵³, which is somebody else.
    realm_access: { roles: ["a,admin", " b", 7, true, {}, 2 ** 53, 1e300, -0.5] },
  };
  const token = signToken(goodHeader, claims, rsa.privateKey);
  const { fields } = run({ headers: [bearer(token)] }, withHeaders).exchange.request;
  assert.equal(fields.has("x-user"), false);
  assert.equal(fields.get("x-roles"), "7,true,-0.5");
});

test("required claims: there, or one of the values, in lists too", () => {
  const needs = (claim: readonly string[], ...values: string[]) =>
    found(run({ headers: [bearer(good)] }, { requiredClaims: [{ claim, values }] }));
  const lacks = "rejected: the token lacks a required claim";
  assert.equal(needs(["sub"]), "accepted: alice");
  assert.equal(needs(["realm_access", "roles"], "admin"), "accepted: alice");
  assert.equal(needs(["realm_access", "roles"], "root"), lacks);
  assert.equal(needs(["email"]), lacks);
  const big = signToken(
    goodHeader,
    JSON.stringify(goodClaims).replace("{", '{"id":9007199254740993,'),
    rsa.privateKey,
  );
  const numbered = (id: string) =>
    found(run({ headers: [bearer(big)] }, { requiredClaims: [{ claim: ["id"], values: [id] }] }));
  assert.equal(numbered("9007199254740992"), lacks, "the number next to it");
  assert.equal(needs(["constructor"]), lacks);
  assert.equal(needs(["realm_access", "roles", "length"]), lacks);
});

test("a token is remembered until it expires, and not beyond", () => {
  const context = new ReadyContext();
  const visit = () => found(run({ headers: [bearer(good)] }, {}, context));
  for (let times = 0; times < 3; times++) assert.equal(visit(), "accepted: alice");
  context.clock.advance(329_999);
  assert.equal(visit(), "accepted: alice");
  context.clock.advance(1);
  assert.equal(visit(), "rejected: the token has expired");
});

test("what is remembered of a token's time is forgotten when the clock is set", () => {
  const context = new ReadyContext();
  const { clock } = context;
  const later = signToken(goodHeader, { ...goodClaims, nbf: nowS + 60 }, rsa.privateKey);
  const visit = (token: string) => found(run({ headers: [bearer(token)] }, {}, context));
  clock.setWall((nowS + 7_200) * 1000);
  assert.equal(visit(good), "rejected: the token has expired");
  clock.setWall(nowS * 1000);
  assert.equal(visit(good), "accepted: alice", "the clock was two hours ahead");
  clock.setWall((nowS + 100) * 1000);
  for (let times = 0; times < 3; times++) assert.equal(visit(later), "accepted: alice");
  clock.setWall(nowS * 1000);
  assert.equal(visit(later), "rejected: the token is not valid yet");
});

test("a token that is not valid yet becomes so", () => {
  const context = new ReadyContext();
  const token = signToken(goodHeader, { ...goodClaims, nbf: nowS + 60 }, rsa.privateKey);
  const visit = () => found(run({ headers: [bearer(token)] }, {}, context));
  assert.equal(visit(), "rejected: the token is not valid yet");
  context.clock.advance(30_000);
  assert.equal(visit(), "accepted: alice");
});

test("a key that was withdrawn is not trusted any longer, be its tokens remembered; a new one is", () => {
  const context = new ReadyContext();
  const next = signToken({ ...goodHeader, kid: "b" }, goodClaims, otherRsa.privateKey);
  const visit = (token: string) => found(run({ headers: [bearer(token)] }, {}, context));
  // By its digest, and then by its text.
  for (let times = 0; times < 3; times++) assert.equal(visit(good), "accepted: alice");
  assert.equal(visit(next), "rejected: the token's key is not known");
  context.data("keys").set({ keys: [keyData("b", otherRsa.publicKey, "RS256")] });
  assert.equal(visit(good), "rejected: the token's key is not known");
  assert.equal(visit(next), "accepted: alice");
});

test("while there are no keys nobody is let in", () => {
  const context = new ReadyContext();
  context.data("keys").set(undefined);
  const visit = () => found(run({ headers: [bearer(good)] }, {}, context));
  assert.equal(visit(), "rejected: the keys of the token's issuer are not there");
  context.data("keys").set({ keys: goodKeys });
  assert.equal(visit(), "accepted: alice");
});

/** One filter of a set that is fetched, and requests that may wait. */
function remote() {
  const context = new ReadyContext();
  const filter = jwt.create({ issuers: [{ ...issuer, isRemote: true }] }, context);
  const visit = (kid: string) => {
    const token = signToken({ ...goodHeader, kid }, goodClaims, otherRsa.privateKey);
    const exchange = makeExchange({ headers: [bearer(token)] });
    const waiting = filter.requestHead!(exchange) as Promise<void> | undefined;
    return { exchange, waiting };
  };
  return { context, visit };
}

test("a key that is not known is asked for, and its first requests wait for it", async () => {
  const { context, visit } = remote();
  const requests = [visit("b"), visit("b")];
  assert.deepEqual(context.notes, [["key-set", "keys"]]);
  context.clock.advance(500);
  context.data("keys").set({ keys: [keyData("b", otherRsa.publicKey, "RS256")] });
  context.clock.advance(20);
  for (const { exchange, waiting } of requests) {
    await waiting;
    assert.equal(found({ exchange }), "accepted: alice");
  }
});

test("when it does not come they are refused, and others with that id at once", async () => {
  const { context, visit } = remote();
  const first = visit("b");
  for (let i = 0; i < 101; i++) context.clock.advance(20);
  await first.waiting;
  const refused = "rejected: the token's key is not known";
  assert.equal(found(first), refused);
  const second = visit("b");
  assert.equal(second.waiting, undefined);
  assert.equal(found(second), refused);
});

test("an issuer that signs by a key before it shows it is asked again", async () => {
  const { context, visit } = remote();
  const early = visit("b");
  for (let i = 0; i < 101; i++) context.clock.advance(20);
  await early.waiting;
  context.clock.advance(27_000);
  assert.equal(visit("b").waiting, undefined, "not before thirty seconds are over");
  assert.equal(context.notes.length, 1);
  context.clock.advance(1_000);
  const late = visit("b");
  assert.equal(context.notes.length, 2);
  context.data("keys").set({ keys: [keyData("b", otherRsa.publicKey, "RS256")] });
  context.clock.advance(20);
  await late.waiting;
  assert.equal(found(late), "accepted: alice");
});

test("unknown ids by the thousand ask once in thirty seconds, and few of them wait", () => {
  const { context, visit } = remote();
  let waiting = 0;
  for (let i = 0; i < 1_000; i++) if (visit(`k${i}`).waiting !== undefined) waiting++;
  assert.equal(context.notes.length, 1);
  assert.equal(waiting, 64);
  context.clock.advance(29_000);
  visit("x");
  assert.equal(context.notes.length, 1);
  context.clock.advance(1_000);
  visit("y");
  assert.equal(context.notes.length, 2);
});

test("a request that ends stops waiting", async () => {
  const { context, visit } = remote();
  const { exchange, waiting } = visit("b");
  exchange.markEnded(0);
  context.clock.advance(20);
  await waiting;
  assert.match(found({ exchange }), /^rejected/);
});

test("rules with the same policy know the same tokens", () => {
  const context = new ReadyContext();
  const config = { issuers: [{ ...issuer }] };
  const [one, two] = [jwt.create(config, context), jwt.create(structuredClone(config), context)];
  const verifierOf = (filter: unknown) => (filter as { verifier: unknown }).verifier;
  assert.equal(verifierOf(one), verifierOf(two));
  const third = jwt.create({ issuers: [{ ...issuer, audiences: ["x"] }] }, context);
  assert.notEqual(verifierOf(one), verifierOf(third));
});
