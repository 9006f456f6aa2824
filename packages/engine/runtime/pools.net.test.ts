import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import net from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import tls from "node:tls";
import { test } from "node:test";
import {
  FakeClock,
  makeCertificateAuthority,
  openEchoServer,
  openHttp2Server,
  openRecordingServer,
} from "@heddle/testkit";
import type { Echo, RawConnection } from "@heddle/testkit";
import type { FilterFactory } from "../filter/index.ts";
import type { EndpointsUnit } from "../model/index.ts";
import { CLUSTER } from "../observe/index.ts";
import { answer, endpoint, Gateway, get, openSilentServer, readResponse, unitsOf } from "./gateway.suite.ts";

const post = (body: string): string =>
  `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n${body}`;

async function closedPort(): Promise<number> {
  const server = await openSilentServer();
  await server.close();
  return server.port;
}

test("a POST whose endpoint refuses goes to the next one with its body", async () => {
  await using upstream = await openEchoServer();
  const gone = await closedPort();
  await using gateway = await Gateway.open({
    endpoints: [gone, upstream.port],
    cluster: { ejectAfterFaults: 0 },
  });
  await using client = await gateway.connect();
  for (let i = 0; i < 4; i++) {
    client.send(post("x".repeat(20_000)));
    const { status, body } = await readResponse(client);
    assert.equal(status, 200);
    assert.equal((JSON.parse(body) as Echo).bodyLength, 20_000);
  }
  assert.ok(gateway.total("cluster", CLUSTER.connectFailed) > 0);
});

test("retries end when their budget is used up", async () => {
  const breakOff = async (connection: RawConnection) => {
    await connection.receiveUntil("\r\n\r\n", 60_000);
    connection.reset();
  };
  await using one = await openRecordingServer({ script: breakOff });
  await using two = await openRecordingServer({ script: breakOff });
  await using gateway = await Gateway.open(
    {
      endpoints: [one.port, two.port],
      cluster: { ejectAfterFaults: 0, retryBudgetMinPerSecond: 1, retryBudgetRatio: 0 },
    },
    { clock: new FakeClock() },
  );
  await using client = await gateway.connect();
  for (let i = 0; i < 5; i++) {
    client.send(get("/"));
    assert.equal((await readResponse(client)).status, 502);
  }
  assert.equal(gateway.total("cluster", CLUSTER.retries), 3);
});

test("an endpoint that fails is left out, probed when its time is up, and taken back", async () => {
  const clock = new FakeClock();
  let isBad = true;
  const serve = (name: string) =>
    openRecordingServer({
      script: async (connection) => {
        for (;;) {
          const head = await connection.receiveUntil("\r\n\r\n", 60_000).catch(() => null);
          if (head === null) return;
          connection.send(name === "bad" && isBad ? answer("", "503 Service Unavailable") : answer(name));
        }
      },
    });
  await using good = await serve("good");
  await using bad = await serve("bad");
  await using gateway = await Gateway.open(
    { endpoints: [good.port, bad.port], cluster: { ejectAfterFaults: 2, ejectMs: 5_000 } },
    { clock },
  );
  await using client = await gateway.connect();
  const ask = async (): Promise<string> => {
    client.send(get("/"));
    const { status, body } = await readResponse(client);
    return status === 503 ? "503" : body;
  };
  const before: string[] = [];
  for (let i = 0; i < 4; i++) before.push(await ask());
  assert.equal(before.filter((one) => one === "503").length, 2);
  assert.equal(gateway.total("cluster", CLUSTER.ejections), 1);
  for (let i = 0; i < 6; i++) assert.equal(await ask(), "good");
  clock.advance(5_001);
  assert.equal(await ask(), "503", "one request probes");
  for (let i = 0; i < 4; i++) assert.equal(await ask(), "good");
  isBad = false;
  clock.advance(10_001);
  assert.equal(await ask(), "bad", "the probe succeeds");
  const after = [await ask(), await ask()].sort();
  assert.deepEqual(after, ["bad", "good"]);
});

test("connections from before an endpoint was left out are used when it is back, though they may be dead", async () => {
  const clock = new FakeClock();
  let opened = 0;
  let status = "200 OK";
  await using upstream = await openRecordingServer({
    script: async (connection) => {
      opened++;
      for (;;) {
        const head = await connection.receiveUntil("\r\n\r\n", 60_000).catch(() => null);
        if (head === null) return;
        connection.send(answer("", status));
      }
    },
  });
  await using other = await openEchoServer({ name: "other" });
  await using gateway = await Gateway.open(
    { endpoints: [upstream.port, other.port], cluster: { ejectAfterFaults: 1, ejectMs: 5_000 } },
    { clock },
  );
  await using client = await gateway.connect();
  const ask = async (): Promise<void> => {
    client.send(get("/"));
    await readResponse(client);
  };
  for (let i = 0; i < 4; i++) await ask();
  assert.equal(opened, 1, "one connection serves one request after the other");
  status = "503 Service Unavailable";
  for (let i = 0; i < 2; i++) await ask();
  assert.equal(gateway.total("cluster", CLUSTER.ejections), 1);
  await gateway.becomes("the connection is gone", () => gateway.upstreams === 1);
  status = "200 OK";
  clock.advance(5_001);
  for (let i = 0; i < 2; i++) await ask();
  assert.equal(opened, 2);
});

