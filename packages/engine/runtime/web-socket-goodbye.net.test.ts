import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { once } from "node:events";
import type http2 from "node:http2";
import { test } from "node:test";
import { connectHttp2, FakeClock } from "@heddle/testkit";
import type { RawConnection, RecordingServer } from "@heddle/testkit";
import { encodeCloseFrame, GOING_AWAY } from "../wire/websocket/index.ts";
import { ANY_HOST, Gateway, get, openSilentServer } from "./gateway.suite.ts";
import type { Shape } from "./gateway.suite.ts";

const ask = (protocol: string): string =>
  get("/ws", `Connection: Upgrade\r\nUpgrade: ${protocol}\r\nSec-WebSocket-Key: x\r\n`);
const agree = (protocol: string): string =>
  `HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: ${protocol}\r\n\r\n`;

const MASK = Buffer.from([9, 8, 7, 6]);
const TEXT = 0x81;

const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("latin1");

/** An endpoint's frame. */
const told = (text: string, first = TEXT): string => latin1(Buffer.from([first, text.length])) + text;

/** A client's, masked by zeroes. */
const asked = (text: string, first = TEXT): string =>
  latin1(Buffer.from([first, 0x80 | text.length, 0, 0, 0, 0])) + text;

/** The next frame, unmasked if it is masked. */
async function nextFrame(
  from: RawConnection,
): Promise<{ first: number; isMasked: boolean; payload: Buffer }> {
  const head = Buffer.from(await from.receiveBytes(2), "latin1");
  const isMasked = (head[1] & 0x80) !== 0;
  const mask = Buffer.from(isMasked ? await from.receiveBytes(4) : "\0\0\0\0", "latin1");
  const payload = Buffer.from(await from.receiveBytes(head[1] & 0x7f), "latin1");
  return { first: head[0], isMasked, payload: Buffer.from(payload.map((octet, at) => octet ^ mask[at & 3])) };
}

async function isToldToGo(from: RawConnection, isEndpoint: boolean): Promise<void> {
  const { first, isMasked, payload } = await nextFrame(from);
  assert.equal(first, 0x88);
  assert.equal(isMasked, isEndpoint);
  assert.equal(payload.readUInt16BE(0), GOING_AWAY);
  assert.equal(payload.toString("utf8", 2), "gateway is going away");
}

class Site {
  readonly clock: FakeClock;
  readonly upstream: RecordingServer;
  readonly gateway: Gateway;
  private opened = 0;

  private constructor(upstream: RecordingServer, clock: FakeClock, gateway: Gateway) {
    this.upstream = upstream;
    this.clock = clock;
    this.gateway = gateway;
  }

  static async open(shape: Partial<Shape> = {}): Promise<Site> {
    const upstream = await openSilentServer();
    const clock = new FakeClock();
    const gateway = await Gateway.open({ endpoints: [upstream.port], ...shape }, { clock });
    return new Site(upstream, clock, gateway);
  }

  async tunnel(protocol = "websocket"): Promise<[RawConnection, RawConnection]> {
    const client = await this.gateway.connect();
    client.send(ask(protocol));
    const far = await this.upstream.connection(this.opened++);
    await far.receiveUntil("\r\n\r\n");
    far.send(agree(protocol));
    await client.receiveUntil("\r\n\r\n");
    return [client, far];
  }

  /** Up to the goodbye. The cut is two seconds later. */
  drain(graceMs = 30_000): Promise<void> {
    const drained = this.gateway.engine.drain(graceMs);
    this.clock.advance(graceMs - 2_000);
    return drained;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.gateway.close();
    await this.upstream.close();
  }
}

/** Both are told, both answer, and the endpoint's end ends the client. */
async function partInOrder(client: RawConnection, far: RawConnection): Promise<void> {
  await isToldToGo(client, false);
  await isToldToGo(far, true);
  client.send(encodeCloseFrame(GOING_AWAY, "", MASK));
  far.send(encodeCloseFrame(GOING_AWAY, "", null));
  assert.equal(await far.receiveToEnd(), "");
  far.end();
  assert.equal(await client.receiveToEnd(), "");
  client.end();
}

test("at the end of a drain both ends of a WebSocket are told to go, answer, and are closed in order", async () => {
  await using site = await Site.open();
  const [client, far] = await site.tunnel();
  client.send(asked("one"));
  await far.receiveUntil("one");
  far.send(told("two"));
  await client.receiveUntil("two");
  const drained = site.drain();
  await partInOrder(client, far);
  await drained;
  assert.equal(await client.closed, "end");
  assert.equal(await far.closed, "end");
});

