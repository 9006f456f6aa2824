import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { before, test } from "node:test";
import tls from "node:tls";
import { makeCertificateAuthority } from "@heddle/testkit";
import type { SecretUnit } from "../model/index.ts";
import { dnsNamesOf, ServerCertificates } from "./server-certificates.ts";
import type { TlsServer } from "./server-certificates.ts";

const secrets = new Map<string, SecretUnit>();

before(async () => {
  const ca = await makeCertificateAuthority();
  for (const names of [["a.test"], ["*.a.test", "Other.Test"], ["b.test"]]) {
    const { cert, key } = await ca.issue({ names });
    secrets.set(names[0], {
      kind: "secret",
      name: names[0],
      certificatePem: cert,
      privateKeyPem: key,
      dnsNames: dnsNamesOf(cert),
    });
  }
});

function server(
  hostname: string,
  names: readonly string[],
  minVersion: "TLSv1.2" | "TLSv1.3" = "TLSv1.2",
): TlsServer {
  return {
    hostname,
    tls: { certificates: names, minVersion, alpn: ["http/1.1"] },
    secrets: names.map((name) => secrets.get(name)!),
  };
}

const make = (...servers: TlsServer[]): ServerCertificates =>
  new ServerCertificates(servers, randomBytes(48));

test("the names of a certificate are read, lower-case", () => {
  assert.deepEqual(secrets.get("*.a.test")!.dnsNames, ["*.a.test", "other.test"]);
});

test("an exact host name goes before wildcards, the longer wildcard first, any name last", () => {
  const all = make(
    server("", ["a.test"]),
    server("*.test", ["b.test"]),
    server("*.a.test", ["*.a.test"]),
    server("x.a.test", ["a.test"]),
  );
  const any = all.contextFor("");
  const wide = all.contextFor("c.test");
  const narrow = all.contextFor("y.a.test");
  const exact = all.contextFor("x.a.test");
  assert.equal(new Set([any, wide, narrow, exact]).size, 4);
  assert.equal(all.contextFor("elsewhere.example"), any);
  assert.equal(all.contextFor("deep.y.a.test"), narrow);
  assert.equal(all.contextFor("test"), any);
});

test("a name that no server answers for has no context, and takes no version", () => {
  const one = make(server("a.test", ["a.test"]));
  assert.equal(one.contextFor("b.test"), null);
  assert.equal(one.takesVersion("b.test", "TLSv1.3"), false);
  assert.notEqual(one.contextFor("a.test"), null);
});

test("of a server's certificates the first that covers the name serves, else the first", () => {
  const one = make(server("", ["b.test", "*.a.test", "a.test"]));
  const first = one.contextFor("elsewhere.example");
  assert.equal(one.contextFor("b.test"), first);
  const wildcard = one.contextFor("x.a.test");
  assert.notEqual(wildcard, first);
  assert.equal(one.contextFor("other.test"), wildcard);
  assert.equal(one.contextFor("x.y.a.test"), first, "a wildcard covers one label");
});

test("the minimum version is each server's own, and the first one's where no name is sent", () => {
  const mixed = make(server("a.test", ["a.test"], "TLSv1.3"), server("b.test", ["b.test"]));
  assert.equal(mixed.takesVersion("a.test", "TLSv1.2"), false);
  assert.equal(mixed.takesVersion("a.test", "TLSv1.3"), true);
  assert.equal(mixed.takesVersion("b.test", "TLSv1.2"), true);
  assert.equal(mixed.takesVersion("", "TLSv1.2"), false);
  assert.equal(mixed.takesVersion("", "TLSv1.3"), true);
});

test("a server whose certificates are all missing refuses its name only", () => {
  const half = make(server("a.test", []), server("b.test", ["b.test"]));
  assert.equal(half.contextFor("a.test"), null);
  assert.notEqual(half.contextFor("b.test"), null);
});

test("a bundle without a certificate vouches for no client, though Node knows the client's authority", async () => {
  const authority = await makeCertificateAuthority("Known to Node");
  const { cert, key } = await authority.issue({ names: ["client.test"] });
  const defaults = tls.getCACertificates("default");
  tls.setDefaultCACertificates([authority.cert]);
  try {
    const isAuthorized = async (caPem: string) => {
      const servers = [server("a.test", ["a.test"])];
      const certificates = new ServerCertificates(servers, null, { caPem, mode: "AllowValidOnly" });
      const listening = tls.createServer({
        SNICallback: (_, done) => done(null, certificates.contextFor("a.test")!),
        requestCert: true,
        rejectUnauthorized: false,
      });
      await once(listening.listen(0, "127.0.0.1"), "listening");
      const { port } = listening.address() as AddressInfo;
      const options = { servername: "a.test", cert, key, rejectUnauthorized: false };
      const client = tls.connect({ port, host: "127.0.0.1", ...options });
      const [accepted] = (await once(listening, "secureConnection")) as [tls.TLSSocket];
      const { authorized } = accepted;
      client.destroy();
      accepted.destroy();
      await new Promise((resolve) => listening.close(resolve));
      return authorized;
    };
    assert.equal(await isAuthorized(""), false);
    assert.equal(await isAuthorized(authority.cert), true);
  } finally {
    tls.setDefaultCACertificates(defaults);
  }
});
