import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { once } from "node:events";
import type http2 from "node:http2";
import { test } from "node:test";
import {
  connectHttp2,
  connectRawHttp2,
  END_HEADERS,
  END_STREAM,
  FRAME_TYPE,
  makeBlock,
  makeFrame,
  openHttp2Server,
  openRecordingServer,
  readHttp2Response,
} from "@heddle/testkit";
import type { Http2Client, RawConnection } from "@heddle/testkit";
import { answer, Gateway, readResponse } from "./gateway.suite.ts";

const acceptOf = (key: string): string =>
  createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");

const KEY = "dGhlIHNhbXBsZSBub25jZQ==";

/** An HTTP/1.1 endpoint that upgrades, then sends back in upper case what it gets, and ends when its client does. */
function openUpgrader(accept: (key: string) => string = acceptOf) {
  return openRecordingServer({
    script: async (connection) => {
      const head = await connection.receiveUntil("\r\n\r\n", 60_000);
      const key = /^sec-websocket-key: (.*)\r$/im.exec(head)?.[1] ?? "";
      connection.send(
        `HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n` +
          `sec-websocket-accept: ${accept(key)}\r\nsec-websocket-protocol: chat\r\n\r\n`,
      );
      await shout(connection);
    },
  });
}

async function shout(connection: RawConnection): Promise<void> {
  for (;;) {
    const text = await connection.receiveUntil(/[^]+/, 60_000).catch(() => "");
    if (text === "") break;
    connection.send(text.toUpperCase());
  }
  connection.end();
}

/** The same by extended CONNECT. */
function openHttp2Upgrader(isEnabled: boolean = true) {
  const seen: http2.IncomingHttpHeaders[] = [];
  const server = openHttp2Server(
    (stream, headers) => {
      seen.push(headers);
      if (headers[":path"] === "/no") {
        stream.respond({ ":status": 403 });
        stream.end("not you");
        return;
      }
      stream.respond({ ":status": 200, "sec-websocket-protocol": "chat" });
      stream.on("data", (chunk: Buffer) => stream.write(chunk.toString().toUpperCase()));
      stream.on("end", () => stream.end());
    },
    { settings: { enableConnectProtocol: isEnabled } },
  );
  return { server, seen };
}

/** A tunnel from a client of HTTP/2, once the server takes extended CONNECT. */
async function openTunnel(client: Http2Client, path: string = "/"): Promise<http2.ClientHttp2Stream> {
  if (client.session.remoteSettings.enableConnectProtocol !== true) {
    await once(client.session, "remoteSettings");
  }
  return client.open(
    {
      ":method": "CONNECT",
      ":protocol": "websocket",
      ":path": path,
      "sec-websocket-version": "13",
      "sec-websocket-protocol": "chat",
    },
    false,
  );
}

async function talk(stream: http2.ClientHttp2Stream): Promise<void> {
  for (const text of ["one", "two"]) {
    stream.write(text);
    assert.equal(String((await once(stream, "data"))[0]), text.toUpperCase());
  }
  stream.end();
  await once(stream, "close");
  assert.equal(stream.rstCode, 0);
}

test("a WebSocket over HTTP/2 reaches an HTTP/1.1 endpoint as an Upgrade, with a key of Heddle's own", async () => {
  await using upstream = await openUpgrader();
  await using gateway = await Gateway.open({ endpoints: [upstream.port] });
  await using client = await connectHttp2(gateway.portOf());
  const stream = await openTunnel(client, "/chat?x");
  const [head] = (await once(stream, "response")) as [http2.IncomingHttpHeaders & { ":status": number }];
  assert.equal(head[":status"], 200);
  assert.equal(head["sec-websocket-protocol"], "chat");
  for (const name of ["sec-websocket-accept", "upgrade", "connection"]) assert.equal(head[name], undefined);
  await talk(stream);
  const request = upstream.receivedText();
  assert.match(request, /^GET \/chat\?x HTTP\/1\.1\r\n/);
  assert.match(request, /^connection: upgrade\r\nupgrade: websocket\r$/im);
  assert.match(request, /^sec-websocket-key: [A-Za-z0-9+/]{22}==\r$/im);
  assert.doesNotMatch(request, /transfer-encoding|content-length/i);
  await gateway.becomes("over", () => gateway.exchanges === 0 && gateway.attempts === 0);
});

test("an endpoint that accepts another key is not believed", async () => {
  await using upstream = await openUpgrader(() => acceptOf("other"));
  await using gateway = await Gateway.open({ endpoints: [upstream.port] });
  await using client = await connectHttp2(gateway.portOf());
  const response = await readHttp2Response(await openTunnel(client));
  assert.equal(response.status, 502);
  assert.match(response.body.toString(), /HDL_UPSTREAM_MALFORMED/);
});

test("a WebSocket over HTTP/2 reaches an HTTP/2 endpoint by extended CONNECT", async () => {
  const { server, seen } = openHttp2Upgrader();
  await using upstream = await server;
  await using gateway = await Gateway.open({ endpoints: [upstream.port], protocol: "http2" });
  await using client = await connectHttp2(gateway.portOf());
  const streams = await Promise.all([openTunnel(client, "/a"), openTunnel(client, "/b")]);
  await Promise.all(
    streams.map(async (stream) => {
      const [head] = (await once(stream, "response")) as [http2.IncomingHttpHeaders & { ":status": number }];
      assert.equal(head[":status"], 200);
      await talk(stream);
    }),
  );
  assert.deepEqual(
    seen.map((head) => [head[":method"], head[":protocol"], head[":path"], head["sec-websocket-key"]]),
    [
      ["CONNECT", "websocket", "/a", undefined],
      ["CONNECT", "websocket", "/b", undefined],
    ],
  );
  assert.equal(upstream.sessionCount, 1);
  await gateway.becomes("over", () => gateway.exchanges === 0 && gateway.attempts === 0);
});

