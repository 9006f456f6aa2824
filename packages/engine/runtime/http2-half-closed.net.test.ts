import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { connectRawHttp2, FakeClock, FRAME_TYPE, getFields, makeFrame } from "@heddle/testkit";
import type { RawConnection, RawHttp2 } from "@heddle/testkit";
import { answer, Gateway, openSilentServer } from "./gateway.suite.ts";

/** Its FIN is on its way behind all that it sent. */
async function halfClose({ connection }: RawHttp2): Promise<void> {
  connection.end();
  await once(connection.socket, "finish");
}

async function requestOf(upstream: Awaited<ReturnType<typeof openSilentServer>>): Promise<RawConnection> {
  const connection = await upstream.connection(0);
  await connection.receiveUntil("\r\n\r\n");
  return connection;
}

test("a half-closed client gets its slow answer whole, whatever it can no longer answer itself, and is closed at once", async () => {
  await using upstream = await openSilentServer();
  const clock = new FakeClock();
  await using gateway = await Gateway.open({ endpoints: [upstream.port] }, { clock });
  await using client = await connectRawHttp2(gateway.portOf());
  client.sendRequest(1, getFields());
  const kept = await requestOf(upstream);
  // Within a frame, and without an acknowledgement of SETTINGS.
  client.send(Buffer.from([0, 0, 8]));
  await halfClose(client);
  // It was read: a client that is gone would answer this with RST.
  await client.receiveOf(FRAME_TYPE.PING);
  for (let i = 0; i < 8; i++) clock.advance(15_000);
  assert.equal(gateway.exchanges, 1);
  kept.send(answer("late"));
  assert.equal((await client.receiveOf(FRAME_TYPE.DATA, 1)).payload.toString(), "late");
  await client.connection.receiveToEnd();
  assert.equal(await client.connection.closed, "end");
  await gateway.becomes("nobody is left", () => gateway.clients === 0);
});

test("a half-closed client is cut off where its windows end: nobody opens them any more", async () => {
  const body = "x".repeat(100_000);
  await using upstream = await openSilentServer();
  await using gateway = await Gateway.open({ endpoints: [upstream.port] }, { clock: new FakeClock() });
  await using client = await connectRawHttp2(gateway.portOf());
  client.sendRequest(1, getFields());
  client.sendRequest(3, getFields());
  const first = await requestOf(upstream);
  const second = await upstream.connection(1);
  await second.receiveUntil("\r\n\r\n");
  await halfClose(client);
  await client.receiveOf(FRAME_TYPE.PING);
  first.send(answer(body));
  let received = 0;
  while (received < 65_535) received += (await client.receiveOf(FRAME_TYPE.DATA)).payload.length;
  const reset = await client.receiveOf(FRAME_TYPE.RST_STREAM);
  assert.equal(received, 65_535);
  // The other one has no window either, and a head without a body needs none.
  second.send("HTTP/1.1 204 No Content\r\n\r\n");
  await client.receiveOf(FRAME_TYPE.HEADERS, 4 - reset.stream);
  await client.connection.receiveToEnd();
  await gateway.becomes("nobody is left", () => gateway.clients === 0 && gateway.exchanges === 0);
});

test("what waited for a window when the client closed its half is given up at once", async () => {
  await using upstream = await openSilentServer();
  await using gateway = await Gateway.open({ endpoints: [upstream.port] }, { clock: new FakeClock() });
  await using client = await connectRawHttp2(gateway.portOf());
  client.sendRequest(1, getFields());
  (await requestOf(upstream)).send(answer("x".repeat(100_000)));
  for (let received = 0; received < 65_535;)
    received += (await client.receiveOf(FRAME_TYPE.DATA, 1)).payload.length;
  assert.equal(gateway.clients, 1);
  await halfClose(client);
  await client.receiveOf(FRAME_TYPE.RST_STREAM, 1);
  await client.connection.receiveToEnd();
  await gateway.becomes("nobody is left", () => gateway.clients === 0 && gateway.exchanges === 0);
});

test("a client that is gone altogether is found out within a second, its request given up", async () => {
  await using upstream = await openSilentServer();
  const clock = new FakeClock();
  await using gateway = await Gateway.open({ endpoints: [upstream.port] }, { clock });
  await using client = await connectRawHttp2(gateway.portOf());
  client.sendRequest(1, getFields());
  client.send(makeFrame(FRAME_TYPE.SETTINGS, 1, 0));
  await requestOf(upstream);
  await client.roundTrip();
  client.connection.socket.destroy();
  await gateway.becomes("nobody is left", () => {
    clock.advance(1_000);
    return gateway.clients === 0 && gateway.exchanges === 0;
  });
  assert.ok(clock.now() < 29_000, "the PING of silence found it out");
});

test("one that goes altogether later is found out by the next two PINGs", async () => {
  await using upstream = await openSilentServer();
  const clock = new FakeClock();
  await using gateway = await Gateway.open({ endpoints: [upstream.port] }, { clock });
  await using client = await connectRawHttp2(gateway.portOf());
  client.sendRequest(1, getFields());
  await requestOf(upstream);
  await halfClose(client);
  await client.receiveOf(FRAME_TYPE.PING);
  clock.advance(1_000);
  await client.receiveOf(FRAME_TYPE.PING);
  client.connection.socket.destroy();
  await once(client.connection.socket, "close");
  clock.advance(29_000);
  assert.equal(gateway.clients, 1);
  clock.advance(2_000);
  await gateway.becomes("nobody is left", () => {
    clock.advance(1_000);
    return gateway.clients === 0 && gateway.exchanges === 0;
  });
});
