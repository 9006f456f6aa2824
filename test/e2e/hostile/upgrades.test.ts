import assert from "node:assert/strict";
import type net from "node:net";
import { after, before, describe, test } from "node:test";
import { connectRaw, startHeddle, type RunningHeddle } from "@heddle/testkit";
import { plainSite } from "./setup/resources.ts";
import { fieldOf, OK, openUpstream, type SeenRequest, type Upstream } from "./setup/upstream.ts";

const SWITCH = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
const BAD_REQUEST = "HTTP/1.1 400 Bad Request\r\nContent-Length: 2\r\n\r\nno";
const smuggled = "GET /SMUGGLED HTTP/1.1\r\nHost: a\r\n\r\n";

const handshake = (target: string, upgrade: string, more = "") =>
  `GET ${target} HTTP/1.1\r\nHost: a\r\nConnection: Upgrade${more}\r\nUpgrade: ${upgrade}\r\n` +
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";

/** Sockets whose 101 the test sends when it wants to. */
const held: net.Socket[] = [];

function answer(request: SeenRequest, socket: net.Socket): string | undefined {
  if (request.target === "/chat") return SWITCH;
  if (request.target === "/refuses") return BAD_REQUEST;
  if (request.target === "/other-protocol") return SWITCH.replace("websocket", "h2c");
  if (request.target === "/held") {
    held.push(socket);
    return undefined;
  }
  return OK;
}

describe("upgrades (threats 12)", () => {
  let upstream: Upstream;
  let heddle: RunningHeddle;
  before(async () => {
    upstream = await openUpstream(answer);
    heddle = await startHeddle({
      files: ({ http }) => ({ "site.yaml": plainSite(http, upstream.port) }),
      args: ["--workers", "1"],
    });
  });
  after(async () => {
    await heddle?.stop();
    await upstream?.close();
  });

  test("a WebSocket handshake opens a tunnel, so that what follows can fail", async () => {
    await using client = await connectRaw(heddle.ports.http);
    client.send(handshake("/chat", "websocket"));
    assert.match(await client.receiveUntil("\r\n\r\n"), /^HTTP\/1\.1 101 /);
  });

  for (const upgrade of ["h2c", "H2C", "h2c, h2", "TLS/1.0", "HTTP/2.0", "websocket2", "connect-udp"]) {
    test(`Upgrade: ${upgrade} is not forwarded, and opens no tunnel`, async () => {
      const requests = upstream.requests.length;
      await using client = await connectRaw(heddle.ports.http);
      client.send(
        handshake("/x", upgrade, ", HTTP2-Settings").replace("\r\n\r\n", "\r\nHTTP2-Settings: AAMA\r\n\r\n"),
      );
      assert.match(await client.receiveUntil("\r\n\r\n"), /^HTTP\/1\.1 (200|400) /);
      for (const request of upstream.requests.slice(requests)) {
        assert.equal(fieldOf(request, "upgrade"), undefined);
        assert.equal(fieldOf(request, "http2-settings"), undefined);
        assert.ok(!/upgrade/i.test(fieldOf(request, "connection") ?? ""));
      }
    });
  }

  test("of a list only the allowed protocol goes on", async () => {
    const requests = upstream.requests.length;
    await using client = await connectRaw(heddle.ports.http);
    client.send(handshake("/chat", "h2c, websocket"));
    await client.receiveUntil("\r\n\r\n");
    const request = upstream.requests[requests]!;
    assert.equal(fieldOf(request, "upgrade")?.toLowerCase(), "websocket");
  });

  test("bytes sent before the 101 are held back until it is there", async () => {
    await using client = await connectRaw(heddle.ports.http);
    client.send(handshake("/held", "websocket") + smuggled);
    // Another request, answered behind it, shows that Heddle has had the time to send them.
    await using other = await connectRaw(heddle.ports.http);
    other.send("GET /other HTTP/1.1\r\nHost: a\r\n\r\n");
    await other.receiveUntil("ok");
    assert.ok(!upstream.receivedText().includes("SMUGGLED"));
    held.pop()!.write(BAD_REQUEST);
    assert.match(await client.receiveUntil("no"), /^HTTP\/1\.1 400 /);
    await client.receiveToEnd();
    assert.ok(!upstream.receivedText().includes("SMUGGLED"), "and dropped when it does not come");
  });

  test("after a refused upgrade the connection is no tunnel", async () => {
    await using client = await connectRaw(heddle.ports.http);
    client.send(handshake("/refuses", "websocket"));
    assert.match(await client.receiveUntil("no"), /^HTTP\/1\.1 400 /);
    client.send(smuggled);
    await client.receiveToEnd().catch(() => "");
    assert.ok(!upstream.receivedText().includes("SMUGGLED"));
  });

  test("a 101 to another protocol than the one asked for is a 502", async () => {
    await using client = await connectRaw(heddle.ports.http);
    client.send(handshake("/other-protocol", "websocket"));
    assert.match(await client.receiveUntil("\r\n\r\n"), /^HTTP\/1\.1 502 /);
    client.send(smuggled);
    await client.receiveToEnd().catch(() => "");
    assert.ok(!upstream.receivedText().includes("SMUGGLED"));
  });

  for (const [what, head] of [
    ["in HTTP/1.0", "GET /chat HTTP/1.0\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"],
    ["without Connection", "GET /chat1 HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\r\n"],
    [
      "of a POST with a body",
      "POST /chat1 HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 2\r\n\r\nhi",
    ],
  ]) {
    test(`an upgrade ${what} is not forwarded as one`, async () => {
      const requests = upstream.requests.length;
      await using client = await connectRaw(heddle.ports.http);
      client.send(head!);
      assert.doesNotMatch(await client.receiveUntil("\r\n\r\n"), /^HTTP\/1\.1 101 /);
      for (const request of upstream.requests.slice(requests)) {
        assert.equal(fieldOf(request, "upgrade"), undefined);
      }
    });
  }
});
