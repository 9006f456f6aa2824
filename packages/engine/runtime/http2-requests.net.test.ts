import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import http2 from "node:http2";
import { test } from "node:test";
import type tls from "node:tls";
import {
  connectHttp2,
  connectRawHttp2,
  FakeClock,
  FRAME_TYPE,
  getFields,
  HTTP2_PREFACE,
  makeCertificateAuthority,
  makeFrame,
  openEchoServer,
  openHttp2Server,
  openRecordingServer,
  readHttp2Response,
} from "@heddle/testkit";
import type { Echo, Http2Client, Http2Response, Http2Server } from "@heddle/testkit";
import type { ClusterProtocol } from "../model/index.ts";
import { LISTENER } from "../observe/index.ts";
import { answer, Gateway, get, readResponse } from "./gateway.suite.ts";
import type { Shape } from "./gateway.suite.ts";

const ca = await makeCertificateAuthority();
const certificate = await ca.issue({ names: ["a.test", "127.0.0.1"] });
const clusterTls = { serverName: "a.test", caPem: ca.cert, insecureSkipVerify: false };
const httpsShape = (alpn: readonly string[]): Partial<Shape> => ({
  servers: [
    { id: "default/gw/https", hostname: "", tls: { certificates: ["s"], minVersion: "TLSv1.2", alpn } },
  ],
  secrets: [
    {
      kind: "secret",
      name: "s",
      certificatePem: certificate.cert,
      privateKeyPem: certificate.key,
      dnsNames: ["a.test"],
    },
  ],
});
const clientTls = { ca: ca.cert, servername: "a.test" };
const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
const echoOf = ({ body }: Http2Response): Echo => JSON.parse(body.toString()) as Echo;

/** An HTTP/2 backend that tells what it saw, as the echo server does. */
function openHttp2Echo(options: { tls?: tls.TlsOptions } = {}): Promise<Http2Server> {
  return openHttp2Server((stream, headers) => {
    const hash = createHash("sha256");
    let bodyLength = 0;
    let trailers: [string, string][] = [];
    stream.on("data", (chunk: Buffer) => {
      hash.update(chunk);
      bodyLength += chunk.length;
    });
    stream.on("trailers", (fields) => (trailers = Object.entries(fields) as [string, string][]));
    stream.on("end", () => {
      const echo: Echo = {
        servedBy: "h2",
        connection: 0,
        method: headers[":method"] ?? "",
        url: headers[":path"] ?? "",
        httpVersion: "2.0",
        headers: Object.entries(headers) as [string, string][],
        trailers,
        bodyLength,
        bodySha256: hash.digest("hex"),
      };
      stream.respond({ ":status": 200, "content-type": "application/json" });
      stream.end(JSON.stringify(echo));
    });
  }, options);
}

test("by prior knowledge, a request reaches an HTTP/1.1 endpoint with Host, its fields and what was forwarded", async () => {
  await using upstream = await openEchoServer();
  await using gateway = await Gateway.open({
    endpoints: [upstream.port],
    listener: { forwarded: { xForwarded: true, forwarded: true, via: "heddle", trustedHops: [] } },
  });
  await using client = await connectHttp2(gateway.portOf());
  const response = await client.request({
    ":path": "/a/../b?x=1",
    cookie: "a=1; b=2",
    "X-Own": "one",
    te: "trailers",
  });
  assert.equal(response.status, 200);
  assert.equal(response.headers["content-type"], "application/json");
  assert.equal(response.headers["connection"], undefined);
  const echo = echoOf(response);
  assert.equal(echo.method, "GET");
  assert.equal(echo.url, "/b?x=1");
  assert.equal(echo.httpVersion, "1.1");
  const fields = new Map(echo.headers.map(([name, value]) => [name.toLowerCase(), value]));
  assert.equal(fields.get("host"), "a.example");
  assert.equal(fields.get("cookie"), "a=1; b=2");
  assert.equal(fields.get("x-own"), "one");
  assert.equal(fields.get("via"), "2 heddle");
  assert.equal(fields.get("x-forwarded-for"), "127.0.0.1");
  assert.equal(fields.get("x-forwarded-proto"), "http");
  assert.equal(fields.get("te"), "trailers");
  assert.equal(
    echo.headers.some(([name]) => name.startsWith(":")),
    false,
  );
});

