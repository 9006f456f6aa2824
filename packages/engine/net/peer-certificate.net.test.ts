import assert from "node:assert/strict";
import { createHash, X509Certificate } from "node:crypto";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { before, test } from "node:test";
import tls from "node:tls";
import { makeCertificateAuthority } from "@heddle/testkit";
import type { IssuedCertificate, TestCertificateAuthority } from "@heddle/testkit";
import type { PeerCertificate } from "../message/index.ts";
import { peerOf } from "./peer.ts";

let trusted: TestCertificateAuthority;
let other: TestCertificateAuthority;
let server: IssuedCertificate;

before(async () => {
  trusted = await makeCertificateAuthority();
  other = await makeCertificateAuthority("Other Root");
  server = await trusted.issue({ names: ["localhost"] });
});

const fingerprintOf = (pem: string) =>
  createHash("sha256").update(new X509Certificate(pem).raw).digest("hex");

/** What a server that asks, and takes everybody, sees of clients, one after the other with the session of the one before. */
async function seenOf(
  client: Partial<IssuedCertificate>,
  connections = 1,
): Promise<(PeerCertificate | null | undefined)[]> {
  const listening = tls.createServer({
    ...server,
    ca: trusted.cert,
    requestCert: true,
    rejectUnauthorized: false,
  });
  listening.listen(0, "127.0.0.1");
  await once(listening, "listening");
  const seen: (PeerCertificate | null | undefined)[] = [];
  listening.on("secureConnection", (socket) => {
    seen.push(peerOf(socket, null).tls?.clientCertificate);
    socket.end("x");
  });
  let session: Buffer | undefined;
  for (let at = 0; at < connections; at++) {
    const { port } = listening.address() as AddressInfo;
    const socket = tls.connect({
      port,
      host: "127.0.0.1",
      ca: trusted.cert,
      servername: "localhost",
      ...client,
      ...(session !== undefined && { session }),
    });
    socket.on("session", (made: Buffer) => (session = made));
    socket.resume();
    await once(socket, "close");
  }
  listening.close();
  await once(listening, "close");
  return seen;
}

test("a client's certificate is read, with its names and who issued it", async () => {
  const client = await trusted.issue({
    names: ["Orders.shop.example", "spiffe://shop.example/ns/shop/sa/orders"],
    use: "client",
  });
  const [seen] = await seenOf(client);
  assert.deepEqual(seen, {
    isVerified: true,
    isAuthority: false,
    subject: "CN=Orders.shop.example",
    issuer: "CN=Test Root",
    commonName: "Orders.shop.example",
    dnsNames: ["Orders.shop.example"],
    uris: ["spiffe://shop.example/ns/shop/sa/orders"],
    emails: [],
    fingerprint: fingerprintOf(client.cert),
    issuers: [fingerprintOf(trusted.cert)],
  });
});

test("one of another authority, an expired one and a server's are there and not verified", async () => {
  for (const client of [
    await other.issue({ names: ["orders"], use: "client" }),
    await trusted.issue({ names: ["orders"], use: "client", validity: "expired" }),
    await trusted.issue({ names: ["orders"], use: "client", validity: "future" }),
    await trusted.issue({ names: ["orders"], use: "server" }),
  ]) {
    const [seen] = await seenOf(client);
    assert.equal(seen?.isVerified, false);
    assert.equal(seen?.fingerprint, fingerprintOf(client.cert));
  }
});

test("without a certificate there is none, nor is one in a resumed session", async () => {
  assert.deepEqual(await seenOf({}), [null]);
  const client = await trusted.issue({ names: ["orders"], use: "client" });
  const [first, second] = await seenOf(client, 2);
  assert.equal(first?.isVerified, true);
  assert.equal(second, null);
});
