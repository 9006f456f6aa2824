import assert from "node:assert/strict";
import { test } from "node:test";
import type { PeerCertificate, PeerTls, Principal } from "@heddle/engine/message";
import { Exchange, IN_PROCESS_PEER } from "@heddle/engine/message";
import { FilterRun, makeExchange, RecordingContext } from "../filter-run.suite.ts";
import type { RequestOptions } from "../filter-run.suite.ts";
import type { AuthorizationConfig, AuthorizationRule, ConditionConfig } from "./config.ts";
import { authorization } from "./filter.ts";

interface Caller extends RequestOptions {
  readonly principal?: Partial<Principal>;
  readonly address?: string;
  readonly serverName?: string;
  readonly certificate?: Partial<PeerCertificate>;
}

const certificate: PeerCertificate = {
  isVerified: true,
  isAuthority: false,
  subject: "CN=orders",
  issuer: "CN=Root",
  commonName: "orders",
  dnsNames: [],
  uris: [],
  emails: [],
  fingerprint: "00",
  issuers: [],
};

function exchangeOf(caller: Caller): Exchange {
  const made = makeExchange(caller);
  const tls: PeerTls = {
    version: "TLSv1.3",
    cipher: "",
    serverName: caller.serverName ?? "",
    alpn: "",
    isResumed: false,
    clientCertificate: caller.certificate === undefined ? null : { ...certificate, ...caller.certificate },
  };
  const isTls = caller.serverName !== undefined || caller.certificate !== undefined;
  const peer = { ...IN_PROCESS_PEER, tls: isTls ? tls : null };
  const exchange = new Exchange(made.request, peer, made.match, 0);
  exchange.clientAddress = caller.address ?? "203.0.113.7";
  if (caller.principal !== undefined)
    exchange.principal = { subject: "", issuer: "", method: "jwt", claims: {}, ...caller.principal };
  return exchange;
}

function verdict(config: Partial<AuthorizationConfig>, caller: Caller, context = new RecordingContext()) {
  const whole = { policy: "AccessPolicy shop/p", isDryRun: false, rules: [], ...config };
  const run = new FilterRun(authorization, whole, exchangeOf(caller), context);
  return run.request()?.status ?? 200;
}

const rule = (
  action: AuthorizationRule["action"],
  ...conditions: readonly ConditionConfig[]
): AuthorizationRule => ({ name: action, action, conditions });

/** [let in by a rule that allows, denied by one that denies]: both false where it may hold and may not. */
function holds(condition: ConditionConfig, caller: Caller): string {
  const allows = verdict({ rules: [rule("allow", condition)] }, caller) === 200;
  const denies = verdict({ rules: [rule("deny", condition)] }, caller) === 403;
  return allows ? (denies ? "yes" : "?") : denies ? "doubtful" : "no";
}

const is = (on: ConditionConfig["on"], rest: object): ConditionConfig =>
  ({ on, ...rest, isNot: false }) as unknown as ConditionConfig;
const isNot = (condition: ConditionConfig): ConditionConfig => ({ ...condition, isNot: true });

test("denying goes before allowing, and where there are rules that allow the rest is denied", () => {
  const get = is("method", { values: ["GET"] });
  const admin = is("path", { paths: [{ type: "prefix", value: "/admin" }] });
  assert.equal(verdict({ rules: [rule("deny", admin)] }, { target: "/" }), 200);
  assert.equal(verdict({ rules: [rule("allow", get)] }, { method: "POST" }), 403);
  const both = { rules: [rule("allow", get), rule("deny", admin)] };
  assert.equal(verdict(both, { target: "/" }), 200);
  assert.equal(verdict(both, { target: "/admin/users" }), 403);
  assert.equal(verdict({ rules: [rule("allow")] }, {}), 200);
  assert.equal(verdict({ rules: [rule("deny")] }, {}), 403);
  assert.equal(verdict({ rules: [rule("allow", get, admin)] }, { target: "/" }), 403);
});

const alice: Caller = {
  principal: {
    subject: "alice",
    issuer: "https://id.example",
    method: "jwt",
    claims: {
      scope: "read write",
      groups: ["staff", "admin"],
      level: 3,
      isActive: true,
      realm: { roles: ["clerk"] },
      nothing: null,
    },
  },
};
const anonymous: Caller = {};