const combinations: { client: "1.1" | "2"; upstream: ClusterProtocol; tls: boolean }[] = [
  { client: "2", upstream: "http1", tls: false },
  { client: "2", upstream: "http2", tls: false },
  { client: "1.1", upstream: "http2", tls: false },
  { client: "2", upstream: "http1", tls: true },
  { client: "2", upstream: "http2", tls: true },
  { client: "2", upstream: "auto", tls: true },
  { client: "1.1", upstream: "auto", tls: true },
];

for (const { client: version, upstream: protocol, tls: isTls } of combinations) {
  const name = `HTTP/${version} to ${protocol}${isTls ? " over TLS" : ""}`;

  test(`${name}: GET, HEAD, and bodies of every size with their trailers`, async () => {
    const tlsOptions = isTls ? { tls: certificate } : {};
    const upstream =
      protocol === "http1" ? await openEchoServer(tlsOptions) : await openHttp2Echo(tlsOptions);
    await using _ = upstream;
    await using gateway = await Gateway.open({
      endpoints: [upstream.port],
      protocol,
      ...(isTls ? { clusterTls, ...httpsShape(["h2", "http/1.1"]) } : {}),
    });
    const port = gateway.portOf();
    const sizes = [0, 1, 9_000, 16_384, 65_535, 70_000, 400_000];
    if (version === "2") {
      await using client = await connectHttp2(port, isTls ? { tls: clientTls } : {});
      const responses = await Promise.all(
        sizes.map(async (size) => {
          const body = randomBytes(size);
          const echo = echoOf(
            await client.request(
              { ":method": "POST", ":path": `/${size}` },
              { body, trailers: { "x-sum": `${size}` } },
            ),
          );
          assert.equal(echo.bodyLength, size);
          assert.equal(echo.bodySha256, sha256(body));
          return echo.trailers.map(([key, value]) => `${key.toLowerCase()}=${value}`).join();
        }),
      );
      assert.deepEqual(
        responses,
        sizes.map((size) => `x-sum=${size}`),
      );
      const head = await client.request({ ":method": "HEAD", ":path": "/" });
      assert.deepEqual([head.status, head.body.length], [200, 0]);
      return;
    }
    await using client = await gateway.connect(
      isTls ? { tls: { ...clientTls, ALPNProtocols: ["http/1.1"] } } : {},
    );
    for (const size of sizes) {
      const body = randomBytes(size);
      client.send(
        `POST /${size} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTrailer: x-sum\r\n\r\n` +
          (size === 0 ? "" : `${size.toString(16)}\r\n${body.toString("latin1")}\r\n`) +
          `0\r\nx-sum: ${size}\r\n\r\n`,
      );
      await client.receiveUntil("\r\n\r\n");
      const text = await client.receiveUntil("0\r\n\r\n");
      const json = text.slice(text.indexOf("{"), text.lastIndexOf("}") + 1);
      const echo = JSON.parse(json) as Echo;
      assert.equal(echo.bodyLength, size);
      assert.equal(echo.bodySha256, sha256(body));
      assert.deepEqual(echo.trailers, [["x-sum", `${size}`]]);
    }
  });

  test(`${name}: a large response with trailers and 1xx before it`, async () => {
    const large = randomBytes(3_000_000);
    const upstream =
      protocol === "http1"
        ? await openRecordingServer({
            answers: [],
            script: async (connection) => {
              await connection.receiveUntil("\r\n\r\n", 60_000);
              connection.send(
                "HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\nHTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ntrailer: x-end\r\n\r\n",
              );
              connection.send(`${large.length.toString(16)}\r\n`);
              connection.send(large);
              connection.send("\r\n0\r\nx-end: yes\r\n\r\n");
            },
          })
        : await openHttp2Server(
            (stream) => {
              stream.additionalHeaders({ ":status": 103, link: "</a>" });
              stream.respond({ ":status": 200 }, { waitForTrailers: true });
              stream.on("wantTrailers", () => stream.sendTrailers({ "x-end": "yes" }));
              stream.end(large);
            },
            isTls ? { tls: certificate } : {},
          );
    await using _ = upstream;
    if (protocol === "http1" && isTls) return;
    await using gateway = await Gateway.open({
      endpoints: [upstream.port],
      protocol,
      ...(isTls ? { clusterTls, ...httpsShape(["h2", "http/1.1"]) } : {}),
    });
    if (version === "2") {
      await using client = await connectHttp2(gateway.portOf(), isTls ? { tls: clientTls } : {});
      const response = await client.request({ ":path": "/", te: "trailers" });
      assert.deepEqual(
        response.informational.map((one) => [one[":status"], one["link"]]),
        [[103, "</a>"]],
      );
      assert.equal(response.status, 200);
      assert.equal(sha256(response.body), sha256(large));
      assert.equal(response.trailers["x-end"], "yes");
      return;
    }
    await using client = await gateway.connect(
      isTls ? { tls: { ...clientTls, ALPNProtocols: ["http/1.1"] } } : {},
    );
    client.send(get("/", "TE: trailers\r\nConnection: TE\r\n"));
    assert.match(await client.receiveUntil("\r\n\r\n"), /^HTTP\/1\.1 103 .*\r\nlink: <\/a>/s);
    assert.match(await client.receiveUntil("\r\n\r\n"), /^HTTP\/1\.1 200 /);
    const text = await client.receiveUntil(/0\r\nx-end: yes\r\n\r\n$/, 10_000);
    assert.ok(text.length > large.length);
  });
}

