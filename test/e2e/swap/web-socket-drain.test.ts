import assert from "node:assert/strict";
import { once } from "node:events";
import http from "node:http";
import { test } from "node:test";
import { connectRaw, listenOnFreePort, startHeddle } from "@heddle/testkit";
import { WebSocket, WebSocketServer } from "ws";
import { plainSite } from "../hostile/setup/resources.ts";

const GOING_AWAY = 1001;
const REASON = "gateway is going away";

/** A service of WebSockets that echoes. */
async function openService() {
  const server = http.createServer();
  const service = new WebSocketServer({ server });
  service.on("connection", (socket) => {
    socket.on("message", (data, isBinary) => socket.send(data, { binary: isBinary }));
  });
  const port = await listenOnFreePort(server);
  return {
    port,
    service,
    async [Symbol.asyncDispose]() {
      for (const client of service.clients) client.terminate();
      service.close();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function open(port: number): Promise<WebSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/`);
  await once(socket, "open");
  socket.send("hello");
  assert.equal(String((await once(socket, "message"))[0]), "hello");
  return socket;
}

const endOf = async (socket: WebSocket): Promise<[number, string]> => {
  const [code, reason] = (await once(socket, "close")) as [number, Buffer];
  return [code, reason.toString()];
};

for (const workers of ["0", "2"]) {
  test(`SIGTERM: clients and their service are told 1001, and all end in order, ${workers} workers`, async () => {
    await using upstream = await openService();
    await using heddle = await startHeddle({
      files: ({ http: port }) => ({ "site.yaml": plainSite(port, upstream.port) }),
      args: ["--workers", workers, "--drain", "3"],
    });
    const clients = await Promise.all(Array.from({ length: 20 }, () => open(heddle.ports.http)));
    const errors: unknown[] = [];
    for (const client of clients) client.on("error", (error) => errors.push(error));
    for (const one of upstream.service.clients) one.on("error", (error) => errors.push(error));
    const ends = [...clients, ...upstream.service.clients].map(endOf);
    const from = performance.now();
    heddle.kill("SIGTERM");
    for (const end of await Promise.all(ends)) assert.deepEqual(end, [GOING_AWAY, REASON]);
    assert.deepEqual(await heddle.ended, { code: 0, signal: null }, heddle.stderr());
    assert.ok(performance.now() - from > 900, "the goodbye comes near the end of the drain");
    assert.deepEqual(errors, []);
  });
}

test("SIGTERM: a client in the middle of a frame is reset, and so is its service's side", async () => {
  await using upstream = await openService();
  await using heddle = await startHeddle({
    files: ({ http: port }) => ({ "site.yaml": plainSite(port, upstream.port) }),
    args: ["--workers", "1", "--drain", "2"],
  });
  await using client = await connectRaw(heddle.ports.http);
  client.send(
    "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
  );
  await client.receiveUntil("\r\n\r\n");
  // A text of five octets, of which two come; before it a ping, whose pong says that they are there.
  client.send(Buffer.from([0x89, 0x80, 0, 0, 0, 0, 0x81, 0x85, 0, 0, 0, 0, 0x68, 0x65]));
  assert.equal(await client.receiveBytes(2), "\x8a\x00");
  const [service] = upstream.service.clients;
  service.on("error", () => {});
  const end = endOf(service);
  heddle.kill("SIGTERM");
  assert.equal(
    await client.receiveBytes(4 + REASON.length),
    `\x88${String.fromCharCode(2 + REASON.length)}\x03\xe9${REASON}`,
  );
  assert.equal(await client.closed, "reset");
  assert.deepEqual(await end, [1006, ""]);
  assert.deepEqual(await heddle.ended, { code: 0, signal: null }, heddle.stderr());
});