test("an endpoint that leaves while it is busy finishes, and its connection is not kept", async () => {
  await using old = await openSilentServer();
  await using next = await openEchoServer({ name: "next" });
  await using gateway = await Gateway.open({ endpoints: [old.port] });
  const port = gateway.portOf();
  await using client = await gateway.connect();
  client.send(get("/"));
  const connection = await old.connection(0);
  await connection.receiveUntil("\r\n\r\n");
  await gateway.apply({ endpoints: [next.port] });
  assert.equal(gateway.portOf(), port);
  connection.send(answer("from the old"));
  assert.equal((await readResponse(client)).body, "from the old");
  await connection.receiveToEnd();
  client.send(get("/"));
  assert.match((await readResponse(client)).body, /"servedBy":"next"/);
});

test("Keep-Alive: timeout is believed: the connection is left before the server leaves it", async () => {
  const clock = new FakeClock();
  const reply = answer("x", "200 OK", "keep-alive: timeout=5, max=100\r\n");
  await using upstream = await openRecordingServer({ answers: [reply, reply] });
  await using gateway = await Gateway.open({ endpoints: [upstream.port] }, { clock });
  await using client = await gateway.connect();
  client.send(get("/"));
  await readResponse(client);
  clock.advance(3_900);
  assert.equal(gateway.upstreams, 1);
  clock.advance(200);
  assert.equal(gateway.upstreams, 0);
  client.send(get("/"));
  assert.equal((await readResponse(client)).status, 200);
  assert.equal(upstream.connections.length, 2);
});

test("an idle upstream connection is closed after the cluster's idle time", async () => {
  const clock = new FakeClock();
  await using upstream = await openRecordingServer({ answers: [answer("x")] });
  await using gateway = await Gateway.open({ endpoints: [upstream.port] }, { clock });
  await using client = await gateway.connect();
  client.send(get("/"));
  await readResponse(client);
  clock.advance(54_000);
  assert.equal(gateway.upstreams, 1);
  clock.advance(1_100);
  assert.equal(gateway.upstreams, 0);
});

test("an endpoint that says nothing to a TLS hello is 504 after the connect timeout", async () => {
  await using upstream = await openSilentServer();
  await using gateway = await Gateway.open({
    endpoints: [upstream.port],
    clusterTls: { serverName: "app.test", caPem: null, insecureSkipVerify: true },
    cluster: { connectTimeoutMs: 60 },
    rule: { retry: { attempts: 0, codes: [], backoffMs: 0 } },
  });
  await using client = await gateway.connect();
  client.send(get("/"));
  const { status, body } = await readResponse(client);
  assert.equal(status, 504);
  assert.match(body, /HDL_UPSTREAM_CONNECT_TIMEOUT/);
  await (await upstream.connection(0)).receiveToEnd();
});

test("the attempt's and the route's time limits answer 504, and the upstream's connection is closed", async () => {
  for (const rule of [{ backendRequestTimeoutMs: 500 }, { requestTimeoutMs: 500 }]) {
    const clock = new FakeClock();
    await using upstream = await openSilentServer();
    await using gateway = await Gateway.open(
      { endpoints: [upstream.port], rule: { ...rule, retry: { attempts: 0, codes: [], backoffMs: 0 } } },
      { clock },
    );
    await using client = await gateway.connect();
    client.send(get("/"));
    const connection = await upstream.connection(0);
    await connection.receiveUntil("\r\n\r\n");
    clock.advance(600);
    assert.equal((await readResponse(client)).status, 504);
    await connection.receiveToEnd();
  }
});

test("a status that the route retries goes to another endpoint after a pause", async () => {
  const clock = new FakeClock();
  await using upstream = await openRecordingServer({
    answers: [answer("", "503 Service Unavailable"), answer("fine")],
  });
  await using gateway = await Gateway.open(
    { endpoints: [upstream.port], rule: { retry: { attempts: 1, codes: [503], backoffMs: 100 } } },
    { clock },
  );
  await using client = await gateway.connect();
  client.send(post("body"));
  await gateway.becomes("it is retried", () => {
    clock.advance(20);
    return client.received.length > 0;
  });
  assert.equal((await readResponse(client)).body, "fine");
  assert.equal(upstream.receivedText().split("\r\n\r\nbody").length, 3);
});