test("the preface is known however it is cut, and what only begins like it is HTTP/1.1", async () => {
  await using upstream = await openEchoServer();
  await using gateway = await Gateway.open({ endpoints: [upstream.port] });
  for (let cut = 1; cut < HTTP2_PREFACE.length; cut++) {
    await using client = await gateway.connect();
    client.send(HTTP2_PREFACE.slice(0, cut));
    await gateway.becomes("connected", () => gateway.clients > 0);
    await new Promise((resolve) => setImmediate(resolve));
    client.send(HTTP2_PREFACE.slice(cut));
    client.send(makeFrame(FRAME_TYPE.SETTINGS, 0, 0));
    // SETTINGS, then the acknowledgement of ours.
    const head = Buffer.from(await client.receiveBytes(9), "latin1");
    assert.equal(head[3], FRAME_TYPE.SETTINGS, `cut at ${cut}`);
  }
  for (const [held, rest] of [
    ["P", "OST"],
    ["P", "ROPFIND"],
    ["PR", "OPFIND"],
  ]) {
    await using client = await gateway.connect();
    client.send(held!);
    await new Promise((resolve) => setImmediate(resolve));
    client.send(`${rest} / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n`);
    const { body } = await readResponse(client);
    assert.equal((JSON.parse(body) as Echo).method, `${held}${rest}`);
  }
});

test("a beginning of the preface, and nothing more, is a slow head", async () => {
  const clock = new FakeClock();
  await using gateway = await Gateway.open({ endpoints: [1], listener: { headTimeoutMs: 5_000 } }, { clock });
  await using client = await gateway.connect();
  client.send("PRI * HTTP/2.0\r\n");
  await gateway.becomes("connected", () => gateway.clients === 1);
  // What came before on another connection is read by the time this one is answered.
  await using other = await gateway.connect();
  other.send(get("/"));
  await readResponse(other);
  clock.advance(6_000);
  assert.match(await client.receiveToEnd(), /^HTTP\/1\.1 (408|505) /);
  await client.close();
  await other.close();
  await gateway.becomes("closed", () => gateway.clients === 0);
  await using silent = await gateway.connect();
  await gateway.becomes("connected", () => gateway.clients === 1);
  clock.advance(6_000);
  assert.equal(await silent.receiveToEnd(), "");
});

