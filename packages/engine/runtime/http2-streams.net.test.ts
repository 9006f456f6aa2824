import assert from "node:assert/strict";
import { once } from "node:events";
import http2 from "node:http2";
import { test } from "node:test";
import {
  becomesTrue,
  connectHttp2,
  connectRawHttp2,
  FakeClock,
  FRAME_TYPE,
  getFields,
  makeFrame,
  openEchoServer,
  openHttp2Server,
  openRecordingServer,
  readHttp2Response,
  setting,
  word,
} from "@heddle/testkit";
import type { RawConnection } from "@heddle/testkit";
import { answer, Gateway, get, openSilentServer, readResponse } from "./gateway.suite.ts";

const { NGHTTP2_NO_ERROR, NGHTTP2_REFUSED_STREAM, NGHTTP2_INTERNAL_ERROR } = http2.constants;

/** Answers every request of a connection until one begins so; "" when the connection ends before. */
async function answerUntil(connection: RawConnection, beginning: string): Promise<string> {
  for (;;) {
    const head = await connection.receiveUntil("\r\n\r\n", 60_000).catch(() => "");
    if (head === "" || head.startsWith(beginning)) return head;
    connection.send(answer("small"));
  }
}

test("a reader that stops holds back its own stream: others go on, and no more than a window waits", async () => {
  const chunk = Buffer.alloc(65_536, "x");
  let sent = 0;
  await using upstream = await openRecordingServer({
    script: async (connection) => {
      const head = await answerUntil(connection, "GET /large");
      if (head === "") return;
      connection.send(`HTTP/1.1 200 OK\r\ncontent-length: ${chunk.length * 1_000}\r\n\r\n`);
      for (let i = 0; i < 1_000; i++) {
        const mayGoOn = connection.socket.write(chunk);
        sent += chunk.length;
        if (!mayGoOn) await once(connection.socket, "drain");
      }
    },
  });
  await using gateway = await Gateway.open({ endpoints: [upstream.port] });
  await using client = await connectHttp2(gateway.portOf());
  const slow = client.open({ ":path": "/large" }, true);
  await once(slow, "response");
  slow.pause();
  for (let i = 0; i < 50; i++) {
    assert.equal((await client.request({ ":path": "/small" })).body.toString(), "small");
  }
  const atRest = sent;
  for (let i = 0; i < 50; i++) await client.request({ ":path": "/small" });
  assert.equal(sent, atRest, "the endpoint is still read although nobody reads its response");
  // Of 64 MB: what the kernel's buffers and the windows hold.
  assert.ok(sent < 20_000_000, `${sent} bytes were taken from the endpoint`);
  let received = 0;
  slow.on("data", (data: Buffer) => (received += data.length));
  slow.resume();
  await once(slow, "close");
  assert.equal(received, chunk.length * 1_000);
});

test("an endpoint that stops reading holds back the body of its own request", async () => {
  const waiting: RawConnection[] = [];
  await using upstream = await openRecordingServer({
    script: async (connection) => {
      if ((await answerUntil(connection, "POST")) === "") return;
      connection.socket.pause();
      waiting.push(connection);
    },
  });
  await using gateway = await Gateway.open({ endpoints: [upstream.port] });
  await using client = await connectHttp2(gateway.portOf());
  const slow = client.open({ ":method": "POST", ":path": "/" }, false);
  const body = Buffer.alloc(40_000_000, "y");
  slow.end(body);
  await gateway.becomes("the upload has begun", () => waiting.length === 1);
  for (let i = 0; i < 30; i++) assert.equal((await client.request({ ":path": "/s" })).status, 200);
  const taken = waiting[0]!.socket.bytesRead;
  assert.ok(taken < 20_000_000, `${taken} bytes went to an endpoint that does not read`);
  waiting[0]!.socket.resume();
  await gateway.becomes("the whole body", () => waiting[0]!.socket.bytesRead >= body.length, 10_000);
  waiting[0]!.send(answer("done"));
  assert.equal((await readHttp2Response(slow)).body.toString(), "done");
});

