import assert from "node:assert/strict";
import { createHash, X509Certificate } from "node:crypto";
import { test } from "node:test";
import { makeCertificateAuthority } from "./certificates.ts";
import { openEchoServer, type Echo } from "./echo-server.ts";
import { connectRaw, type RawConnection } from "./raw-connection.ts";

async function readEcho(connection: RawConnection): Promise<Echo> {
  const head = await connection.receiveUntil("\r\n\r\n");
  assert.match(head, /^HTTP\/1\.1 200 /);
  const length = Number(/content-length: (\d+)/i.exec(head)?.[1]);
  return JSON.parse(await connection.receiveBytes(length)) as Echo;
}

test("the echo tells method, url, headers as written, body and trailers", async () => {
  await using server = await openEchoServer({ name: "orders-1" });
  await using client = await connectRaw(server.port);
  client.send(
    "POST /a/../b?q=%20 HTTP/1.1\r\nHost: x\r\nX-Two: 1\r\nx-TWO: 2\r\nTransfer-Encoding: chunked\r\nTrailer: T\r\n\r\n" +
      "3\r\nabc\r\n0\r\nT: end\r\n\r\n",
  );
  assert.deepEqual(await readEcho(client), {
    servedBy: "orders-1",
    connection: 0,
    method: "POST",
    url: "/a/../b?q=%20",
    httpVersion: "1.1",
    headers: [
      ["Host", "x"],
      ["X-Two", "1"],
      ["x-TWO", "2"],
      ["Transfer-Encoding", "chunked"],
      ["Trailer", "T"],
    ],
    trailers: [["T", "end"]],
    bodyLength: 3,
    bodySha256: createHash("sha256").update("abc").digest("hex"),
  });
});

test("the echo numbers connections, so that reuse shows", async () => {
  await using server = await openEchoServer();
  await using first = await connectRaw(server.port);
  await using second = await connectRaw(server.port);
  const seen: number[] = [];
  for (const client of [first, first, second]) {
    client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    seen.push((await readEcho(client)).connection);
  }
  assert.deepEqual(seen, [0, 0, 1]);
  assert.equal(server.requestCount, 3);
  assert.equal(await server.connectionCount(), 2);
});

test("an issued certificate serves TLS for its names, under its root", async () => {
  const authority = await makeCertificateAuthority();
  const issued = await authority.issue({ names: ["shop.test", "127.0.0.1"] });
  await using server = await openEchoServer({ tls: issued });
  await using client = await connectRaw(server.port, {
    tls: { ca: authority.cert, servername: "shop.test" },
  });
  client.send("GET / HTTP/1.1\r\nHost: shop.test\r\n\r\n");
  assert.equal((await readEcho(client)).servedBy, "echo");
  await assert.rejects(connectRaw(server.port, { tls: { ca: authority.cert, servername: "other.test" } }), {
    code: "ERR_TLS_CERT_ALTNAME_INVALID",
  });
});

for (const [validity, code] of [
  ["expired", "CERT_HAS_EXPIRED"],
  ["future", "CERT_NOT_YET_VALID"],
] as const) {
  test(`a certificate that is ${validity} is refused with ${code}`, async () => {
    const authority = await makeCertificateAuthority();
    const issued = await authority.issue({ names: ["shop.test"], validity });
    await using server = await openEchoServer({ tls: issued });
    const connecting = connectRaw(server.port, { tls: { ca: authority.cert, servername: "shop.test" } });
    await assert.rejects(connecting, { code });
  });
}

test("names become DNS, IP and URI entries, and use becomes the extended key usage", async () => {
  const authority = await makeCertificateAuthority();
  const names = ["a.test", "::1", "spiffe://mesh.test/ns/default/sa/orders"];
  const { cert } = await authority.issue({ names, use: "client" });
  const parsed = new X509Certificate(cert);
  assert.equal(
    parsed.subjectAltName,
    "DNS:a.test, IP Address:0:0:0:0:0:0:0:1, URI:spiffe://mesh.test/ns/default/sa/orders",
  );
  assert.deepEqual(parsed.keyUsage, ["1.3.6.1.5.5.7.3.2"]);
  assert.ok(parsed.verify(new X509Certificate(authority.cert).publicKey));
});