test("connections per endpoint are bounded", async () => {
  await using upstream = await openSilentServer();
  await using gateway = await Gateway.open({
    endpoints: [upstream.port],
    cluster: { maxConnectionsPerEndpoint: 1 },
  });
  await using first = await gateway.connect();
  await using second = await gateway.connect();
  first.send(get("/"));
  await (await upstream.connection(0)).receiveUntil("\r\n\r\n");
  second.send(get("/"));
  const { status, body } = await readResponse(second);
  assert.equal(status, 503);
  assert.match(body, /HDL_UPSTREAM_OVERFLOW/);
});

test("a TLS endpoint is spoken to when its certificate is the right one, and only then", async () => {
  const ca = await makeCertificateAuthority();
  const other = await makeCertificateAuthority("Other Root");
  const good = await ca.issue({ names: ["app.test", "127.0.0.1"] });
  const expired = await ca.issue({ names: ["app.test"], validity: "expired" });
  await using upstream = await openEchoServer({ tls: good });
  await using old = await openEchoServer({ tls: expired });
  const cases = [
    { tls: { serverName: "app.test", caPem: ca.cert }, port: upstream.port, status: 200 },
    { tls: { serverName: "127.0.0.1", caPem: ca.cert }, port: upstream.port, status: 200 },
    { tls: { serverName: "app.test", caPem: other.cert }, port: upstream.port, status: 502 },
    { tls: { serverName: "app.test", caPem: null }, port: upstream.port, status: 502 },
    { tls: { serverName: "other.test", caPem: ca.cert }, port: upstream.port, status: 502 },
    { tls: { serverName: "app.test", caPem: ca.cert }, port: old.port, status: 502 },
    {
      tls: { serverName: "x.test", caPem: null, insecureSkipVerify: true },
      port: upstream.port,
      status: 200,
    },
  ];
  const shape = ({ tls, port }: (typeof cases)[number]) => ({
    endpoints: [port],
    clusterTls: { insecureSkipVerify: false, ...tls },
    cluster: { ejectAfterFaults: 0 },
  });
  await using gateway = await Gateway.open(shape(cases[0]));
  await using client = await gateway.connect();
  for (const one of cases) {
    await gateway.apply(shape(one));
    client.send(get("/"));
    const { status, body } = await readResponse(client);
    assert.equal(status, one.status, JSON.stringify({ ...one.tls, caPem: "" }) + body);
    if (status === 502) assert.match(body, /HDL_UPSTREAM_TLS_FAILED/);
  }
});

test("a connection under an older trust is not used again, also when it was busy at the change", async () => {
  const ca = await makeCertificateAuthority();
  const other = await makeCertificateAuthority("Other Root");
  const certificate = await ca.issue({ names: ["app.test"] });
  await using upstream = await openEchoServer({ tls: certificate });
  const shape = (caPem: string) => ({
    endpoints: [upstream.port],
    clusterTls: { serverName: "app.test", caPem, insecureSkipVerify: false },
  });
  await using gateway = await Gateway.open(shape(ca.cert));
  await using client = await gateway.connect();
  client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nab");
  await gateway.becomes("it is connected", () => gateway.upstreams === 1);
  await gateway.apply(shape(other.cert));
  client.send("cd");
  assert.equal((await readResponse(client)).status, 200);
  client.send(get("/"));
  assert.equal((await readResponse(client)).status, 502);
});