test("a response that the endpoint cuts short is reset, and never ends as if it were whole", async () => {
  const cut = async (connection: RawConnection): Promise<void> => {
    await connection.receiveUntil("\r\n\r\n", 60_000);
    connection.send("HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\nbeginning");
    connection.end();
  };
  await using old = await openRecordingServer({ script: cut });
  await using modern = await openHttp2Server((stream) => {
    stream.respond({ ":status": 200 });
    stream.write("beginning", () => stream.destroy(new Error("broken")));
  });
  for (const [port, protocol] of [
    [old.port, "http1"],
    [modern.port, "http2"],
  ] as const) {
    await using gateway = await Gateway.open({ endpoints: [port], protocol });
    await using client = await connectHttp2(gateway.portOf());
    await assert.rejects(client.request({ ":path": "/" }), /NGHTTP2_|reset/);
    assert.equal(client.session.closed, false);
    if (protocol === "http1") continue;
    await using oldClient = await gateway.connect();
    oldClient.send(get("/"));
    await oldClient.receiveUntil("beginning");
    assert.equal(await oldClient.closed, "reset");
  }
});

test("a request that the client cuts short never reaches an endpoint as a whole one", async () => {
  await using old = await openSilentServer();
  let resets = 0;
  let ends = 0;
  await using modern = await openHttp2Server((stream) => {
    stream.on("end", () => void (stream.aborted || ends++));
    stream.on("aborted", () => resets++);
    stream.resume();
  });
  for (const [port, protocol] of [
    [old.port, "http1"],
    [modern.port, "http2"],
  ] as const) {
    await using gateway = await Gateway.open({ endpoints: [port], protocol });
    await using client = await connectHttp2(gateway.portOf());
    const stream = client.open({ ":method": "POST", ":path": "/" }, false);
    stream.on("error", () => {});
    stream.write("x".repeat(1_000));
    await gateway.becomes("an attempt", () => gateway.attempts === 1);
    if (protocol === "http1") await (await old.connection(0)).receiveUntil("xxx");
    stream.close(http2.constants.NGHTTP2_CANCEL);
    await gateway.becomes("given up", () => gateway.exchanges === 0);
  }
  await (await old.connection(0)).receiveToEnd();
  assert.doesNotMatch(old.receivedText(), /\r\n0\r\n\r\n$/);
  assert.ok(await becomesTrue(() => resets === 1, 20_000), "the endpoint's stream was not reset");
  assert.equal(ends, 0);
});

test("a response that is done before its request ends the request's half without an error", async () => {
  await using upstream = await openRecordingServer({
    script: async (connection) => {
      await connection.receiveUntil("\r\n\r\n", 60_000);
      connection.send(answer("early"));
    },
  });
  await using modern = await openHttp2Server((stream) => {
    stream.respond({ ":status": 200 });
    stream.end("early");
  });
  for (const [port, protocol] of [
    [upstream.port, "http1"],
    [modern.port, "http2"],
  ] as const) {
    await using gateway = await Gateway.open({ endpoints: [port], protocol });
    await using client = await connectHttp2(gateway.portOf());
    const stream = client.open({ ":method": "POST", ":path": "/" }, false);
    stream.write("not all of it");
    const response = await readHttp2Response(stream);
    assert.equal(response.body.toString(), "early");
    assert.equal(stream.rstCode, NGHTTP2_NO_ERROR);
    // The slot is free again, on both sides.
    await gateway.becomes("no attempt", () => gateway.attempts === 0);
    assert.equal((await client.request({ ":path": "/" })).status, 200);
  }
});

test("REFUSED_STREAM is tried again, a POST too; another reset only where it is safe", async () => {
  let seen = 0;
  await using upstream = await openHttp2Server((stream, headers) => {
    seen++;
    if (seen === 1) {
      stream.close(headers[":path"] === "/refused" ? NGHTTP2_REFUSED_STREAM : NGHTTP2_INTERNAL_ERROR);
      return;
    }
    stream.respond({ ":status": 200 });
    stream.end("ok");
  });
  await using gateway = await Gateway.open({ endpoints: [upstream.port], protocol: "http2" });
  await using client = await connectHttp2(gateway.portOf());
  const ask = async (method: string, path: string): Promise<[number, number]> => {
    seen = 0;
    const body = method === "GET" ? {} : { body: "once" };
    const { status } = await client.request({ ":method": method, ":path": path }, body);
    return [status, seen];
  };
  assert.deepEqual(await ask("POST", "/refused"), [200, 2]);
  assert.deepEqual(await ask("GET", "/broken"), [200, 2]);
  assert.deepEqual(await ask("POST", "/broken"), [502, 1]);
});