test("an endpoint that ends behind its close frame ends the client too", async () => {
  await using site = await Site.open();
  const [client, far] = await site.tunnel();
  const drained = site.drain();
  await isToldToGo(far, true);
  far.send(encodeCloseFrame(GOING_AWAY, "", null));
  far.end();
  await isToldToGo(client, false);
  assert.equal(await client.receiveToEnd(), "");
  client.send(encodeCloseFrame(GOING_AWAY, "", MASK));
  client.end();
  assert.equal(await far.receiveToEnd(), "");
  await drained;
});

test("nothing is said earlier than two seconds before the cut, and half the time of a short drain", async () => {
  await using site = await Site.open();
  const [client, far] = await site.tunnel();
  void site.gateway.engine.drain(30_000);
  site.clock.advance(27_999);
  client.send(asked("still"));
  assert.equal(await far.receiveBytes(11), asked("still"));
  const drained = site.gateway.engine.drain(1_000);
  site.clock.advance(499);
  far.send(told("here"));
  assert.equal(await client.receiveBytes(6), told("here"));
  site.clock.advance(1);
  await isToldToGo(client, false);
  await isToldToGo(far, true);
  site.clock.advance(500);
  await drained;
  assert.equal(await client.closed, "reset");
  assert.equal(await far.closed, "reset");
});

test("a frame under way is finished before the goodbye, and nothing follows it", async () => {
  await using site = await Site.open();
  const [client, far] = await site.tunnel();
  const [fromClient, fromFar] = [asked("from the client"), told("from afar")];
  client.send(fromClient.slice(0, 3));
  far.send(fromFar.slice(0, 1));
  assert.equal(await far.receiveBytes(3), fromClient.slice(0, 3));
  assert.equal(await client.receiveBytes(1), fromFar.slice(0, 1));
  const drained = site.drain();
  client.send(fromClient.slice(3) + asked("too late"));
  assert.equal(await far.receiveBytes(fromClient.length - 3), fromClient.slice(3));
  await isToldToGo(far, true);
  far.send(fromFar.slice(1) + told("too late"));
  assert.equal(await client.receiveBytes(fromFar.length - 1), fromFar.slice(1));
  await isToldToGo(client, false);
  client.send(encodeCloseFrame(GOING_AWAY, "", MASK));
  far.send(encodeCloseFrame(GOING_AWAY, "", null));
  assert.equal(await far.receiveToEnd(), "");
  far.end();
  assert.equal(await client.receiveToEnd(), "");
  client.end();
  await drained;
});

test("the goodbye may stand between the fragments of a message", async () => {
  await using site = await Site.open();
  const [client, far] = await site.tunnel();
  far.send(told("a part", 0x01));
  assert.equal(await client.receiveBytes(8), told("a part", 0x01));
  const drained = site.drain();
  await isToldToGo(client, false);
  site.clock.advance(2_000);
  await drained;
});

test("a frame that does not end in time is cut with a reset", async () => {
  await using site = await Site.open();
  const [client, far] = await site.tunnel();
  far.send(told("never whole").slice(0, 5));
  assert.equal(await client.receiveBytes(5), told("never whole").slice(0, 5));
  const drained = site.drain();
  await isToldToGo(far, true);
  site.clock.advance(2_000);
  await drained;
  assert.equal(await client.closed, "reset");
  assert.equal(await far.closed, "reset");
  assert.equal(client.unread, "");
});

test("whoever breaks the framing is reset without a word", async () => {
  await using site = await Site.open();
  const [client, far] = await site.tunnel();
  client.send("\x83 opcode 3 is reserved");
  await far.receiveUntil("reserved");
  far.send("\x82\x7f\x80 a length of 2^63");
  await client.receiveUntil("2^63");
  const drained = site.drain();
  site.clock.advance(2_000);
  await drained;
  assert.equal(await client.closed, "reset");
  assert.equal(await far.closed, "reset");
  assert.equal(client.unread + far.unread, "");
});

test("who has said goodbye already is answered, and the other hears of it once", async () => {
  await using site = await Site.open();
  const [client, far] = await site.tunnel();
  const bye = latin1(encodeCloseFrame(1_000, "bye", MASK));
  client.send(bye);
  assert.equal(await far.receiveBytes(bye.length), bye);
  const drained = site.drain();
  await isToldToGo(client, false);
  far.send(encodeCloseFrame(1_000, "bye", null));
  assert.equal(await far.receiveToEnd(), "", "no second close frame");
  far.end();
  assert.equal(await client.receiveToEnd(), "", "nor the endpoint's behind ours");
  client.end();
  await drained;
});

