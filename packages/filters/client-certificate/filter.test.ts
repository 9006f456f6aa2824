import assert from "node:assert/strict";
import { test } from "node:test";
import type { PeerCertificate } from "@heddle/engine/message";
import { FilterRun, makeExchange } from "../filter-run.suite.ts";
import type { CertificateMatch, ClientCertificateConfig } from "./config.ts";
import { clientCertificate } from "./filter.ts";
import { forwardedCertificate } from "./forwarded-certificate.ts";
import { matchCertificate } from "./match-certificate.ts";

const good: PeerCertificate = {
  isVerified: true,
  isAuthority: false,
  subject: "CN=orders, O=Shop",
  issuer: "CN=Shop CA",
  commonName: "orders",
  dnsNames: ["orders.shop.example", "Other.Example"],
  uris: ["spiffe://shop.example/ns/shop/sa/orders"],
  emails: ["orders@shop.example"],
  fingerprint: "ab".repeat(32),
  issuers: ["cd".repeat(32), "ef".repeat(32)],
};
const config: ClientCertificateConfig = {
  allowed: [],
  authorities: [],
  subject: "auto",
  isForwarded: false,
};

function run(
  certificate: PeerCertificate | null | undefined,
  change: Partial<ClientCertificateConfig> = {},
  headers: readonly (readonly [string, string])[] = [],
) {
  const exchange = makeExchange({ headers });
  const tls = { version: "TLSv1.3", cipher: "", serverName: "", alpn: "", isResumed: false };
  const peer = { ...exchange.peer, tls: { ...tls, clientCertificate: certificate } };
  Object.assign(exchange, { peer });
  const one = new FilterRun(clientCertificate, { ...config, ...change }, exchange);
  assert.equal(one.request(), undefined, "it never answers itself");
  return one;
}

const subjectBy = (certificate: PeerCertificate, change: Partial<ClientCertificateConfig> = {}) =>
  run(certificate, change).exchange.credentials!.principal?.subject;

test("a verified certificate is its owner's, by the name that the policy says", () => {
  assert.equal(subjectBy(good), "spiffe://shop.example/ns/shop/sa/orders");
  assert.equal(subjectBy({ ...good, uris: [] }), "orders.shop.example");
  assert.equal(subjectBy({ ...good, uris: [], dnsNames: [] }), "orders@shop.example");
  assert.equal(subjectBy({ ...good, uris: [], dnsNames: [], emails: [] }), "CN=orders, O=Shop");
  assert.equal(subjectBy(good, { subject: "uri" }), "spiffe://shop.example/ns/shop/sa/orders");
  assert.equal(subjectBy(good, { subject: "dns" }), "orders.shop.example");
  assert.equal(subjectBy(good, { subject: "email" }), "orders@shop.example");
  assert.equal(subjectBy(good, { subject: "common-name" }), "orders");
  assert.equal(subjectBy(good, { subject: "subject" }), "CN=orders, O=Shop");
});

test("the principal says what is in the certificate", () => {
  const { principal } = run(good).exchange.credentials!;
  assert.equal(principal?.method, "client-certificate");
  assert.equal(principal?.issuer, "CN=Shop CA");
  assert.deepEqual({ ...principal?.claims }, {
    subject: "CN=orders, O=Shop",
    common_name: "orders",
    dns: ["orders.shop.example", "Other.Example"],
    uri: ["spiffe://shop.example/ns/shop/sa/orders"],
    email: ["orders@shop.example"],
    fingerprint: "ab".repeat(32),
  }); // prettier-ignore
});

test("certificates that prove nothing are refused", () => {
  const table: [string, PeerCertificate, Partial<ClientCertificateConfig>][] = [
    ["unverified", { ...good, isVerified: false }, {}],
    [
      "unverified",
      { ...good, isVerified: false },
      { allowed: [{ type: "fingerprint", value: good.fingerprint }] },
    ],
    ["authority", { ...good, isAuthority: true }, {}],
    ["issuer", good, { authorities: ["00".repeat(32)] }],
    ["issuer", good, { authorities: [good.fingerprint] }],
    ["issuer", { ...good, issuers: [] }, { authorities: [good.issuers[0]!] }],
    ["not-allowed", good, { allowed: [{ type: "dns", value: "payments.shop.example" }] }],
    ["no-subject", { ...good, uris: [...good.uris, "spiffe://other.example/x"] }, {}],
    ["no-subject", { ...good, uris: [] }, { subject: "uri" }],
    ["no-subject", { ...good, emails: [] }, { subject: "email" }],
    ["no-subject", { ...good, commonName: "" }, { subject: "common-name" }],
  ];
  for (const [event, certificate, change] of table) {
    const one = run(certificate, change);
    assert.equal(one.exchange.credentials!.principal, null, event);
    assert.deepEqual(one.context.events, [event]);
  }
});

