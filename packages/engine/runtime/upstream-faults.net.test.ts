import assert from "node:assert/strict";
import { test } from "node:test";
import { openRecordingServer } from "@heddle/testkit";
import type { RawConnection, RecordingServer } from "@heddle/testkit";
import { answer, Gateway, get, openSilentServer, readResponse } from "./gateway.suite.ts";

const POST = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi";

/** Answers the n-th head over all connections by the n-th step, then goes on reading. */
function stepwise(steps: readonly ((connection: RawConnection) => void)[]): Promise<RecordingServer> {
  let next = 0;
  return openRecordingServer({
    script: async (connection) => {
      for (;;) {
        const head = await connection.receiveUntil("\r\n\r\n", 60_000).catch(() => null);
        if (head === null) return;
        steps[next++]?.(connection);
      }
    },
  });
}

const say = (text: string) => (connection: RawConnection) => connection.send(text);
const sayAndEnd = (text: string) => (connection: RawConnection) => {
  connection.send(text);
  connection.end();
};
/** A reset that overtakes what was sent would lose it: first the bytes, then the reset. */
const sayAndReset = (text: string) => (connection: RawConnection) => {
  connection.socket.write(text, () => setTimeout(() => connection.reset(), 20));
};

test("a refused connection is 503 after its retries, and the client's connection goes on", async () => {
  const gone = await openSilentServer();
  await gone.close();
  await using gateway = await Gateway.open({ endpoints: [gone.port] });
  await using client = await gateway.connect();
  for (let i = 0; i < 2; i++) {
    client.send(get("/"));
    const { status, body } = await readResponse(client);
    assert.equal(status, 503);
    assert.match(body, /HDL_UPSTREAM_CONNECT_FAILED/);
    assert.doesNotMatch(body, /127\.0\.0\.1|ECONNREFUSED/);
  }
});

test("a reset before the response is 502 for a POST, which is not sent again", async () => {
  await using upstream = await stepwise([(connection) => connection.reset(), say(answer("second"))]);
  await using gateway = await Gateway.open({ endpoints: [upstream.port] });
  await using client = await gateway.connect();
  client.send(POST);
  assert.equal((await readResponse(client)).status, 502);
  assert.equal(upstream.connections.length, 1);
  client.send(get("/"));
  assert.equal((await readResponse(client)).body, "second");
});

test("a reset before the response of a GET is tried again", async () => {
  await using upstream = await stepwise([(connection) => connection.reset(), say(answer("second"))]);
  await using gateway = await Gateway.open({ endpoints: [upstream.port] });
  await using client = await gateway.connect();
  client.send(get("/"));
  assert.equal((await readResponse(client)).body, "second");
});

const cuts: Record<string, string> = {
  "a body shorter than its length": "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf",
  "a chunked body without its last chunk":
    "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n",
  "a chunked body cut inside a chunk": "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n9\r\nhalf",
};

for (const [what, bytes] of Object.entries(cuts)) {
  for (const [how, end] of [
    ["FIN", sayAndEnd],
    ["RST", sayAndReset],
  ] as const) {
    for (const version of ["1.1", "1.0"]) {
      test(`${what} (${how}) is cut visibly for a client of HTTP/${version}`, async () => {
        await using upstream = await stepwise([end(bytes)]);
        await using gateway = await Gateway.open({ endpoints: [upstream.port] });
        await using client = await gateway.connect();
        client.send(get("/", "", version));
        assert.equal(await client.closed, "reset");
        assert.doesNotMatch(client.received.toString("latin1"), /\r\n0\r\n/);
        assert.equal(gateway.upstreams, 0);
      });
    }
  }
}

test("a body until the end that breaks by RST is not passed on as whole", async () => {
  for (const version of ["1.1", "1.0"]) {
    await using upstream = await stepwise([sayAndReset("HTTP/1.0 200 OK\r\n\r\nhalf")]);
    await using gateway = await Gateway.open({ endpoints: [upstream.port] });
    await using client = await gateway.connect();
    client.send(get("/", "", version));
    assert.equal(await client.closed, "reset");
    assert.doesNotMatch(client.received.toString("latin1"), /\r\n0\r\n/);
  }
});

test("a body that lasts until the upstream ends is whole, and its connection is not used again", async () => {
  await using upstream = await stepwise([sayAndEnd("HTTP/1.0 200 OK\r\n\r\nold style"), say(answer("new"))]);
  await using gateway = await Gateway.open({ endpoints: [upstream.port] });
  await using client = await gateway.connect();
  client.send(get("/"));
  assert.match(await client.receiveUntil("0\r\n\r\n"), /\r\n9\r\nold style\r\n0\r\n\r\n$/);
  client.send(get("/"));
  assert.equal((await readResponse(client)).body, "new");
  assert.equal(upstream.connections.length, 2);
});

