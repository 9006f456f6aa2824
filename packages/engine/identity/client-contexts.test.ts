import assert from "node:assert/strict";
import { before, test } from "node:test";
import { makeCertificateAuthority } from "@heddle/testkit";
import type { AuthoritiesUnit, ClusterTls, ClusterUnit, SecretUnit } from "../model/index.ts";
import { ClientContexts } from "./client-contexts.ts";

let bundle = "";
let system: AuthoritiesUnit;
let own: SecretUnit;

before(async () => {
  const authority = await makeCertificateAuthority();
  bundle = authority.cert;
  system = { kind: "authorities", name: "system", caPem: (await makeCertificateAuthority("System")).cert };
  const { cert, key } = await authority.issue({ names: ["gateway.test"] });
  own = { kind: "secret", name: "own", certificatePem: cert, privateKeyPem: key, dnsNames: [] };
});

const cluster = (tls: Partial<ClusterTls>): ClusterUnit =>
  ({
    protocol: "http1",
    tls: { serverName: "a.test", caPem: null, insecureSkipVerify: false, ...tls },
  }) as ClusterUnit;

test("clusters that trust and show the same share a context; others do not", () => {
  const contexts = new ClientContexts();
  const of = (tls: Partial<ClusterTls>, secret?: SecretUnit) =>
    contexts.dialTlsOf(cluster(tls), secret, system)!.context;
  assert.equal(of({}), of({ serverName: "b.test" }));
  assert.equal(of({ caPem: bundle }), of({ caPem: bundle }));
  assert.equal(of({}, own), of({}, own));
  const all = [
    of({}),
    of({ caPem: bundle }),
    of({ caPem: system.caPem }),
    of({ insecureSkipVerify: true }),
    of({}, own),
    of({ caPem: bundle }, own),
  ];
  assert.equal(new Set(all).size, all.length);
});

test("other roots of the system make other contexts", () => {
  const contexts = new ClientContexts();
  const first = contexts.dialTlsOf(cluster({}), undefined, system)!.context;
  assert.notEqual(contexts.dialTlsOf(cluster({}), undefined, { ...system, caPem: bundle })!.context, first);
  assert.notEqual(contexts.dialTlsOf(cluster({}), undefined, undefined)!.context, first);
});

test("a bundle without a certificate trusts nobody, and never Node's roots", () => {
  const contexts = new ClientContexts();
  const refusal = (tls: Partial<ClusterTls>) =>
    contexts.dialTlsOf(cluster(tls), undefined, undefined)!.refusal;
  for (const caPem of ["", " \n", "not a certificate"])
    assert.equal(refusal({ caPem }), "no certificate authority is trusted", JSON.stringify(caPem));
  assert.equal(refusal({ caPem: bundle }), "");
  assert.equal(refusal({ caPem: null }), "");
  assert.equal(refusal({ caPem: "", insecureSkipVerify: true }), "", "nobody is checked");
  assert.equal(refusal({ caPem: "", refusal: "the policy has errors" }), "the policy has errors");
});