test("an endpoint that says GOAWAY gets no new exchange on that connection, and loses none", async () => {
  await using upstream = await openHttp2Server((stream) => {
    stream.respond({ ":status": 200 });
    stream.end("ok");
  });
  await using gateway = await Gateway.open({ endpoints: [upstream.port], protocol: "http2" });
  await using client = await connectHttp2(gateway.portOf());
  const stop = new AbortController();
  const statuses: number[] = [];
  const ask = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      const { status } = await client.request({ ":method": "POST", ":path": "/" }, { body: "x" });
      statuses.push(status);
    }
  };
  const load = Promise.all(Array.from({ length: 20 }, ask));
  for (let round = 0; round < 10; round++) {
    const before = upstream.sessionCount;
    const count = statuses.length;
    await gateway.becomes("traffic", () => statuses.length > count + 50);
    for (const session of upstream.sessions.slice()) session.close();
    await gateway.becomes("another connection", () => upstream.sessionCount > before);
  }
  stop.abort();
  await load;
  assert.deepEqual(new Set(statuses), new Set([200]));
  await gateway.becomes("one connection is left", () => gateway.upstreams === 1);
});

test("a connection that the endpoint closed while it was idle costs nobody an error", async () => {
  await using upstream = await openHttp2Server((stream) => {
    stream.respond({ ":status": 200 });
    stream.end("ok");
  });
  await using gateway = await Gateway.open({ endpoints: [upstream.port], protocol: "http2" });
  await using client = await connectHttp2(gateway.portOf());
  for (let i = 0; i < 20; i++) {
    for (const session of upstream.sessions.slice()) session.destroy();
    assert.equal((await client.request({ ":path": "/" })).status, 200);
  }
});

test("drain: GOAWAY in two steps, what is under way finishes, and the connection closes", async () => {
  const waiting: RawConnection[] = [];
  await using upstream = await openRecordingServer({
    script: async (connection) => {
      await connection.receiveUntil("\r\n\r\n", 60_000);
      waiting.push(connection);
    },
  });
  await using gateway = await Gateway.open({ endpoints: [upstream.port] });
  await using client = await connectRawHttp2(gateway.portOf());
  client.sendRequest(1, getFields());
  await gateway.becomes("a request", () => waiting.length === 1);
  const drained = gateway.engine.drain(10_000);
  const first = await client.receiveOf(FRAME_TYPE.GOAWAY);
  assert.deepEqual([first.payload.readUInt32BE(0), first.payload.readUInt32BE(4)], [0x7fffffff, 0]);
  const ping = await client.receiveOf(FRAME_TYPE.PING);
  // It was under way when the first GOAWAY was written.
  client.sendRequest(3, getFields());
  client.send(makeFrame(FRAME_TYPE.PING, 1, 0, ping.payload));
  const second = await client.receiveOf(FRAME_TYPE.GOAWAY);
  assert.deepEqual([second.payload.readUInt32BE(0), second.payload.readUInt32BE(4)], [3, 0]);
  await gateway.becomes("both requests", () => waiting.length === 2);
  for (const connection of waiting) connection.send(answer("done"));
  const bodies = [await client.receiveOf(FRAME_TYPE.DATA), await client.receiveOf(FRAME_TYPE.DATA)];
  assert.deepEqual(
    bodies.map(({ payload }) => payload.toString()),
    ["done", "done"],
  );
  assert.equal(await client.connection.receiveToEnd(), "");
  await client.close();
  await drained;
});

