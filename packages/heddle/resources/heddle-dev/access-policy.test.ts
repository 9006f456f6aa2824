import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { validateResource, type AccessPolicy } from "../index.ts";

function validate(spec: object) {
  return validateResource({
    apiVersion: "heddle.dev/v1alpha1",
    kind: "AccessPolicy",
    metadata: { name: "p" },
    spec: { targetRefs: [{ kind: "Service", name: "web" }], ...spec },
  });
}

const mistakes = (spec: object): string[] => validate(spec).problems.map(({ path }) => path);

const keys = { ref: { name: "keys" } };
const issuer = { issuer: "https://id.example", keys };
const jwt = (...issuers: object[]) => ({ authentication: { jwt: { issuers } } });
const one = (change: object) => mistakes(jwt({ ...issuer, ...change }));
const at = (rest: string) => [`spec.authentication.jwt.issuers[0].${rest}`];

describe("AccessPolicy", () => {
  test("it can be attached to namespaces, Gateways, routes, Services and Backends", () => {
    const targets = ["Namespace", "Gateway", "HTTPRoute", "GRPCRoute", "Service", "Backend"];
    const targetRefs = targets.map((kind) => ({ kind, name: "a" }));
    assert.deepEqual(mistakes({ targetRefs }), []);
    assert.deepEqual(mistakes({ targetRefs: [{ kind: "TCPRoute", name: "a" }] }), [
      "spec.targetRefs[0].kind",
    ]);
  });

  test("a field that is misspelt is refused: it must not mean everyone", () => {
    assert.deepEqual(mistakes({ authentification: {} }), ["spec.authentification"]);
    assert.deepEqual(one({ audience: ["x"] }), at("audience"));
  });

  test("authentication lets somebody in", () => {
    assert.deepEqual(mistakes({ authentication: {} }), ["spec.authentication"]);
    assert.deepEqual(mistakes({ authentication: { anonymous: "Deny" } }), ["spec.authentication"]);
    assert.deepEqual(mistakes({ authentication: { anonymous: "Allow" } }), []);
  });

  test("defaults", () => {
    const found = validate(jwt(issuer)).resource as AccessPolicy;
    assert.deepEqual(found.spec.authentication, {
      anonymous: "Deny",
      jwt: {
        issuers: [
          {
            issuer: "https://id.example",
            keys: { ref: { kind: "Secret", name: "keys", key: "jwks.json" } },
            types: ["JWT", "at+jwt"],
            clockSkew: "30s",
            forward: true,
          },
        ],
      },
    });
  });

  test("keys are from one place", () => {
    assert.deepEqual(one({ keys: {} }), at("keys"));
    assert.deepEqual(one({ keys: { ...keys, inline: "{}" } }), at("keys"));
  });

  test("places of tokens: one in each entry, under a name that it can have", () => {
    const good = [
      { header: { name: "Authorization", prefix: "Bearer " } },
      { header: { name: "X-Token" } },
      { cookie: "session" },
      { query: "access_token" },
    ];
    assert.deepEqual(one({ from: good }), []);
    assert.deepEqual(one({ from: [{}] }), at("from[0]"));
    assert.deepEqual(one({ from: [{ cookie: "a", query: "b" }] }), at("from[0]"));
    assert.deepEqual(one({ from: [{ cookie: "a=b" }] }), at("from[0].cookie"));
    assert.deepEqual(one({ from: [{ query: "a&b" }] }), at("from[0].query"));
    assert.deepEqual(one({ from: [{ header: { name: "X", prefix: "a b " } }] }), at("from[0].header.prefix"));
  });

  test("claims stand in for no header that frames, routes or authenticates, and each for one", () => {
    const headers = (...names: string[]) =>
      one({ claimHeaders: names.map((header) => ({ header, claim: "sub" })) });
    assert.deepEqual(headers("X-User", "X-Roles"), []);
    for (const name of ["Host", "authorization", "Content-Length", "X-Forwarded-For", "Cookie", "TE"])
      assert.deepEqual(headers("X-User", name), at("claimHeaders[1].header"), name);
    assert.deepEqual(headers("X-User", "x-user"), at("claimHeaders[1]"));
    assert.deepEqual(one({ claimHeaders: [{ header: "X", claim: "a b" }] }), at("claimHeaders[0].claim"));
  });

  test("algorithms are known ones, issuers stand once, clocks are off by minutes at most", () => {
    assert.deepEqual(one({ algorithms: ["none"] }), at("algorithms[0]"));
    assert.deepEqual(one({ algorithms: [] }), at("algorithms"));
    assert.deepEqual(one({ clockSkew: "11m" }), at("clockSkew"));
    assert.deepEqual(mistakes(jwt(issuer, issuer)), ["spec.authentication.jwt.issuers[1]"]);
    assert.deepEqual(mistakes(jwt()), ["spec.authentication.jwt.issuers"]);
  });

  test("hmac: a time is signed where there is one, and needed where replays are refused", () => {
    const secretRefs = [{ name: "hooks", key: "stripe" }];
    const hmac = { secretRefs, subject: "stripe", signature: { header: "Stripe-Signature" } };
    const timed = { content: "{timestamp}.{body}", timestamp: { header: "Stripe-Signature", prefix: "t=" } };
    const of = (change: object) => mistakes({ authentication: { hmac: { ...hmac, ...change } } });
    assert.deepEqual(of({}), []);
    assert.deepEqual(of({ ...timed, replays: "Refuse" }), []);
    assert.deepEqual(of({ replays: "Refuse" }), ["spec.authentication.hmac"]);
    assert.deepEqual(of({ ...timed, content: "{body}" }), ["spec.authentication.hmac"]);
    assert.deepEqual(of({ content: "{timestamp}.{body}" }), ["spec.authentication.hmac"]);
  });

  const rules = (...all: object[]) => mistakes({ authorization: { rules: all } });
  const inRule = (change: object) => rules({ action: "Allow", ...change });
  const ofRule = (rest: string) => [`spec.authorization.rules[0].${rest}`];

  test("authorization: rules that say something, each name once", () => {
    assert.deepEqual(rules(), ["spec.authorization.rules"]);
    assert.deepEqual(rules({ action: "Allow" }), []);
    assert.deepEqual(rules({}), ["spec.authorization.rules[0].action"]);
    assert.deepEqual(rules({ action: "allow" }), ["spec.authorization.rules[0].action"]);
    assert.deepEqual(rules({ action: "Deny", name: "a" }, { action: "Allow", name: "a" }), [
      "spec.authorization.rules[1]",
    ]);
    assert.deepEqual(inRule({ principal: {} }), ofRule("principal"));
    assert.deepEqual(inRule({ principals: { subjects: ["a"] } }), ofRule("principals"));
    assert.deepEqual(inRule({ source: {} }), ofRule("source"));
    assert.deepEqual(inRule({ principal: { subjects: [] } }), ofRule("principal.subjects"));
  });

  test("authorization: addresses, methods, paths, names and times are such", () => {
    assert.deepEqual(inRule({ clientAddresses: ["10.0.0.0/33"] }), ofRule("clientAddresses[0]"));
    assert.deepEqual(inRule({ notClientAddresses: ["office"] }), ofRule("notClientAddresses[0]"));
    assert.deepEqual(inRule({ clientAddresses: ["10.1/8"] }), ofRule("clientAddresses[0]"));
    assert.deepEqual(inRule({ methods: ["get"] }), ofRule("methods[0]"));
    assert.deepEqual(inRule({ paths: [{ value: "admin" }] }), ofRule("paths[0]"));
    assert.deepEqual(inRule({ paths: [{ value: "/a/../b" }] }), ofRule("paths[0]"));
    assert.deepEqual(inRule({ paths: [{ value: "/a?b" }] }), ofRule("paths[0]"));
    assert.deepEqual(inRule({ paths: [{ type: "RegularExpression", value: "/a.*" }] }), []);
    assert.deepEqual(inRule({ serverNames: ["Shop.example"] }), ofRule("serverNames[0]"));
    assert.deepEqual(inRule({ times: [{ from: "8:00" }] }), ofRule("times[0].from"));
    assert.deepEqual(inRule({ times: [{ timeZone: "Europe/Atlantis" }] }), ofRule("times[0].timeZone"));
    const backwards = { since: "2026-12-02T00:00:00Z", until: "2026-12-01T00:00:00Z" };
    assert.deepEqual(inRule({ times: [backwards] }), ofRule("times[0]"));
    assert.deepEqual(inRule({ times: [{ days: ["Monday"] }] }), ofRule("times[0].days[0]"));
    const both = { values: ["a"], notValues: ["b"] };
    assert.deepEqual(inRule({ headers: [{ name: "X", ...both }] }), ofRule("headers[0]"));
    assert.deepEqual(inRule({ claims: [{ claim: "sub", ...both }] }), ofRule("claims[0]"));
  });
});
