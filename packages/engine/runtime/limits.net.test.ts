import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock, openEchoServer } from "@heddle/testkit";
import type { RefusalKind } from "../observe/index.ts";
import { LISTENER } from "../observe/index.ts";
import type { HeldRequest } from "../proxy/index.ts";
import { LoadShedder } from "./load-shedder.ts";
import { Gateway, get, openSilentServer, readResponse } from "./gateway.suite.ts";
import type { Shape } from "./gateway.suite.ts";

interface Limited {
  what: string;
  listener?: Shape["listener"];
  send: string;
  advanceMs?: number;
  status: number;
  kind: RefusalKind;
}

const cases: Limited[] = [
  {
    what: "a head that does not come whole in time",
    send: "GET / HTTP/1.1\r\nHost: a\r\n",
    advanceMs: 10_100,
    status: 408,
    kind: "HDL_REQUEST_HEAD_TIMEOUT",
  },
  {
    what: "a request that does not come whole in time",
    listener: { minBodyBytesPerSecond: 0 },
    send: `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n${"x".repeat(300_000)}`,
    advanceMs: 300_100,
    status: 408,
    kind: "HDL_REQUEST_TIMEOUT",
  },
  {
    what: "a body slower than 500 bytes a second",
    send: "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nsome",
    advanceMs: 10_100,
    status: 408,
    kind: "HDL_REQUEST_BODY_TOO_SLOW",
  },
  {
    what: "a head of too many octets",
    send: `GET / HTTP/1.1\r\nHost: a\r\nX: ${"y".repeat(62_000)}\r\n\r\n`,
    status: 431,
    kind: "HDL_REQUEST_HEAD_TOO_LARGE",
  },
  {
    what: "a head of too many fields",
    send: `GET / HTTP/1.1\r\nHost: a\r\n${"X: y\r\n".repeat(101)}\r\n`,
    status: 431,
    kind: "HDL_REQUEST_HEAD_TOO_LARGE",
  },
  {
    what: "a target that is too long",
    send: get(`/${"y".repeat(17_000)}`),
    status: 414,
    kind: "HDL_REQUEST_TARGET_TOO_LONG",
  },
  {
    what: "a body whose length is over the limit",
    listener: { maxBodyBytes: 10 },
    send: "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\nelevenbytes",
    status: 413,
    kind: "HDL_REQUEST_BODY_TOO_LARGE",
  },
  {
    what: "a chunked body that goes over the limit",
    listener: { maxBodyBytes: 10 },
    send: "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n8\r\n12345678\r\n8\r\n12345678\r\n0\r\n\r\n",
    status: 413,
    kind: "HDL_REQUEST_BODY_TOO_LARGE",
  },
  {
    what: "a path with a refused escape",
    send: get("/a%2fb"),
    status: 400,
    kind: "HDL_REQUEST_PATH_REFUSED",
  },
  {
    what: "an expectation that nobody knows",
    send: get("/", "Expect: 200-ok\r\n"),
    status: 417,
    kind: "HDL_REQUEST_EXPECTATION_UNSUPPORTED",
  },
  {
    what: "a version that nobody speaks here",
    send: "GET / HTTP/2.0\r\nHost: a\r\n\r\n",
    status: 505,
    kind: "HDL_REQUEST_VERSION_UNSUPPORTED",
  },
];

for (const { what, listener, send, advanceMs, status, kind } of cases) {
  for (const isSecond of [false, true]) {
    test(`${what} is ${status}, counted, and closes${isSecond ? " (second request)" : ""}`, async () => {
      const clock = new FakeClock();
      await using quick = await openEchoServer();
      await using silent = await openSilentServer();
      const shape = { endpoints: [quick.port], ...(listener === undefined ? {} : { listener }) };
      await using gateway = await Gateway.open(shape, { clock });
      await using client = await gateway.connect();
      if (isSecond) {
        client.send(get("/"));
        await readResponse(client);
      }
      await gateway.apply({ ...shape, endpoints: [silent.port] });
      client.send(send);
      if (advanceMs !== undefined) {
        // The bytes are there when the round trip of another connection, begun later, is over.
        await using other = await gateway.connect();
        other.send("GET / HTTP/1.1\r\n\r\n");
        await other.receiveUntil("\r\n\r\n");
        clock.advance(advanceMs);
      }
      const { status: seen, head, body } = await readResponse(client);
      assert.equal(seen, status, body);
      assert.match(head, /\r\nconnection: close\r\n/);
      assert.match(body, new RegExp(kind));
      assert.equal(gateway.refusals(kind), 1);
      client.end();
      await gateway.becomes("the connection is closed", () => {
        clock.advance(500);
        return gateway.clients === 0;
      });
    });
  }
}

test("a connection that says nothing is closed without a word", async () => {
  const clock = new FakeClock();
  await using gateway = await Gateway.open({ endpoints: [] }, { clock });
  await using client = await gateway.connect();
  await gateway.becomes("it is accepted", () => gateway.clients === 1);
  clock.advance(10_100);
  assert.equal(await client.receiveToEnd(), "");
  assert.equal(gateway.refusals("HDL_REQUEST_HEAD_TIMEOUT"), 0);
});

test("a kept connection is closed after its idle time, and not before", async () => {
  const clock = new FakeClock();
  await using upstream = await openEchoServer();
  await using gateway = await Gateway.open({ endpoints: [upstream.port] }, { clock });
  await using client = await gateway.connect();
  for (let i = 0; i < 3; i++) {
    client.send(get("/"));
    await readResponse(client);
    clock.advance(59_000);
  }
  assert.equal(client.hasEnded, false);
  clock.advance(1_100);
  assert.equal(await client.receiveToEnd(), "");
});