test("a client that does not answer the drain's PING is drained all the same; an idle one closes", async () => {
  await using upstream = await openEchoServer();
  const clock = new FakeClock();
  await using gateway = await Gateway.open({ endpoints: [upstream.port] }, { clock });
  await using client = await connectRawHttp2(gateway.portOf());
  await client.receiveOf(FRAME_TYPE.SETTINGS);
  const drained = gateway.engine.drain(10_000);
  await client.receiveOf(FRAME_TYPE.PING);
  clock.advance(1_500);
  const last = await client.receiveOf(FRAME_TYPE.GOAWAY);
  assert.equal(last.payload.readUInt32BE(0), 0);
  assert.equal(await client.connection.receiveToEnd(), "");
  await client.close();
  await drained;
});

test("an idle connection closes after its time, a silent one after the head's", async () => {
  await using upstream = await openEchoServer();
  const clock = new FakeClock();
  await using gateway = await Gateway.open(
    { endpoints: [upstream.port], listener: { keepAliveIdleMs: 20_000, headTimeoutMs: 5_000 } },
    { clock },
  );
  const acknowledge = makeFrame(FRAME_TYPE.SETTINGS, 1, 0);
  for (const [isUsed, beforeMs, afterMs] of [
    [false, 4_000, 2_000],
    [true, 19_000, 2_000],
  ] as const) {
    await using client = await connectRawHttp2(gateway.portOf());
    client.send(acknowledge);
    if (isUsed) {
      client.sendRequest(1, getFields());
      await client.receiveOf(FRAME_TYPE.DATA, 1);
    }
    await client.roundTrip();
    clock.advance(beforeMs);
    assert.equal(client.connection.hasEnded, false);
    clock.advance(afterMs);
    const ping = await client.receiveOf(FRAME_TYPE.PING);
    client.send(makeFrame(FRAME_TYPE.PING, 1, 0, ping.payload));
    assert.equal(await client.goAwayCode(), NGHTTP2_NO_ERROR);
    await client.connection.receiveToEnd();
  }
});

test("a connection has a maximum age, and its client is asked to connect anew", async () => {
  await using upstream = await openEchoServer();
  const clock = new FakeClock();
  const { DEFAULT_LISTENER_SETTINGS: defaults } = await import("../model/index.ts");
  const http2Settings = { ...defaults.http2, maxConnectionAgeMs: 10_000, pingIntervalMs: 0 };
  await using gateway = await Gateway.open(
    { endpoints: [upstream.port], listener: { http2: http2Settings } },
    { clock },
  );
  await using client = await connectHttp2(gateway.portOf());
  assert.equal((await client.request({ ":path": "/" })).status, 200);
  clock.advance(8_500);
  assert.equal((await client.request({ ":path": "/" })).status, 200);
  clock.advance(2_600);
  await gateway.becomes("GOAWAY", () => client.goaways.length > 0);
  assert.deepEqual(new Set(client.goaways), new Set([NGHTTP2_NO_ERROR]));
  await client.close();
});

test("a client that is gone is found out by a PING while it has requests", async () => {
  await using upstream = await openSilentServer();
  const clock = new FakeClock();
  await using gateway = await Gateway.open({ endpoints: [upstream.port] }, { clock });
  await using client = await connectRawHttp2(gateway.portOf());
  client.send(makeFrame(FRAME_TYPE.SETTINGS, 1, 0));
  client.sendRequest(1, getFields());
  await gateway.becomes("an exchange", () => gateway.exchanges === 1);
  clock.advance(31_000);
  const ping = await client.receiveOf(FRAME_TYPE.PING);
  client.send(makeFrame(FRAME_TYPE.PING, 1, 0, ping.payload));
  await client.roundTrip();
  clock.advance(15_000);
  assert.equal(gateway.exchanges, 1);
  clock.advance(16_000);
  await client.receiveOf(FRAME_TYPE.PING);
  clock.advance(11_000);
  await gateway.becomes("given up", () => gateway.exchanges === 0 && gateway.clients === 0);
});