test("ALPN prefers h2, follows the listener's protocols, and refuses a client without a common one", async () => {
  await using upstream = await openEchoServer();
  const negotiated = async (alpn: string[], offered: string[]): Promise<string> => {
    await using gateway = await Gateway.open({ endpoints: [upstream.port], ...httpsShape(alpn) });
    const client = await gateway
      .connect({ tls: { ...clientTls, ALPNProtocols: offered } })
      .catch((error: NodeJS.ErrnoException) => error.code ?? "error");
    if (typeof client === "string") return "refused";
    const { alpnProtocol } = client.socket as tls.TLSSocket;
    await client.close();
    return String(alpnProtocol);
  };
  assert.equal(await negotiated(["h2", "http/1.1"], ["http/1.1", "h2"]), "h2");
  assert.equal(await negotiated(["http/1.1", "h2"], ["h2", "http/1.1"]), "http/1.1");
  assert.equal(await negotiated(["http/1.1"], ["h2", "http/1.1"]), "http/1.1");
  assert.equal(await negotiated(["http/1.1"], ["h2"]), "refused");
  assert.equal(await negotiated(["h2", "http/1.1"], []), "false");
});

test("TLS towards the endpoint agrees on what the endpoint speaks, and remembers it", async () => {
  await using old = await openEchoServer({ tls: { ...certificate, ALPNProtocols: ["http/1.1"] } });
  await using plain = await openEchoServer({ tls: certificate });
  await using modern = await openHttp2Echo({ tls: certificate });
  for (const [port, version] of [
    [old.port, "1.1"],
    [plain.port, "1.1"],
    [modern.port, "2.0"],
  ] as const) {
    await using gateway = await Gateway.open({ endpoints: [port], protocol: "auto", clusterTls });
    await using client = await connectHttp2(gateway.portOf());
    for (let round = 0; round < 3; round++) {
      const versions = await Promise.all(
        Array.from({ length: 10 }, async () => echoOf(await client.request({ ":path": "/" })).httpVersion),
      );
      assert.deepEqual(new Set(versions), new Set([version]));
    }
    if (version === "2.0") assert.equal(modern.sessionCount, 1);
  }
});

test("an endpoint that does not agree on h2, where it must, fails the attempt before anything is sent", async () => {
  await using old = await openEchoServer({ tls: { ...certificate, ALPNProtocols: ["http/1.1"] } });
  await using none = await openEchoServer({ tls: certificate });
  for (const { port } of [old, none]) {
    await using gateway = await Gateway.open({ endpoints: [port], protocol: "http2", clusterTls });
    await using client = await connectHttp2(gateway.portOf());
    const response = await client.request({ ":method": "POST", ":path": "/" }, { body: "x" });
    assert.equal(response.status, 502);
    assert.match(response.body.toString(), /HDL_UPSTREAM_TLS_FAILED/);
  }
  assert.equal(old.requestCount + none.requestCount, 0);
});

test("a hundred exchanges share one connection to the endpoint, and more take another", async () => {
  const waiting: http2.ServerHttp2Stream[] = [];
  await using upstream = await openHttp2Server((stream) => void waiting.push(stream));
  await using gateway = await Gateway.open({
    endpoints: [upstream.port],
    protocol: "http2",
    cluster: { maxConnectionsPerEndpoint: 2 },
    listener: {},
  });
  const clients: Http2Client[] = [];
  const responses: Promise<Http2Response>[] = [];
  const ask = async (count: number): Promise<void> => {
    const client = await connectHttp2(gateway.portOf());
    clients.push(client);
    for (let i = 0; i < count; i++) responses.push(client.request({ ":path": "/" }));
  };
  await ask(100);
  await gateway.becomes("100 streams", () => waiting.length === 100);
  assert.equal(upstream.sessionCount, 1);
  await ask(100);
  await gateway.becomes("200 streams", () => waiting.length === 200);
  assert.equal(upstream.sessionCount, 2);
  const extra = await connectHttp2(gateway.portOf());
  clients.push(extra);
  const refused = await extra.request({ ":path": "/" });
  assert.equal(refused.status, 503);
  assert.match(refused.body.toString(), /HDL_UPSTREAM_OVERFLOW/);
  for (const stream of waiting) stream.respond({ ":status": 204 }, { endStream: true });
  assert.deepEqual(new Set((await Promise.all(responses)).map(({ status }) => status)), new Set([204]));
  for (const client of clients) await client.close();
});