test("a WebSocket over HTTP/1.1 reaches an HTTP/2 endpoint, and is accepted by its key", async () => {
  const { server, seen } = openHttp2Upgrader();
  await using upstream = await server;
  await using gateway = await Gateway.open({ endpoints: [upstream.port], protocol: "http2" });
  const upgrade = (path: string): string =>
    `GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
    `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${KEY}\r\n\r\n`;
  await using client = await gateway.connect();
  client.send(upgrade("/a"));
  const head = await client.receiveUntil("\r\n\r\n");
  assert.match(head, /^HTTP\/1\.1 101 /);
  assert.match(head, /\r\nupgrade: websocket\r\n/i);
  assert.ok(head.includes(`sec-websocket-accept: ${acceptOf(KEY)}\r\n`), head);
  client.send("one");
  assert.equal(await client.receiveBytes(3), "ONE");
  client.end();
  assert.equal(await client.receiveToEnd(), "");
  assert.equal(seen[0]!["sec-websocket-key"], undefined);
  await using other = await gateway.connect();
  other.send(upgrade("/no"));
  const refused = await other.receiveUntil("not you");
  assert.match(refused, /^HTTP\/1\.1 403 /);
  await gateway.becomes("over", () => gateway.exchanges === 0 && gateway.attempts === 0);
});

test("an endpoint of HTTP/2 that takes no extended CONNECT is told from one that fails", async () => {
  const { server } = openHttp2Upgrader(false);
  await using upstream = await server;
  await using gateway = await Gateway.open({ endpoints: [upstream.port], protocol: "http2" });
  await using client = await connectHttp2(gateway.portOf());
  for (let i = 0; i < 3; i++) {
    const response = await readHttp2Response(await openTunnel(client));
    assert.equal(response.status, 502);
    assert.match(response.body.toString(), /HDL_UPSTREAM_UPGRADE_UNSUPPORTED/);
  }
});

test("an endpoint that does not upgrade answers like any other, and the connection goes on", async () => {
  await using upstream = await openRecordingServer({
    answers: [answer("no", "400 Bad Request"), answer("yes")],
  });
  await using gateway = await Gateway.open({ endpoints: [upstream.port] });
  await using client = await connectHttp2(gateway.portOf());
  const response = await readHttp2Response(await openTunnel(client));
  assert.deepEqual([response.status, response.body.toString()], [400, "no"]);
  assert.equal((await client.request({ ":path": "/" })).body.toString(), "yes");
});

test("octets that a client sends before the tunnel is there wait for it", async () => {
  let isEarly = false;
  const { promise: sent, resolve: haveSent } = Promise.withResolvers<void>();
  await using upstream = await openRecordingServer({
    script: async (connection) => {
      const head = await connection.receiveUntil("\r\n\r\n", 60_000);
      const key = /^sec-websocket-key: (.*)\r$/im.exec(head)?.[1] ?? "";
      await sent;
      isEarly = connection.unread !== "";
      connection.send(
        `HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n` +
          `sec-websocket-accept: ${acceptOf(key)}\r\n\r\n`,
      );
      await shout(connection);
    },
  });
  await using gateway = await Gateway.open({ endpoints: [upstream.port] });
  await using client = await connectRawHttp2(gateway.portOf());
  const head: [string, string][] = [
    [":method", "CONNECT"],
    [":protocol", "websocket"],
    [":scheme", "http"],
    [":path", "/"],
    [":authority", "a.example"],
    ["sec-websocket-version", "13"],
  ];
  client.send(
    makeFrame(FRAME_TYPE.HEADERS, END_HEADERS, 1, makeBlock(head)),
    makeFrame(FRAME_TYPE.DATA, 0, 1, "too "),
    makeFrame(FRAME_TYPE.DATA, END_STREAM, 1, "early"),
  );
  await client.roundTrip();
  haveSent();
  let text = "";
  while (text.length < 9) text += (await client.receiveOf(FRAME_TYPE.DATA, 1)).payload.toString();
  assert.equal(text, "TOO EARLY");
  assert.equal(isEarly, false);
});

test("a tunnel's client that resets its stream ends the endpoint's connection, and the other way round", async () => {
  await using upstream = await openUpgrader();
  await using gateway = await Gateway.open({ endpoints: [upstream.port] });
  await using client = await connectHttp2(gateway.portOf());
  const first = await openTunnel(client);
  await once(first, "response");
  first.close(8);
  await gateway.becomes("over", () => gateway.exchanges === 0 && gateway.upstreams === 0);
  const second = await openTunnel(client);
  second.on("error", () => {});
  await once(second, "response");
  const closed = new Promise((resolve) => second.on("close", resolve));
  (await upstream.connection(1)).reset();
  await closed;
  assert.notEqual(second.rstCode, 0);
});

test("Upgrade: h2c is ignored: the request is answered in HTTP/1.1", async () => {
  await using upstream = await openRecordingServer({ answers: [answer("plain")] });
  await using gateway = await Gateway.open({ endpoints: [upstream.port] });
  await using client = await gateway.connect();
  client.send(
    "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n",
  );
  assert.equal((await readResponse(client)).body, "plain");
  assert.doesNotMatch(upstream.receivedText(), /h2c|http2-settings/i);
});