test("an endpoint that is gone is found out by a PING, and its exchanges fail", async () => {
  await using upstream = await openRecordingServer({ script: () => Promise.resolve() });
  const clock = new FakeClock();
  await using gateway = await Gateway.open(
    {
      endpoints: [upstream.port],
      protocol: "http2",
      rule: { retry: { codes: [], attempts: 0, backoffMs: 0 } },
    },
    { clock },
  );
  await using client = await gateway.connect();
  client.send(get("/"));
  const connection = await upstream.connection(0);
  await connection.receiveUntil("SM\r\n\r\n");
  connection.send(
    Buffer.concat([
      makeFrame(FRAME_TYPE.SETTINGS, 0, 0),
      makeFrame(FRAME_TYPE.SETTINGS, 1, 0),
      makeFrame(FRAME_TYPE.PING, 0, 0, "roundtrp"),
    ]),
  );
  await connection.receiveUntil("roundtrp");
  clock.advance(31_000);
  clock.advance(11_000);
  const { status, body } = await readResponse(client);
  assert.equal(status, 502);
  assert.match(body, /HDL_UPSTREAM_RESET/);
});

test("time limits of requests hold for each stream, and leave the connection to the others", async () => {
  await using upstream = await openSilentServer();
  const clock = new FakeClock();
  await using gateway = await Gateway.open(
    {
      endpoints: [upstream.port],
      listener: { requestTimeoutMs: 60_000, bodyRateGraceMs: 5_000, minBodyBytesPerSecond: 100 },
    },
    { clock },
  );
  await using client = await connectRawHttp2(gateway.portOf());
  client.send(makeFrame(FRAME_TYPE.SETTINGS, 1, 0));
  const post: [string, string][] = [[":method", "POST"], ...getFields().slice(1)];
  client.sendRequest(1, post, false);
  client.sendRequest(3, getFields());
  await gateway.becomes("two exchanges", () => gateway.exchanges === 2);
  clock.advance(6_000);
  const { payload } = await client.receiveOf(FRAME_TYPE.DATA, 1);
  assert.match(payload.toString(), /HDL_REQUEST_BODY_TOO_SLOW/);
  await gateway.becomes("one is left", () => gateway.exchanges === 1);
  assert.equal(client.connection.hasEnded, false);
});

test("limits of a request's size answer 431 and 413, and leave the connection to the others", async () => {
  await using upstream = await openEchoServer();
  await using gateway = await Gateway.open({
    endpoints: [upstream.port],
    listener: { maxBodyBytes: 1_000, maxHeadBytes: 2_000 },
  });
  await using client = await connectHttp2(gateway.portOf());
  const large = await client.request({ ":path": "/", "x-large": "x".repeat(3_000) });
  assert.equal(large.status, 431);
  const declared = await client.request(
    { ":method": "POST", ":path": "/", "content-length": "2000" },
    { body: "x".repeat(2_000) },
  );
  assert.equal(declared.status, 413);
  const streamed = await client.request({ ":method": "POST", ":path": "/" }, { body: "x".repeat(2_000) });
  assert.equal(streamed.status, 413);
  assert.equal((await client.request({ ":path": "/" })).status, 200);
});

test("a window that stays shut, or opens by an octet, ends its stream after the stalled time", async () => {
  await using upstream = await openRecordingServer({
    script: async (connection) => {
      for (;;) {
        if ((await connection.receiveUntil("\r\n\r\n", 60_000).catch(() => "")) === "") return;
        connection.send(answer("x".repeat(100_000)));
      }
    },
  });
  const clock = new FakeClock();
  await using gateway = await Gateway.open({ endpoints: [upstream.port] }, { clock });
  await using client = await connectRawHttp2(gateway.portOf(), { settings: setting(4, 10) });
  client.send(makeFrame(FRAME_TYPE.SETTINGS, 1, 0));
  client.sendRequest(1, getFields());
  client.sendRequest(3, getFields());
  await client.receiveOf(FRAME_TYPE.DATA);
  await client.receiveOf(FRAME_TYPE.DATA);
  for (let i = 0; i < 5; i++) {
    clock.advance(5_000);
    client.send(makeFrame(FRAME_TYPE.WINDOW_UPDATE, 0, 3, word(1)));
    await client.receiveOf(FRAME_TYPE.DATA, 3);
  }
  clock.advance(6_000);
  const resets = [
    await client.receiveOf(FRAME_TYPE.RST_STREAM),
    await client.receiveOf(FRAME_TYPE.RST_STREAM),
  ];
  assert.deepEqual(resets.map(({ stream }) => stream).sort(), [1, 3]);
  await gateway.becomes("over", () => gateway.exchanges === 0);
});