test("the endpoint's own limit of streams is kept, and a stream that it refuses is tried again", async () => {
  await using upstream = await openHttp2Server(
    (stream) => {
      stream.respond({ ":status": 200 });
      stream.end("ok");
    },
    { settings: { maxConcurrentStreams: 3 } },
  );
  await using gateway = await Gateway.open({ endpoints: [upstream.port], protocol: "http2" });
  await using client = await connectHttp2(gateway.portOf());
  for (let round = 0; round < 5; round++) {
    const responses = await Promise.all(
      Array.from({ length: 30 }, () => client.request({ ":method": "POST", ":path": "/" }, { body: "x" })),
    );
    assert.deepEqual(new Set(responses.map(({ status }) => status)), new Set([200]));
  }
});

test("responses without a body, and replies of Heddle's own", async () => {
  await using upstream = await openRecordingServer({
    answers: [
      "HTTP/1.1 204 No Content\r\n\r\n",
      "HTTP/1.1 304 Not Modified\r\netag: x\r\ncontent-length: 5\r\n\r\n",
      answer("", "200 OK"),
    ],
  });
  await using gateway = await Gateway.open({ endpoints: [upstream.port] });
  await using client = await connectHttp2(gateway.portOf());
  assert.equal((await client.request({ ":path": "/" })).status, 204);
  const notModified = await client.request({ ":path": "/" });
  assert.deepEqual([notModified.status, notModified.headers["etag"], notModified.body.length], [304, "x", 0]);
  assert.equal((await client.request({ ":path": "/" })).body.length, 0);
  await gateway.apply({ endpoints: [] });
  const own = await client.request({ ":path": "/" });
  assert.equal(own.status, 503);
  assert.match(own.body.toString(), /HDL_NO_ENDPOINTS/);
});

test("CONNECT is refused with 501, and the connection goes on", async () => {
  await using upstream = await openEchoServer();
  await using gateway = await Gateway.open({ endpoints: [upstream.port] });
  await using client = await connectRawHttp2(gateway.portOf());
  client.sendRequest(
    1,
    [
      [":method", "CONNECT"],
      [":authority", "a.example:443"],
    ],
    false,
  );
  const { payload } = await client.receiveOf(FRAME_TYPE.DATA, 1);
  assert.match(payload.toString(), /HDL_REQUEST_METHOD_UNSUPPORTED/);
  client.sendRequest(3, getFields());
  await client.receiveOf(FRAME_TYPE.HEADERS, 3);
});

test("Expect: 100-continue is answered once the body is wanted", async () => {
  await using upstream = await openEchoServer();
  await using gateway = await Gateway.open({ endpoints: [upstream.port] });
  await using client = await connectHttp2(gateway.portOf());
  const stream = client.open({ ":method": "POST", ":path": "/", expect: "100-continue" }, false);
  await once(stream, "continue");
  stream.end("body");
  assert.equal(echoOf(await readHttp2Response(stream)).bodyLength, 4);
});

test("the access log and the counters see requests of HTTP/2 as those of HTTP/1.1", async () => {
  await using upstream = await openEchoServer();
  await using gateway = await Gateway.open({ endpoints: [upstream.port] });
  await using client = await connectHttp2(gateway.portOf());
  for (let i = 0; i < 10; i++) await client.request({ ":path": "/" });
  assert.equal(gateway.total("listener", LISTENER.started), 10);
  assert.equal(gateway.clients, 1);
});