const principals: readonly (readonly [ConditionConfig, string])[] = [
  [is("subject", { values: ["alice"] }), "yes"],
  [is("subject", { values: ["bob", "al*"] }), "yes"],
  [is("subject", { values: ["*"] }), "yes"],
  [is("subject", { values: ["Alice"] }), "no"],
  [is("issuer", { values: ["https://id.example"] }), "yes"],
  [is("issuer", { values: ["https://id.example/"] }), "no"],
  [is("authenticated-by", { values: ["jwt"] }), "yes"],
  [is("authenticated-by", { values: ["api-key"] }), "no"],
  [is("scope", { values: ["admin", "write"] }), "yes"],
  [is("scope", { values: ["rea"] }), "no"],
  [is("all-scopes", { values: ["read", "write"] }), "yes"],
  [is("all-scopes", { values: ["read", "admin"] }), "no"],
  [is("claim", { claim: ["groups"], values: ["admin"] }), "yes"],
  [is("claim", { claim: ["groups"], values: ["root"] }), "no"],
  [is("claim", { claim: ["level"], values: ["3"] }), "yes"],
  [is("claim", { claim: ["isActive"], values: ["true"] }), "yes"],
  [is("claim", { claim: ["realm", "roles"], values: ["clerk"] }), "yes"],
  [is("claim", { claim: ["realm"], values: [] }), "yes"],
  [is("claim", { claim: ["nothing"], values: [] }), "no"],
  [is("claim", { claim: ["constructor"], values: [] }), "no"],
  [is("claim", { claim: ["groups", "0"], values: ["staff"] }), "doubtful"],
  [is("claim", { claim: ["realm"], values: ["clerk"] }), "doubtful"],
  [is("claim", { claim: ["toString"], values: ["x"] }), "no"],
];

const opposite: Readonly<Record<string, string>> = { yes: "no", no: "yes", doubtful: "doubtful" };

test("who calls: known callers are so or not so, and nobody knows what an anonymous one is not", () => {
  for (const [condition, expected] of principals) {
    const title = JSON.stringify(condition);
    assert.equal(holds(condition, alice), expected, title);
    assert.equal(holds(isNot(condition), alice), opposite[expected], `not ${title}`);
    assert.equal(holds(condition, anonymous), "no", `anonymous ${title}`);
    assert.equal(holds(isNot(condition), anonymous), "doubtful", `anonymous not ${title}`);
  }
});

test("scopes in a form that nobody reads are doubtful, whichever way a rule asks for them", () => {
  const forms: readonly (readonly [object, string])[] = [
    [{}, "no"],
    [{ scope: null }, "no"],
    [{ scope: "" }, "no"],
    [{ scope: [] }, "no"],
    [{ scope: [null, "read"] }, "no"],
    [{ scp: ["read", "admin"] }, "yes"],
    [{ scope: { admin: true } }, "doubtful"],
    [{ scope: 7 }, "doubtful"],
    [{ scope: true }, "doubtful"],
    [{ scope: ["read", { name: "admin" }] }, "doubtful"],
    [{ scp: [["admin"]] }, "doubtful"],
    [{ scope: ["admin", { name: "read" }] }, "yes"],
  ];
  for (const on of ["scope", "all-scopes"] as const) {
    const condition = is(on, { values: ["admin"] });
    for (const [claims, expected] of forms) {
      const caller: Caller = { principal: { claims: claims as Principal["claims"] } };
      const title = `${on} ${JSON.stringify(claims)}`;
      assert.equal(holds(condition, caller), expected, title);
      assert.equal(holds(isNot(condition), caller), opposite[expected], `not ${title}`);
    }
  }
});

test("client addresses, in one form each", () => {
  const office = is("client-address", { ranges: ["10.0.0.0/8", "2001:db8::/32", "203.0.113.7"] });
  const answers: readonly (readonly [string, string])[] = [
    ["10.1.2.3", "yes"],
    ["203.0.113.7", "yes"],
    ["203.0.113.8", "no"],
    ["2001:db8::1", "yes"],
    ["2001:db9::1", "no"],
    ["::ffff:10.1.2.3", "yes"],
  ];
  for (const [address, expected] of answers) assert.equal(holds(office, { address }), expected, address);
  assert.equal(holds(office, { address: "" }), "no");
  assert.equal(holds(isNot(office), { address: "" }), "doubtful");
  assert.equal(holds(isNot(office), { address: "10.1.2.3" }), "no");
});

