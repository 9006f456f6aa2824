import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { connectHttp2, FakeClock } from "@heddle/testkit";
import type { RawConnection } from "@heddle/testkit";
import type { ServerSpec } from "../model/index.ts";
import { answer, Gateway, openSilentServer, readResponse } from "./gateway.suite.ts";
import type { Shape } from "./gateway.suite.ts";

const STAY: ServerSpec = { id: "default/gw/stay", hostname: "stay.test", tls: null };
const LEAVE: ServerSpec = { id: "default/gw/leave", hostname: "leave.test", tls: null };

const ask = (host: string, fields: string = ""): string => `GET / HTTP/1.1\r\nHost: ${host}\r\n${fields}\r\n`;
const UPGRADE = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\n";
const SWITCH =
  "HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-accept: y\r\n\r\n";

async function carries(from: RawConnection, to: RawConnection): Promise<void> {
  from.send("tick");
  assert.equal(await to.receiveBytes(4), "tick");
}

test("of two servers of a port the WebSockets of the one that leaves have the grace period, the other's go on", async () => {
  const clock = new FakeClock();
  await using upstream = await openSilentServer();
  const shape: Shape = { endpoints: [upstream.port], servers: [STAY, LEAVE] };
  await using gateway = await Gateway.open(shape, { clock });
  const open = async (host: string, at: number): Promise<[RawConnection, RawConnection]> => {
    const client = await gateway.connect();
    client.send(ask(host, UPGRADE));
    const far = await upstream.connection(at);
    await far.receiveUntil("\r\n\r\n");
    far.send(SWITCH);
    await client.receiveUntil("\r\n\r\n");
    return [client, far];
  };
  const [stays, farStays] = await open("stay.test", 0);
  const [leaves, farLeaves] = await open("leave.test:8080", 1);
  await gateway.apply({ ...shape, servers: [STAY] });
  clock.advance(27_000);
  await carries(leaves, farLeaves);
  clock.advance(4_000);
  assert.equal(await leaves.closed, "reset");
  assert.equal(await farLeaves.closed, "reset");
  await carries(stays, farStays);
  await carries(farStays, stays);
  await stays.close();
});

test("a request under way for a server that leaves is answered, and its connection ends with it", async () => {
  await using upstream = await openSilentServer();
  const shape: Shape = { endpoints: [upstream.port], servers: [STAY, LEAVE] };
  await using gateway = await Gateway.open(shape);
  await using client = await gateway.connect();
  await using other = await gateway.connect();
  client.send(ask("leave.test"));
  const far = await upstream.connection(0);
  await far.receiveUntil("\r\n\r\n");
  other.send(ask("stay.test"));
  const farOther = await upstream.connection(1);
  await farOther.receiveUntil("\r\n\r\n");
  await gateway.apply({ ...shape, servers: [STAY] });
  far.send(answer("last"));
  const { head, body } = await readResponse(client);
  assert.equal(body, "last");
  assert.match(head, /\r\nconnection: close\r\n/);
  farOther.send(answer("one of many"));
  assert.doesNotMatch((await readResponse(other)).head, /\r\nconnection: close\r\n/);
});

test("of an HTTP/2 connection only the streams of the server that leaves are cut", async () => {
  const clock = new FakeClock();
  await using upstream = await openSilentServer();
  const shape: Shape = { endpoints: [upstream.port], servers: [STAY, LEAVE] };
  await using gateway = await Gateway.open(shape, { clock });
  const client = await connectHttp2(gateway.portOf());
  const open = (host: string) => client.open({ ":method": "GET", ":path": "/", ":authority": host }, true);
  const stays = open("stay.test");
  const farStays = await upstream.connection(0);
  await farStays.receiveUntil("\r\n\r\n");
  const leaves = open("leave.test");
  leaves.on("error", () => {});
  const farLeaves = await upstream.connection(1);
  await farLeaves.receiveUntil("\r\n\r\n");
  await gateway.apply({ ...shape, servers: [STAY] });
  clock.advance(29_000);
  assert.equal(leaves.closed, false);
  const gone = new Promise((resolve) => leaves.once("close", resolve));
  clock.advance(2_000);
  await gone;
  assert.equal(leaves.rstCode, 8, "CANCEL: it may have had an effect");
  farStays.send(answer("here"));
  const [headers] = (await once(stays, "response")) as [Record<string, unknown>];
  assert.equal(headers[":status"], 200);
  await client.close();
});
