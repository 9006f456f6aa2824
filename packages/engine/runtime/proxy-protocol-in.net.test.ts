import assert from "node:assert/strict";
import { once } from "node:events";
import http2 from "node:http2";
import net from "node:net";
import { after, before, test } from "node:test";
import tls from "node:tls";
import { Http2Client, makeCertificateAuthority, openEchoServer, RawConnection } from "@heddle/testkit";
import type { Echo, EchoServer, TestCertificateAuthority } from "@heddle/testkit";
import type { ProxyProtocolSettings, SecretUnit, ServerSpec } from "../model/index.ts";
import { ANY_HOST, Gateway, get, readResponse } from "./gateway.suite.ts";
import type { Shape } from "./gateway.suite.ts";

const LINE = "PROXY TCP4 192.0.2.9 198.51.100.2 56324 443\r\n";
const BINARY = "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xc0\0\x02\x09\xc6\x33\x64\x02\xdc\x04\x01\xbb";
const LOCAL = "\r\n\r\n\0\r\nQUIT\n\x20\0\0\0";

let ca: TestCertificateAuthority;
let secret: SecretUnit;
let upstream: EchoServer;

before(async () => {
  ca = await makeCertificateAuthority();
  const { cert, key } = await ca.issue({ names: ["a.test"] });
  secret = {
    kind: "secret",
    name: "a.test",
    certificatePem: cert,
    privateKeyPem: key,
    dnsNames: ["a.test"],
  };
  upstream = await openEchoServer();
});
after(() => upstream.close());

const expecting = (more: Partial<ProxyProtocolSettings> = {}): ProxyProtocolSettings => ({
  trustedSources: ["127.0.0.0/8"],
  others: "refuse",
  ports: [],
  ...more,
});

const http = (proxyProtocol: ProxyProtocolSettings, more: Partial<Shape> = {}): Shape => ({
  endpoints: [upstream.port],
  listener: { proxyProtocol },
  ...more,
});

const TLS_SERVER: ServerSpec = {
  id: "default/gw/https",
  hostname: "",
  tls: { certificates: ["a.test"], minVersion: "TLSv1.2", alpn: ["h2", "http/1.1"] },
};

/** X-Forwarded-For as the endpoint got it. */
async function clientSeen(gateway: Gateway, first: string, more: string[] = []): Promise<string> {
  await using client = await gateway.connect();
  client.send(first);
  for (const piece of more) {
    await new Promise((resolve) => setImmediate(resolve));
    client.send(piece);
  }
  return forwardedFor((await readResponse(client)).body);
}

function forwardedFor(body: string): string {
  const { headers } = JSON.parse(body) as Echo;
  return (
    new Map(headers.map(([name, value]) => [name.toLowerCase(), value])).get("x-forwarded-for") ?? "none"
  );
}

/** Closed by Heddle without an octet. */
async function isClosed(gateway: Gateway, bytes: string): Promise<void> {
  await using client = await gateway.connect();
  client.send(bytes);
  assert.equal(await client.receiveToEnd(), "");
}

test("the client is who the header says, in both versions, in one piece with the request or before it", async () => {
  await using gateway = await Gateway.open(http(expecting()));
  for (const header of [LINE, BINARY]) {
    assert.equal(await clientSeen(gateway, header + get("/")), "192.0.2.9");
    assert.equal(await clientSeen(gateway, header, [get("/")]), "192.0.2.9");
    assert.equal(await clientSeen(gateway, header.slice(0, 11), [header.slice(11), get("/")]), "192.0.2.9");
  }
});

test("LOCAL and UNKNOWN: the client is who connects", async () => {
  await using gateway = await Gateway.open(http(expecting()));
  assert.equal(await clientSeen(gateway, LOCAL + get("/")), "127.0.0.1");
  assert.equal(await clientSeen(gateway, `PROXY UNKNOWN\r\n${get("/")}`), "127.0.0.1");
});

test("a trusted hop is known by the header's address, not by that of the proxy which sent it", async () => {
  const forwarded = { xForwarded: true, forwarded: false, via: "" };
  const request = get("/", "X-Forwarded-For: 203.0.113.7\r\n");
  const behind = (hop: string) =>
    Gateway.open({
      endpoints: [upstream.port],
      listener: { proxyProtocol: expecting(), forwarded: { ...forwarded, trustedHops: [hop] } },
    });
  await using client = await behind("192.0.2.9");
  assert.equal(await clientSeen(client, LINE + request), "203.0.113.7, 192.0.2.9");
  await using proxy = await behind("127.0.0.1");
  assert.equal(await clientSeen(proxy, LINE + request), "192.0.2.9");
});

test("spoofing: a header from elsewhere closes the connection, and is counted", async () => {
  await using gateway = await Gateway.open(http(expecting({ trustedSources: ["192.0.2.1"] })));
  for (const bytes of [LINE + get("/"), BINARY + get("/"), get("/")]) await isClosed(gateway, bytes);
  assert.equal(gateway.refusals("proxy-header-untrusted"), 3);
  assert.equal(gateway.clients, 0);
});