test("X-Forwarded-For says nothing here: the listener's trusted hops do", () => {
  const office = is("client-address", { ranges: ["10.0.0.0/8"] });
  const headers = [
    ["x-forwarded-for", "10.0.0.1"],
    ["x-real-ip", "10.0.0.1"],
    ["forwarded", "for=10.0.0.1"],
  ] as const;
  assert.equal(holds(office, { headers, address: "203.0.113.7" }), "no");
});

test("methods are compared letter by letter", () => {
  const get = is("method", { values: ["GET", "HEAD"] });
  assert.equal(holds(get, { method: "GET" }), "yes");
  assert.equal(holds(get, { method: "get" }), "no");
  assert.equal(holds(isNot(get), { method: "POST" }), "yes");
});

test("server names, and what is below them", () => {
  const names = is("server-name", { values: ["shop.example", "*.api.example"] });
  assert.equal(holds(names, { serverName: "shop.example" }), "yes");
  assert.equal(holds(names, { serverName: "a.b.api.example" }), "yes");
  assert.equal(holds(names, { serverName: "api.example" }), "no");
  assert.equal(holds(names, { serverName: "evilapi.example" }), "no");
  assert.equal(holds(names, {}), "no");
  assert.equal(holds(isNot(names), {}), "doubtful");
});

const spiffe = "spiffe://cluster.local/ns/shop/sa/orders";

test("workloads are known by certificates that their listener's authorities vouch for", () => {
  const identities = is("identity", {
    values: [spiffe, "spiffe://cluster.local/ns/bank/*", "orders.example"],
  });
  const namespaces = is("namespace", { values: ["shop"] });
  assert.equal(holds(identities, { certificate: { uris: [spiffe] } }), "yes");
  assert.equal(holds(identities, { certificate: { uris: ["spiffe://cluster.local/ns/bank/sa/x"] } }), "yes");
  assert.equal(holds(identities, { certificate: { uris: ["spiffe://evil/ns/shop/sa/orders"] } }), "no");
  assert.equal(holds(identities, { certificate: { dnsNames: ["a.example", "orders.example"] } }), "yes");
  assert.equal(holds(namespaces, { certificate: { uris: [spiffe] } }), "yes");
  assert.equal(holds(namespaces, { certificate: { uris: ["spiffe://cluster.local/ns/bank/sa/x"] } }), "no");
  for (const condition of [identities, namespaces]) {
    assert.equal(holds(condition, { certificate: { uris: [spiffe, "spiffe://x/ns/y/sa/z"] } }), "doubtful");
    for (const caller of [
      {},
      { serverName: "shop.example" },
      { certificate: { uris: [spiffe], isVerified: false } },
      { certificate: { uris: [spiffe], isAuthority: true } },
    ]) {
      assert.equal(holds(condition, caller), "no");
      assert.equal(holds(isNot(condition), caller), "doubtful");
    }
  }
  assert.equal(holds(isNot(namespaces), { certificate: { uris: [spiffe] } }), "no");
  assert.equal(holds(isNot(namespaces), { certificate: { uris: ["https://a.example/"] } }), "doubtful");
});

test("a dry run lets through, counts, and tells the first of each second", () => {
  const context = new RecordingContext();
  const config = { policy: "AccessPolicy shop/p", isDryRun: true, rules: [rule("deny")] };
  const filter = authorization.create(config, context);
  for (let i = 0; i < 5; i++) {
    assert.equal(filter.requestHead!(exchangeOf({ target: "/a?token=secret" })), undefined);
  }
  context.clock.advance(1_000);
  filter.requestHead!(exchangeOf(alice));
  assert.deepEqual(context.events.filter((event) => event === "would-deny").length, 6);
  assert.equal(context.notes.length, 2);
  const [[topic, first], [, second]] = context.notes as unknown as [[string, string], [string, string]];
  assert.equal(topic, "authorization-dry-run");
  assert.doesNotMatch(first, /secret/);
  assert.deepEqual(JSON.parse(second), {
    policy: "AccessPolicy shop/p",
    rule: "deny",
    route: "",
    method: "GET",
    authority: "shop.example",
    path: "/",
    client: "203.0.113.7",
    subject: "alice",
    unlogged: 4,
  });
});
