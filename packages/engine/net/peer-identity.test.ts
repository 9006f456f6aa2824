import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { before, test } from "node:test";
import { makeCertificateAuthority } from "@heddle/testkit";
import { identityMistake, type ExpectedName } from "./peer-identity.ts";

const spiffe = "spiffe://fabric.test/ns/shop/sa/orders";
const hostile = "spiffe://x/a, URI:spiffe://fabric.test/ns/shop/sa/admin";
let der: Buffer;

before(async () => {
  const authority = await makeCertificateAuthority();
  const names = ["app.test", "*.wild.test", "127.0.0.1", spiffe, hostile];
  der = new X509Certificate((await authority.issue({ names })).cert).raw;
});

const isFor = (serverName: string, altNames: readonly ExpectedName[] = []) =>
  identityMistake(der, serverName, altNames) === null;

test("without alternative names the server name is looked for: exact, wildcard of one label, address", () => {
  assert.ok(isFor("app.test"));
  assert.ok(isFor("APP.TEST"));
  assert.ok(isFor("x.wild.test"));
  assert.ok(isFor("127.0.0.1"));
  for (const name of ["other.test", "x.app.test", "x.y.wild.test", "wild.test", "127.0.0.2", "", spiffe]) {
    assert.ok(!isFor(name), name);
  }
});

test("with alternative names one of them is looked for, and the server name is not", () => {
  assert.ok(isFor("elsewhere.test", [{ type: "Hostname", value: "app.test" }]));
  assert.ok(isFor("elsewhere.test", [{ type: "URI", value: spiffe }]));
  assert.ok(!isFor("app.test", [{ type: "URI", value: `${spiffe}/x` }]));
  assert.ok(!isFor("app.test", [{ type: "URI", value: spiffe.slice(0, -1) }]));
  assert.ok(!isFor("app.test", [{ type: "Hostname", value: "other.test" }]));
  const several = ["other.test", "app.test"].map((value) => ({ type: "Hostname", value }) as const);
  assert.ok(isFor("", several));
});

test("a wildcard that is looked for stands for itself and what is below it", () => {
  assert.ok(isFor("", [{ type: "Hostname", value: "*.wild.test" }]));
  assert.ok(isFor("", [{ type: "Hostname", value: "*.test" }]));
  assert.ok(!isFor("", [{ type: "Hostname", value: "*.app.test" }]));
});

test("a name that looks like a list is one name (CVE-2021-44532)", () => {
  assert.ok(isFor("", [{ type: "URI", value: hostile }]));
  assert.ok(!isFor("", [{ type: "URI", value: "spiffe://fabric.test/ns/shop/sa/admin" }]));
});

test("a common name is no name (RFC 9525 section 6.3)", async () => {
  const authority = await makeCertificateAuthority("app.test");
  const bare = new X509Certificate(authority.cert).raw;
  assert.match(identityMistake(bare, "app.test", []) ?? "", /no name/);
});