test("an exchange in which no byte moves either way for 300 s ends", async () => {
  const clock = new FakeClock();
  await using upstream = await openSilentServer();
  await using gateway = await Gateway.open({ endpoints: [upstream.port] }, { clock });
  await using waits = await gateway.connect();
  waits.send(get("/"));
  const asked = await upstream.connection(0);
  await asked.receiveUntil("\r\n\r\n");
  await using hangs = await gateway.connect();
  hangs.send(get("/"));
  const begun = await upstream.connection(1);
  await begun.receiveUntil("\r\n\r\n");
  begun.send("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf");
  await hangs.receiveUntil("half");
  for (let i = 0; i < 29; i++) clock.advance(10_000);
  assert.equal(gateway.exchanges, 2);
  for (let i = 0; i < 8; i++) clock.advance(10_000);
  assert.equal((await readResponse(waits)).status, 408);
  assert.equal(await hangs.closed, "reset");
  await asked.receiveToEnd();
  await begun.receiveToEnd();
  assert.equal(gateway.refusals("HDL_DOWNSTREAM_IDLE_TIMEOUT"), 2);
});

test("connections over the limit are closed at once and counted, and room is given back", async () => {
  await using upstream = await openEchoServer();
  await using gateway = await Gateway.open({ endpoints: [upstream.port], listener: { maxConnections: 2 } });
  await using first = await gateway.connect();
  await using second = await gateway.connect();
  await gateway.becomes("two are accepted", () => gateway.clients === 2);
  await using third = await gateway.connect();
  assert.equal(await third.receiveToEnd(), "");
  assert.equal(gateway.refusals("connection-limit"), 1);
  await first.close();
  await gateway.becomes("one left", () => gateway.clients === 1);
  await using fourth = await gateway.connect();
  fourth.send(get("/"));
  assert.equal((await readResponse(fourth)).status, 200);
  second.send(get("/"));
  assert.equal((await readResponse(second)).status, 200);
});

test("under too much load requests are refused with 503 and retry-after, on a connection that stays", async (t) => {
  t.mock.method(LoadShedder.prototype, "probe", function (this: LoadShedder) {
    this.isOn = true;
  });
  t.mock.method(LoadShedder.prototype, "admits", () => false);
  t.mock.method(LoadShedder.prototype, "hold", (request: HeldRequest) => request.turnAway());
  await using upstream = await openEchoServer();
  await using gateway = await Gateway.open({ endpoints: [upstream.port] });
  await using client = await gateway.connect();
  // Its first probe is 20 ms away.
  let status = 200;
  while (status === 200) {
    client.send(get("/"));
    ({ status } = await readResponse(client));
  }
  const served = upstream.requestCount;
  client.send(get("/"));
  const { head } = await readResponse(client);
  assert.match(head, /^HTTP\/1.1 503 /);
  assert.match(head, /\r\nretry-after: 1\r\n/);
  assert.doesNotMatch(head, /connection: close/);
  assert.equal(gateway.refusals("HDL_OVERLOADED"), 2);
  assert.equal(upstream.requestCount, served);
});

test("a connection takes no more requests than it may", async () => {
  await using upstream = await openEchoServer();
  await using gateway = await Gateway.open({
    endpoints: [upstream.port],
    listener: { maxRequestsPerConnection: 2 },
  });
  await using client = await gateway.connect();
  client.send(get("/1") + get("/2") + get("/3"));
  assert.doesNotMatch((await readResponse(client)).head, /connection: close/);
  assert.match((await readResponse(client)).head, /connection: close/);
  assert.equal(await client.receiveToEnd(), "");
  assert.equal(upstream.requestCount, 2);
});

test("refusals of one kind are logged at most once a second, with the number of those that were not", async () => {
  const clock = new FakeClock();
  await using gateway = await Gateway.open({ endpoints: [] }, { clock });
  const refuse = async (): Promise<void> => {
    await using client = await gateway.connect();
    client.send("bad\r\n\r\n");
    assert.equal((await readResponse(client)).status, 400);
  };
  clock.advance(5_000);
  for (let i = 0; i < 5; i++) await refuse();
  const lines = () => gateway.logs.filter(({ message }) => message.startsWith("HDL_REQUEST_MALFORMED"));
  assert.equal(lines().length, 1);
  assert.equal(lines()[0].fields.client, "127.0.0.1");
  clock.advance(1_000);
  await refuse();
  assert.equal(lines().length, 2);
  assert.equal(lines()[1].fields.suppressed, 4);
  assert.equal(gateway.refusals("HDL_REQUEST_MALFORMED"), 6);
});

test("limits that a change brings hold for the next request of a kept connection", async () => {
  await using upstream = await openEchoServer();
  await using gateway = await Gateway.open({ endpoints: [upstream.port] });
  await using client = await gateway.connect();
  const post = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody";
  client.send(post);
  assert.equal((await readResponse(client)).status, 200);
  await gateway.apply({ endpoints: [upstream.port], listener: { maxBodyBytes: 3 } });
  client.send(post);
  assert.equal((await readResponse(client)).status, 413);
  assert.equal(gateway.total("listener", LISTENER.started), 1);
});

test("a connection of HTTP/1.1 that has grown old ends with its next answer", async () => {
  const clock = new FakeClock();
  await using upstream = await openEchoServer();
  await using gateway = await Gateway.open(
    { endpoints: [upstream.port], listener: { maxConnectionAgeMs: 10_000 } },
    { clock },
  );
  await using client = await gateway.connect();
  client.send(get("/1"));
  assert.doesNotMatch((await readResponse(client)).head, /connection: close/);
  clock.advance(11_000);
  client.send(get("/2"));
  assert.match((await readResponse(client)).head, /connection: close/);
  assert.equal(await client.receiveToEnd(), "");
});