test("spoofing: where others come without a header, one from them is no header", async () => {
  await using gateway = await Gateway.open(
    http(expecting({ trustedSources: ["192.0.2.1"], others: "plain" })),
  );
  assert.equal(await clientSeen(gateway, get("/")), "127.0.0.1");
  for (const header of [LINE, BINARY]) {
    await using client = await gateway.connect();
    client.send(header + get("/"));
    assert.equal((await readResponse(client)).status, 400);
  }
});

test("from a trusted source a header is required: a request without one, or with a broken one, is closed", async () => {
  await using gateway = await Gateway.open(http(expecting()));
  const broken = [get("/"), `PROXY TCP4 a b c d\r\n${get("/")}`, BINARY.replace("\x21", "\x31") + get("/")];
  for (const bytes of broken) await isClosed(gateway, bytes);
  await using cut = await gateway.connect();
  cut.send("PROXY TCP4 192.");
  cut.end();
  await cut.closed;
  assert.equal(gateway.refusals("proxy-header-malformed"), 4);
});

test("a header that does not come in time closes the connection", async () => {
  for (const servers of [[ANY_HOST], [TLS_SERVER]]) {
    await using gateway = await Gateway.open({
      endpoints: [upstream.port],
      listener: { proxyProtocol: expecting(), proxyHeaderTimeoutMs: 50 },
      servers,
      secrets: [secret],
    });
    await isClosed(gateway, "PROXY TCP4 ");
    await isClosed(gateway, "");
    assert.equal(gateway.refusals("proxy-header-timeout"), 2);
  }
});

test("connections that owe a header count towards the limit of connections", async () => {
  await using gateway = await Gateway.open({
    endpoints: [upstream.port],
    listener: { proxyProtocol: expecting(), maxConnections: 2 },
  });
  await using first = await gateway.connect();
  await using second = await gateway.connect();
  await isClosed(gateway, LINE + get("/"));
  assert.equal(gateway.refusals("connection-limit"), 1);
  for (const client of [first, second]) {
    client.send(LINE + get("/"));
    assert.equal((await readResponse(client)).status, 200);
  }
});

test("only the named ports expect it", async () => {
  await using gateway = await Gateway.open(http(expecting({ ports: [1] })));
  assert.equal(await clientSeen(gateway, get("/")), "127.0.0.1");
});

test("what changes the trust drains connections that are open", async () => {
  const shape = (proxyProtocol: ProxyProtocolSettings) => http(proxyProtocol);
  await using gateway = await Gateway.open(shape(expecting()));
  await using client = await gateway.connect();
  client.send(LINE + get("/"));
  await readResponse(client);
  await gateway.apply(shape(expecting({ trustedSources: ["192.0.2.1"] })));
  await client.receiveToEnd();
  await isClosed(gateway, LINE + get("/"));
});

test("HTTP/2 by prior knowledge behind a header", async () => {
  await using gateway = await Gateway.open(http(expecting()));
  const socket = net.connect(gateway.portOf(), "127.0.0.1");
  socket.write(BINARY, "latin1");
  await using client = new Http2Client(http2.connect("http://a.example", { createConnection: () => socket }));
  const { body } = await client.request({ ":path": "/" });
  assert.equal(forwardedFor(body.toString()), "192.0.2.9");
});

/** TLS on a connection that begins with that header. */
async function secureBehind(gateway: Gateway, header: string, alpn: string): Promise<tls.TLSSocket> {
  const socket = net.connect(gateway.portOf(), "127.0.0.1");
  socket.write(header, "latin1");
  const secure = tls.connect({ socket, ca: ca.cert, servername: "a.test", ALPNProtocols: [alpn] });
  await once(secure, "secureConnect");
  return secure;
}

test("TLS behind a header: HTTP/1.1 and HTTP/2 by ALPN", async () => {
  await using gateway = await Gateway.open({
    endpoints: [upstream.port],
    listener: { proxyProtocol: expecting() },
    servers: [TLS_SERVER],
    secrets: [secret],
  });
  for (const header of [LINE, BINARY]) {
    await using client = new RawConnection(await secureBehind(gateway, header, "http/1.1"));
    client.send(get("/"));
    assert.equal(forwardedFor((await readResponse(client)).body), "192.0.2.9");
    const socket = await secureBehind(gateway, header, "h2");
    await using client2 = new Http2Client(
      http2.connect("https://a.example", { createConnection: () => socket }),
    );
    assert.equal(forwardedFor((await client2.request({ ":path": "/" })).body.toString()), "192.0.2.9");
  }
  await isClosed(gateway, "\x16\x03\x01\x00\x05hello");
  assert.equal(gateway.refusals("proxy-header-malformed"), 1);
});