for (const [what, extra] of [
  ["bytes", "EXTRA"],
  ["a second response", answer("poison")],
] as const) {
  test(`${what} behind a response reach nobody`, async () => {
    await using upstream = await stepwise([say(answer("mine") + extra), say(answer("yours"))]);
    await using gateway = await Gateway.open({ endpoints: [upstream.port] });
    await using first = await gateway.connect();
    await using second = await gateway.connect();
    first.send(get("/1"));
    assert.equal((await readResponse(first)).body, "mine");
    second.send(get("/2"));
    assert.equal((await readResponse(second)).body, "yours");
    first.send(get("/3", "Connection: close\r\n"));
    assert.equal(upstream.connections.length, 2);
    assert.equal(first.unread, "");
  });

  test(`${what} on an idle upstream connection close it`, async () => {
    await using upstream = await stepwise([say(answer("mine")), say(answer("yours"))]);
    await using gateway = await Gateway.open({ endpoints: [upstream.port] });
    await using client = await gateway.connect();
    client.send(get("/1"));
    await readResponse(client);
    upstream.connections[0].send(extra);
    await gateway.becomes("the connection is dropped", () => gateway.upstreams === 0);
    client.send(get("/2"));
    assert.equal((await readResponse(client)).body, "yours");
  });
}

test("a response before the whole request is sent is passed on, and its connection is not used again", async () => {
  await using upstream = await stepwise([say(answer("early")), say(answer("fresh"))]);
  await using gateway = await Gateway.open({ endpoints: [upstream.port] });
  await using client = await gateway.connect();
  client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf!");
  const { head, body } = await readResponse(client);
  assert.equal(body, "early");
  assert.match(head, /\r\nconnection: close\r\n/);
  await gateway.becomes("the upstream connection is gone", () => gateway.upstreams === 0);
  await using other = await gateway.connect();
  other.send(get("/"));
  assert.equal((await readResponse(other)).body, "fresh");
});

test("garbage, a response of two framings and a head without end are 502", async () => {
  const bad = [
    "garbage\r\n\r\n",
    "HTTP/1.1 200 OK\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    "HTTP/1.1 200 OK\r\ncontent-length: 3\r\ncontent-length: 4\r\n\r\nabc",
    `HTTP/1.1 200 OK\r\nx: ${"y".repeat(70_000)}`,
    "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n",
  ];
  await using upstream = await stepwise(bad.map(say));
  await using gateway = await Gateway.open({ endpoints: [upstream.port], cluster: { ejectAfterFaults: 0 } });
  await using client = await gateway.connect();
  for (const bytes of bad) {
    // what a GET gets is tried again
    client.send(get("/").replace("GET", "POST"));
    const { status, body } = await readResponse(client);
    assert.equal(status, 502, bytes.slice(0, 80));
    assert.match(body, /HDL_UPSTREAM_(MALFORMED|HEAD_TOO_LARGE)/);
  }
  assert.equal(upstream.connections.length, bad.length);
  await gateway.becomes("none is kept", () => gateway.upstreams === 0);
});

test("broken chunks after the head cut the response visibly", async () => {
  await using upstream = await stepwise([
    say("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\ngood\r\nzz\r\n"),
  ]);
  await using gateway = await Gateway.open({ endpoints: [upstream.port] });
  await using client = await gateway.connect();
  client.send(get("/"));
  assert.equal(await client.closed, "reset");
});

test("the keep-alive race: a GET on a connection that the upstream just closed is answered from a fresh one", async () => {
  await using upstream = await openRecordingServer({
    script: async (connection, serial) => {
      await connection.receiveUntil("\r\n\r\n");
      connection.send(answer("first"));
      // The upstream's idle time is over in the moment when the next request arrives.
      await connection.receiveUntil("\r\n\r\n");
      if (serial === 0) connection.reset();
      else connection.send(answer("again"));
    },
  });
  await using gateway = await Gateway.open({
    endpoints: [upstream.port],
    cluster: { retryBudgetMinPerSecond: 0, retryBudgetRatio: 0 },
  });
  await using client = await gateway.connect();
  client.send(get("/1"));
  assert.equal((await readResponse(client)).body, "first");
  client.send(get("/2"));
  assert.equal((await readResponse(client)).body, "first");
  assert.equal(upstream.connections.length, 2);
  assert.deepEqual(gateway.logs, []);
});

test("a kept connection that the upstream closes in peace is gone before the next request", async () => {
  await using upstream = await stepwise([say(answer("1")), say(answer("2"))]);
  await using gateway = await Gateway.open({ endpoints: [upstream.port] });
  await using client = await gateway.connect();
  client.send(get("/"));
  await readResponse(client);
  upstream.connections[0].end();
  await gateway.becomes("it is dropped", () => gateway.upstreams === 0);
  client.send(POST);
  assert.equal((await readResponse(client)).body, "2");
});

test("connection: close of the upstream is its own: the client's connection goes on", async () => {
  const close = answer("x", "200 OK", "connection: close\r\n");
  await using upstream = await stepwise([say(close), say(close)]);
  await using gateway = await Gateway.open({ endpoints: [upstream.port] });
  await using client = await gateway.connect();
  for (let i = 0; i < 2; i++) {
    client.send(get("/"));
    assert.doesNotMatch((await readResponse(client)).head, /connection: close/);
  }
  assert.equal(upstream.connections.length, 2);
});
