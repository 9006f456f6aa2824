import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock } from "@heddle/testkit";
import type { RawConnection, RecordingServer } from "@heddle/testkit";
import { answer, Gateway, get, openSilentServer, readResponse } from "./gateway.suite.ts";

const ASK = get("/ws", "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\n");
const SWITCH =
  "HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-accept: y\r\n\r\n";

interface Tunnel {
  upstream: RecordingServer;
  gateway: Gateway;
  client: RawConnection;
  server: RawConnection;
  [Symbol.asyncDispose](): Promise<void>;
}

async function openTunnel(): Promise<Tunnel> {
  const upstream = await openSilentServer();
  const gateway = await Gateway.open({ endpoints: [upstream.port] });
  const client = await gateway.connect();
  client.send(ASK);
  const server = await upstream.connection(0);
  await server.receiveUntil("\r\n\r\n");
  server.send(SWITCH);
  await client.receiveUntil("\r\n\r\n");
  return {
    upstream,
    gateway,
    client,
    server,
    async [Symbol.asyncDispose]() {
      await client.close();
      await upstream.close();
      await gateway.becomes("the tunnel is gone", () => gateway.clients === 0 && gateway.upstreams === 0);
      assert.equal(gateway.exchanges, 0);
      assert.equal(gateway.attempts, 0);
      await gateway.close();
    },
  };
}

test("a 101 opens a tunnel: what is sent on either side arrives on the other", async () => {
  await using tunnel = await openTunnel();
  const { client, server } = tunnel;
  assert.match(client.received.toString("latin1"), /^HTTP\/1.1 101 Switching Protocols\r\n/);
  assert.match(client.received.toString("latin1"), /\r\nupgrade: websocket\r\n/);
  assert.match(client.received.toString("latin1"), /\r\nconnection: upgrade\r\n/);
  assert.match(server.received.toString("latin1"), /\r\nconnection: upgrade\r\nupgrade: websocket\r\n/);
  client.send("ping\x00\xff");
  assert.equal(await server.receiveBytes(6), "ping\x00\xff");
  server.send("pong\x00\xff");
  assert.equal(await client.receiveBytes(6), "pong\x00\xff");
  const large = "z".repeat(3_000_000);
  client.send(large);
  server.send(large);
  assert.equal((await server.receiveBytes(large.length)).length, large.length);
  assert.equal((await client.receiveBytes(large.length)).length, large.length);
});

test("bytes that come right behind the 101 are tunnel bytes", async () => {
  await using upstream = await openSilentServer();
  await using gateway = await Gateway.open({ endpoints: [upstream.port] });
  await using client = await gateway.connect();
  client.send(ASK);
  const server = await upstream.connection(0);
  await server.receiveUntil("\r\n\r\n");
  server.send(`${SWITCH}first frame`);
  await client.receiveUntil("\r\n\r\n");
  assert.equal(await client.receiveBytes(11), "first frame");
});

test("the client ends its half first: the server's still flows", async () => {
  await using tunnel = await openTunnel();
  const { client, server } = tunnel;
  client.send("bye");
  client.end();
  assert.equal(await server.receiveToEnd(), "bye");
  server.send("one more");
  server.end();
  assert.equal(await client.receiveToEnd(), "one more");
  assert.equal(await client.closed, "end");
  assert.equal(await server.closed, "end");
});

test("the server ends its half first: the client's still flows", async () => {
  await using tunnel = await openTunnel();
  const { client, server } = tunnel;
  server.send("bye");
  server.end();
  assert.equal(await client.receiveToEnd(), "bye");
  const large = "z".repeat(8_000_000);
  client.send(large);
  client.end();
  assert.equal((await server.receiveToEnd()).length, large.length);
  assert.equal(await client.closed, "end");
  assert.equal(await server.closed, "end");
});

test("a client that breaks off breaks the server's side", async () => {
  await using tunnel = await openTunnel();
  tunnel.client.reset();
  assert.equal(await tunnel.server.closed, "reset");
});