test("a cut response over TLS on both sides is cut visibly", async () => {
  const ca = await makeCertificateAuthority();
  const certificate = await ca.issue({ names: ["app.test"] });
  const server = tls.createServer(certificate, (socket) => {
    socket.once("data", () => {
      socket.write("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf", () => socket.destroy());
    });
    socket.on("error", () => {});
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  await using gateway = await Gateway.open({
    endpoints: [(server.address() as net.AddressInfo).port],
    clusterTls: { serverName: "app.test", caPem: ca.cert, insecureSkipVerify: false },
    servers: [
      { id: "a", hostname: "", tls: { certificates: ["s"], minVersion: "TLSv1.2", alpn: ["http/1.1"] } },
    ],
    secrets: [
      {
        kind: "secret",
        name: "s",
        certificatePem: certificate.cert,
        privateKeyPem: certificate.key,
        dnsNames: ["app.test"],
      },
    ],
  });
  await using client = await gateway.connect({ tls: { ca: ca.cert, servername: "app.test" } });
  client.send(get("/", "", "1.0"));
  assert.equal(await client.closed, "reset");
  server.close();
});

test("a unix socket is an endpoint, with bodies, cuts and connection failures like any other", async () => {
  const folder = await mkdtemp(path.join(tmpdir(), "heddle-"));
  const address = path.join(folder, "app.sock");
  const server = net.createServer((socket) => {
    socket.on("error", () => {});
    socket.on("data", (bytes) => {
      if (bytes.includes("GET /cut")) {
        socket.end("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf");
      } else {
        socket.write(answer("over a unix socket"));
      }
    });
  });
  server.listen(address);
  await once(server, "listening");
  await using gateway = await Gateway.open({ endpoints: [{ address, port: 0, weight: 1, zone: "" }] });
  await using client = await gateway.connect();
  client.send(get("/"));
  assert.equal((await readResponse(client)).body, "over a unix socket");
  await using other = await gateway.connect();
  other.send(get("/cut"));
  assert.equal(await other.closed, "reset");
  server.close();
  await rm(folder, { recursive: true });
  await gateway.apply({ endpoints: [{ address: `${address}2`, port: 0, weight: 1, zone: "" }] });
  client.send(get("/"));
  assert.equal((await readResponse(client)).status, 503);
});

test("IPv6 on both sides, and IPv4 through a listener on ::", async () => {
  await using upstream = await openEchoServer({ host: "::1" });
  await using gateway = await Gateway.open({ address: "::", endpoints: [endpoint(upstream.port, "::1")] });
  for (const [host, seen] of [
    ["::1", "::1"],
    ["127.0.0.1", "127.0.0.1"],
  ]) {
    await using client = await gateway.connect({ host });
    client.send(get("/"));
    const { headers } = JSON.parse((await readResponse(client)).body) as Echo;
    assert.equal(headers.find(([name]) => name === "x-forwarded-for")?.[1], seen);
  }
});

test("a call beside an exchange that nobody answers is given up, and holds no connection", async () => {
  const clock = new FakeClock();
  const copy: FilterFactory = {
    name: "copy",
    create: (_config, context) => ({
      name: "copy",
      requestHead: (exchange) => void context.call("silent", exchange.request.clone(), {}),
    }),
  };
  await using upstream = await openEchoServer();
  await using silent = await openSilentServer();
  const units = unitsOf({
    endpoints: [upstream.port],
    rule: { filters: [{ name: "copy", config: null }] },
  });
  const more = unitsOf({ endpoints: [silent.port] })
    .filter(({ kind }) => kind === "cluster" || kind === "endpoints")
    .map((unit) =>
      unit.kind === "cluster"
        ? { ...unit, name: "silent", endpoints: "silent" }
        : { ...(unit as EndpointsUnit), name: "silent" },
    );
  await using gateway = await Gateway.open([...units, ...more], { clock, filters: [copy] });
  await using client = await gateway.connect();
  client.send(get("/"));
  assert.equal((await readResponse(client)).status, 200);
  const asked = await silent.connection(0);
  await asked.receiveUntil("\r\n\r\n");
  clock.advance(50_000);
  assert.equal(gateway.attempts, 1);
  clock.advance(10_100);
  await asked.receiveToEnd();
  assert.equal(gateway.attempts, 0);
});

test("a connection carries so many requests, and lives so long", async () => {
  await using upstream = await openEchoServer();
  await using few = await Gateway.open({
    endpoints: [upstream.port],
    cluster: { maxRequestsPerConnection: 2 },
  });
  await using client = await few.connect();
  for (let i = 0; i < 5; i++) {
    client.send(get("/"));
    assert.equal((await readResponse(client)).status, 200);
  }
  assert.equal(few.total("cluster", CLUSTER.connectionsOpened), 3);
  await using short = await Gateway.open({
    endpoints: [upstream.port],
    cluster: { maxConnectionAgeMs: 100 },
  });
  await using other = await short.connect();
  other.send(get("/"));
  assert.equal((await readResponse(other)).status, 200);
  await short.becomes("it is closed while it is idle", () => short.upstreams === 0);
});

test("a connection of HTTP/2 carries so many requests", async () => {
  await using upstream = await openHttp2Server((stream) => {
    stream.respond({ ":status": 200, "content-length": 2 });
    stream.end("ok");
  });
  await using gateway = await Gateway.open({
    endpoints: [upstream.port],
    protocol: "http2",
    cluster: { maxRequestsPerConnection: 2 },
  });
  await using client = await gateway.connect();
  for (let i = 0; i < 5; i++) {
    client.send(get("/"));
    assert.equal((await readResponse(client)).body, "ok");
  }
  assert.equal(upstream.sessionCount, 3);
});