test("an authority along the chain is enough", () => {
  for (const issuer of good.issuers) assert.ok(subjectBy(good, { authorities: [issuer] }));
});

test("without a certificate nobody is refused yet, and nobody known", () => {
  for (const none of [null, undefined]) {
    const one = run(none, {}, [["x-forwarded-client-cert", `Hash=${good.fingerprint};URI=${good.uris[0]}`]]);
    assert.equal(one.exchange.credentials!.principal, null);
    assert.deepEqual(one.context.events, []);
  }
});

test("a connection in clear text has none", () => {
  const one = new FilterRun(clientCertificate, config, makeExchange());
  one.request();
  assert.equal(one.exchange.credentials!.principal, null);
});

test("names fit letter by letter, or as the wildcard says", () => {
  const table: [CertificateMatch["type"], string, boolean][] = [
    ["uri", "spiffe://shop.example/ns/shop/sa/orders", true],
    ["uri", "spiffe://shop.example/ns/shop/*", true],
    ["uri", "spiffe://shop.example/*", true],
    ["uri", "spiffe://shop.example/ns/shop/sa/orders/*", false],
    ["uri", "spiffe://shop.example/ns/shop/sa/order", false],
    ["uri", "spiffe://shop.example/ns/shop", false],
    ["uri", "SPIFFE://shop.example/ns/shop/sa/orders", false],
    ["dns", "orders.shop.example", true],
    ["dns", "other.example", true],
    ["dns", "*.shop.example", true],
    ["dns", "*.example", true],
    ["dns", "*.co.example", false],
    ["dns", "shop.example", false],
    ["email", "orders@shop.example", true],
    ["email", "Orders@shop.example", false],
    ["common-name", "orders", true],
    ["common-name", "order", false],
    ["subject", "CN=orders, O=Shop", true],
    ["fingerprint", "ab".repeat(32), true],
    ["fingerprint", "ab".repeat(31), false],
  ];
  for (const [type, value, is] of table)
    assert.equal(matchCertificate(good, [{ type, value }]), is, `${type} ${value}`);
  const wild = { ...good, dnsNames: ["*.shop.example"] };
  assert.equal(matchCertificate(wild, [{ type: "dns", value: "orders.shop.example" }]), false);
  assert.equal(matchCertificate({ ...good, dnsNames: ["a.b.shop.example"] }, [{ type: "dns", value: "*.shop.example" }]), false); // prettier-ignore
});

test("the upstream is told what was shown here, and nothing that a client says", () => {
  const forged = [["x-forwarded-client-cert", "Hash=forged"]] as const;
  const told = (certificate: PeerCertificate | null) =>
    run(certificate, { isForwarded: true }, forged).exchange.request.fields.getAll("x-forwarded-client-cert");
  assert.deepEqual(told(null), []);
  assert.deepEqual(told({ ...good, isVerified: false }), []);
  assert.deepEqual(told(good), [
    `Hash=${"ab".repeat(32)};Subject="CN=orders, O=Shop";URI=spiffe://shop.example/ns/shop/sa/orders;DNS=orders.shop.example;DNS=Other.Example`,
  ]);
});

test("nothing in a name ends its quotes, or the field", () => {
  const evil = { ...good, subject: 'CN=a";URI=spiffe://x\\\r\nX: y', uris: ["a;Hash=b", "ü"], dnsNames: [] };
  assert.equal(
    forwardedCertificate(evil),
    `Hash=${"ab".repeat(32)};Subject="CN=a\\";URI=spiffe://x\\\\??X: y";URI="a;Hash=b";URI="?"`,
  );
});