test("a server that breaks off breaks the client's side", async () => {
  await using tunnel = await openTunnel();
  tunnel.server.reset();
  assert.equal(await tunnel.client.closed, "reset");
});

test("a server that breaks off behind its end breaks the client's half too", async () => {
  await using tunnel = await openTunnel();
  const { client, server, gateway } = tunnel;
  server.end();
  await client.receiveToEnd();
  server.reset();
  // Nobody reads behind an end: the break shows with the next bytes.
  await gateway.becomes("the client is cut", () => {
    client.send("into the void");
    return gateway.clients === 0;
  });
});

test("a refused upgrade is an ordinary response, and the connection ends behind it", async () => {
  await using upstream = await openSilentServer();
  await using gateway = await Gateway.open({ endpoints: [upstream.port] });
  await using client = await gateway.connect();
  client.send(`${ASK}${get("/smuggled")}`);
  const server = await upstream.connection(0);
  await server.receiveUntil("\r\n\r\n");
  server.send(answer("no", "400 Bad Request"));
  const { status, head } = await readResponse(client);
  assert.equal(status, 400);
  assert.match(head, /\r\nconnection: close\r\n/);
  assert.equal(await client.receiveToEnd(), "");
  assert.doesNotMatch(upstream.receivedText(), /smuggled/);
});

test("bytes sent before the 101 wait for it", async () => {
  await using upstream = await openSilentServer();
  await using gateway = await Gateway.open({ endpoints: [upstream.port] });
  await using client = await gateway.connect();
  client.send(`${ASK}early `);
  const server = await upstream.connection(0);
  await server.receiveUntil("\r\n\r\n");
  client.send("bytes");
  // Another exchange's round trip: what would be forwarded is.
  await using other = await gateway.connect();
  other.send(get("/"));
  await (await upstream.connection(1)).receiveUntil("\r\n\r\n");
  assert.equal(server.unread, "");
  server.send(SWITCH);
  await client.receiveUntil("\r\n\r\n");
  assert.equal(await server.receiveBytes(11), "early bytes");
  client.end();
  assert.equal(await server.receiveToEnd(), "");
});

test("a fake 101 to a request without upgrade is a fault of the upstream", async () => {
  await using upstream = await openSilentServer();
  await using gateway = await Gateway.open({ endpoints: [upstream.port] });
  await using client = await gateway.connect();
  // A GET would be tried again.
  client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
  const server = await upstream.connection(0);
  await server.receiveUntil("\r\n\r\n");
  server.send(SWITCH);
  assert.equal((await readResponse(client)).status, 502);
  assert.equal(await server.receiveToEnd(), "");
});

test("h2c and unknown protocols are never forwarded, and the request goes on without", async () => {
  await using upstream = await openSilentServer();
  await using gateway = await Gateway.open({ endpoints: [upstream.port] });
  await using client = await gateway.connect();
  const server = upstream.connection(0);
  for (const protocol of ["h2c", "H2C", "foo", "h2c, foo"]) {
    client.send(
      get(
        "/",
        `Connection: Upgrade, HTTP2-Settings\r\nUpgrade: ${protocol}\r\nHTTP2-Settings: AAMAAABkAAQ\r\n`,
      ),
    );
    const head = await (await server).receiveUntil("\r\n\r\n");
    assert.doesNotMatch(head, /upgrade|http2-settings|h2c/i);
    (await server).send(answer("plain"));
    assert.equal((await readResponse(client)).body, "plain");
  }
});

test("a tunnel outlives the time limits of exchanges", async () => {
  await using upstream = await openSilentServer();
  const clock = new FakeClock();
  await using gateway = await Gateway.open(
    { endpoints: [upstream.port], rule: { requestTimeoutMs: 1_000, backendRequestTimeoutMs: 500 } },
    { clock },
  );
  await using client = await gateway.connect();
  client.send(ASK);
  const server = await upstream.connection(0);
  await server.receiveUntil("\r\n\r\n");
  server.send(SWITCH);
  await client.receiveUntil("\r\n\r\n");
  clock.advance(24 * 3_600_000);
  client.send("still");
  assert.equal(await server.receiveBytes(5), "still");
});