test("a half that has ended gets no close frame behind its end", async () => {
  await using site = await Site.open();
  const [client, far] = await site.tunnel();
  client.end();
  assert.equal(await far.receiveToEnd(), "");
  const drained = site.drain();
  await isToldToGo(client, false);
  far.send(encodeCloseFrame(1_000, "", null));
  far.end();
  assert.equal(await client.receiveToEnd(), "");
  assert.equal(await far.closed, "end");
  await drained;
});

test("the goodbye comes behind what waits for a slow reader, whole", async () => {
  await using site = await Site.open();
  const [client, far] = await site.tunnel();
  const payload = Buffer.alloc(20_000_000, "z");
  const head = Buffer.from([0x82, 127, 0, 0, 0, 0, 0, 0, 0, 0]);
  head.writeUInt32BE(payload.length, 6);
  far.send(Buffer.concat([head, payload]));
  const begun = await client.receiveBytes(head.length);
  assert.equal(begun, latin1(head));
  // More than all buffers on the way hold: the frame is under way, and stays it until the client reads on.
  client.socket.pause();
  const drained = site.drain();
  client.socket.resume();
  assert.equal((await client.receiveBytes(payload.length)).length, payload.length);
  await isToldToGo(client, false);
  client.send(encodeCloseFrame(GOING_AWAY, "", MASK));
  far.send(encodeCloseFrame(GOING_AWAY, "", null));
  await isToldToGo(far, true);
  assert.equal(await far.receiveToEnd(), "");
  far.end();
  assert.equal(await client.receiveToEnd(), "");
  client.end();
  await drained;
});

test("tunnels of other protocols are cut as they are", async () => {
  await using site = await Site.open({ listener: { upgrades: ["websocket", "chat"] } });
  const [client, far] = await site.tunnel("chat");
  client.send(asked("one"));
  await far.receiveBytes(9);
  const drained = site.drain();
  client.send("still");
  assert.equal(await far.receiveBytes(5), "still");
  site.clock.advance(2_000);
  await drained;
  assert.equal(await client.closed, "reset");
  assert.equal(client.unread + far.unread, "");
});

test("WebSockets of a server that has left are told to go, others are not", async () => {
  const servers = [ANY_HOST, { ...ANY_HOST, id: "default/gw/leaves", hostname: "a.example" }];
  await using site = await Site.open({ servers });
  const [client, far] = await site.tunnel();
  await using other = await site.gateway.connect();
  other.send(ask("websocket").replace("a.example", "b.example"));
  const farOther = await site.upstream.connection(1);
  await farOther.receiveUntil("\r\n\r\n");
  farOther.send(agree("websocket"));
  await other.receiveUntil("\r\n\r\n");
  await site.gateway.apply({ endpoints: [site.upstream.port], servers: [ANY_HOST] });
  site.clock.advance(28_000);
  await partInOrder(client, far);
  site.clock.advance(2_000);
  other.send(asked("stays"));
  assert.equal(await farOther.receiveBytes(11), asked("stays"));
});

test("a WebSocket over HTTP/2 is told to go on its stream", async () => {
  await using site = await Site.open();
  const client = await connectHttp2(site.gateway.portOf());
  if (client.session.remoteSettings.enableConnectProtocol !== true)
    await once(client.session, "remoteSettings");
  const head = {
    ":method": "CONNECT",
    ":protocol": "websocket",
    ":path": "/",
    "sec-websocket-version": "13",
  };
  const stream: http2.ClientHttp2Stream = client.open(head, false);
  const far = await site.upstream.connection(0);
  const [, key] = /^sec-websocket-key: (.*)\r$/im.exec(await far.receiveUntil("\r\n\r\n"))!;
  const accept = createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
  far.send(agree("websocket").replace("\r\n\r\n", `\r\nsec-websocket-accept: ${accept}\r\n\r\n`));
  await once(stream, "response");
  const received: Buffer[] = [];
  stream.on("data", (chunk: Buffer) => received.push(chunk));
  // Short: its client could not answer PINGs while the clock leaps.
  const drained = site.drain(4_000);
  await isToldToGo(far, true);
  stream.write(encodeCloseFrame(GOING_AWAY, "", MASK));
  far.send(encodeCloseFrame(GOING_AWAY, "", null));
  assert.equal(await far.receiveToEnd(), "");
  far.end();
  stream.end();
  await once(stream, "close");
  assert.equal(stream.rstCode, 0);
  assert.deepEqual(
    Buffer.concat(received),
    Buffer.from(encodeCloseFrame(GOING_AWAY, "gateway is going away", null)),
  );
  await client.close();
  await drained;
});
