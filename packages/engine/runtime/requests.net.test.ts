import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { becomesTrue, openEchoServer, openRecordingServer } from "@heddle/testkit";
import type { Echo, RawConnection } from "@heddle/testkit";
import type { FilterFactory } from "../filter/index.ts";
import { CLUSTER } from "../observe/index.ts";
import { answer, Gateway, get, openSilentServer, readResponse } from "./gateway.suite.ts";

/** An upstream that answers each request by its path, and keeps connections. */
function byPath(answers: Record<string, string>) {
  return openRecordingServer({
    script: async (connection) => {
      for (;;) {
        const head = await connection.receiveUntil("\r\n\r\n", 60_000).catch(() => null);
        if (head === null) return;
        connection.send(answers[head.split(" ")[1]] ?? answer(`for ${head.split(" ")[1]}`));
      }
    },
  });
}

async function echo(client: RawConnection): Promise<Echo> {
  return JSON.parse((await readResponse(client)).body) as Echo;
}

test("one connection carries one request after the other, and so does the upstream's", async () => {
  await using upstream = await openEchoServer();
  await using gateway = await Gateway.open({ endpoints: [upstream.port] });
  await using client = await gateway.connect();
  for (let i = 0; i < 5; i++) {
    client.send(get(`/${i}`));
    const seen = await echo(client);
    assert.equal(seen.url, `/${i}`);
    assert.equal(seen.connection, 0);
  }
  assert.equal(gateway.clients, 1);
  assert.equal(gateway.upstreams, 1);
});

test("connection: close ends the connection behind the response", async () => {
  await using upstream = await openEchoServer();
  await using gateway = await Gateway.open({ endpoints: [upstream.port] });
  await using client = await gateway.connect();
  client.send(get("/", "Connection: close\r\n"));
  const { head } = await readResponse(client);
  assert.match(head, /\r\nconnection: close\r\n/);
  assert.equal(await client.receiveToEnd(), "");
  client.end();
  assert.equal(await client.closed, "end");
});

test("a client that sends no more is not waited for; one that sent a body may have a line break to come", async () => {
  await using upstream = await openEchoServer();
  await using gateway = await Gateway.open({ endpoints: [upstream.port] });
  for (const body of ["", "body"]) {
    await using client = await gateway.connect();
    const length = body === "" ? "" : `Content-Length: ${body.length}\r\n`;
    client.send(get("/", `Connection: close\r\n${length}`) + body);
    await readResponse(client);
    assert.equal(await client.receiveToEnd(), "");
    if (body === "") {
      // Less than the two seconds that are waited otherwise.
      assert.ok(await becomesTrue(() => gateway.clients === 0, 1_500));
    } else {
      assert.equal(gateway.clients, 1);
      client.send("\r\n");
    }
    client.end();
    assert.equal(await client.closed, "end");
  }
});

test("requests that came in one packet are answered in their order", async () => {
  await using upstream = await openEchoServer();
  await using gateway = await Gateway.open({ endpoints: [upstream.port] });
  await using client = await gateway.connect();
  client.send(Array.from({ length: 20 }, (_, i) => get(`/${i}`)).join(""));
  for (let i = 0; i < 20; i++) assert.equal((await echo(client)).url, `/${i}`);
});

test("pipelined requests split at every odd place are the same requests", async () => {
  await using upstream = await openEchoServer();
  await using gateway = await Gateway.open({ endpoints: [upstream.port] });
  await using client = await gateway.connect();
  const post = "POST /b HTTP/1.1\r\nHost: a.example\r\nContent-Length: 3\r\n\r\nxyz";
  const chunked =
    "POST /c HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n1\r\nd\r\n0\r\n\r\n";
  const bytes = get("/a") + post + chunked + get("/d");
  for (let size = 1; size < 40; size += 7) {
    for (let at = 0; at < bytes.length; at += size) {
      client.send(bytes.slice(at, at + size));
      await new Promise((resolve) => setImmediate(resolve));
    }
    for (const [url, length] of [
      ["/a", 0],
      ["/b", 3],
      ["/c", 4],
      ["/d", 0],
    ] as const) {
      const seen = await echo(client);
      assert.equal(seen.url, url);
      assert.equal(seen.bodyLength, length);
    }
  }
});

test("requests behind a slow response wait for it, and the upstream sees them one at a time", async () => {
  let answerSlow = (): void => {};
  const isSlowAsked = Promise.withResolvers<void>();
  await using upstream = await openRecordingServer({
    script: async (connection) => {
      for (;;) {
        const head = await connection.receiveUntil("\r\n\r\n", 60_000).catch(() => null);
        if (head === null) return;
        if (head.startsWith("GET /slow")) {
          answerSlow = () => connection.send(answer("slow"));
          isSlowAsked.resolve();
        } else connection.send(answer("fast"));
      }
    },
  });
  await using gateway = await Gateway.open({ endpoints: [upstream.port] });
  await using client = await gateway.connect();
  client.send(get("/slow"));
  await isSlowAsked.promise;
  client.send(get("/fast") + get("/fast"));
  await using other = await gateway.connect();
  other.send(get("/fast"));
  assert.equal((await readResponse(other)).body, "fast");
  assert.equal(client.received.length, 0);
  answerSlow();
  assert.equal((await readResponse(client)).body, "slow");
  assert.equal((await readResponse(client)).body, "fast");
  assert.equal((await readResponse(client)).body, "fast");
});

test("a request that is answered at once does not wait for a slow one behind it", async () => {
  await using upstream = await openSilentServer();
  await using gateway = await Gateway.open({
    endpoints: [upstream.port],
    rule: {
      matches: [{ path: { type: "Exact", value: "/slow" }, method: "", headers: [], queryParams: [] }],
    },
  });
  await using client = await gateway.connect();
  client.send(get("/nowhere") + get("/slow"));
  assert.equal((await readResponse(client)).status, 404);
});

test("half-closed after pipelined requests, every one is answered, then the connection ends", async () => {
  await using upstream = await openEchoServer();
  await using gateway = await Gateway.open({ endpoints: [upstream.port] });
  await using client = await gateway.connect();
  client.send(get("/1") + get("/2") + get("/3"));
  client.end();
  for (const url of ["/1", "/2", "/3"]) assert.equal((await echo(client)).url, url);
  assert.equal(await client.receiveToEnd(), "");
  assert.equal(await client.closed, "end");
});

test("a half-close right behind a slow request leaves its response whole", async () => {
  await using upstream = await openSilentServer();
  await using gateway = await Gateway.open({ endpoints: [upstream.port] });
  await using client = await gateway.connect();
  client.send(get("/"));
  const kept = await upstream.connection(0);
  await kept.receiveUntil("\r\n\r\n");
  client.end();
  await once(client.socket, "finish");
  // A whole exchange later the FIN has been seen too.
  await using other = await gateway.connect();
  other.send(get("/other"));
  await (await upstream.connection(1)).receiveUntil("\r\n\r\n");
  kept.send(answer("late"));
  assert.equal((await readResponse(client)).body, "late");
  assert.equal(await client.closed, "end");
});

test("HTTP/1.0 is closed behind its response, unless it asks to be kept", async () => {
  await using upstream = await openEchoServer();
  await using gateway = await Gateway.open({ endpoints: [upstream.port] });
  await using kept = await gateway.connect();
  for (let i = 0; i < 2; i++) {
    kept.send(get("/", "Connection: keep-alive\r\n", "1.0"));
    assert.match((await readResponse(kept)).head, /\r\nconnection: keep-alive\r\n/);
  }
  kept.send(get("/", "", "1.0"));
  const { head, body } = await readResponse(kept);
  assert.match(head, /\r\nconnection: close\r\n/);
  assert.equal((JSON.parse(body) as Echo).httpVersion, "1.1");
  assert.equal(await kept.receiveToEnd(), "");
});

test("a chunked response reaches an HTTP/1.0 client as bytes until the end", async () => {
  await using upstream = await byPath({
    "/": "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n",
  });
  await using gateway = await Gateway.open({ endpoints: [upstream.port] });
  await using client = await gateway.connect();
  client.send(get("/", "Connection: keep-alive\r\n", "1.0"));
  const head = await client.receiveUntil("\r\n\r\n");
  assert.doesNotMatch(head, /transfer-encoding|content-length/i);
  assert.match(head, /\r\nconnection: close\r\n/);
  assert.equal(await client.receiveToEnd(), "abcdef");
  client.end();
  assert.equal(await client.closed, "end");
});

test("HEAD, 204 and 304 have no body whatever their fields say, and the connection goes on", async () => {
  await using upstream = await byPath({
    "/head": "HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n",
    "/chunked": "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n",
    "/204": "HTTP/1.1 204 No Content\r\n\r\n",
    "/304": 'HTTP/1.1 304 Not Modified\r\ncontent-length: 77\r\netag: "x"\r\n\r\n',
  });
  await using gateway = await Gateway.open({ endpoints: [upstream.port] });
  await using client = await gateway.connect();
  client.send("HEAD /head HTTP/1.1\r\nHost: a\r\n\r\n");
  assert.match((await readResponse(client, false)).head, /200 OK\r\ncontent-length: 1000\r\n/);
  client.send("HEAD /chunked HTTP/1.1\r\nHost: a\r\n\r\n");
  assert.equal((await readResponse(client, false)).status, 200);
  client.send(get("/204"));
  assert.equal((await readResponse(client, false)).status, 204);
  client.send(get("/304"));
  assert.match((await readResponse(client, false)).head, /304 Not Modified\r\n.*content-length: 77\r\n/s);
  client.send(get("/end"));
  assert.equal((await readResponse(client)).body, "for /end");
  assert.equal(upstream.connections.length, 1);
});

test("a reply of Heddle's own to HEAD has no body", async () => {
  await using gateway = await Gateway.open({ endpoints: [] });
  await using client = await gateway.connect();
  client.send(`HEAD / HTTP/1.1\r\nHost: a\r\n\r\n${get("/")}`);
  assert.equal((await readResponse(client, false)).status, 503);
  const { status, body } = await readResponse(client);
  assert.equal(status, 503);
  assert.match(body, /HDL_NO_ENDPOINTS/);
});

test("chunks and trailers pass both ways", async () => {
  await using upstream = await openRecordingServer({
    answers: ["HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nx-sum: 7\r\n\r\n"],
  });
  await using gateway = await Gateway.open({ endpoints: [upstream.port] });
  await using client = await gateway.connect();
  client.send(
    "POST / HTTP/1.1\r\nHost: a\r\nTE: trailers\r\nConnection: te\r\nTransfer-Encoding: chunked\r\n\r\n" +
      "5;ext=1\r\nhello\r\n0\r\nX-Digest: abc\r\n\r\n",
  );
  const head = await client.receiveUntil("\r\n\r\n");
  assert.match(head, /\r\ntransfer-encoding: chunked\r\n/);
  assert.equal(await client.receiveUntil("0\r\nx-sum: 7\r\n\r\n"), "2\r\nok\r\n0\r\nx-sum: 7\r\n\r\n");
  const kept = await upstream.connection(0);
  assert.match(kept.received.toString("latin1"), /\r\n\r\n5\r\nhello\r\n0\r\nX-Digest: abc\r\n\r\n$/);
});

test("a 103 passes, a 100 of the upstream does not, and neither is taken for the response", async () => {
  await using upstream = await openRecordingServer({
    answers: [
      `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </a.css>\r\n\r\n${answer("done")}`,
    ],
  });
  await using gateway = await Gateway.open({ endpoints: [upstream.port] });
  await using client = await gateway.connect();
  client.send(get("/"));
  assert.equal(await client.receiveUntil("\r\n\r\n"), "HTTP/1.1 103 Early Hints\r\nlink: </a.css>\r\n\r\n");
  assert.equal((await readResponse(client)).body, "done");
});

test("informational responses are kept from HTTP/1.0 clients", async () => {
  await using upstream = await openRecordingServer({
    answers: [`HTTP/1.1 103 Early Hints\r\nlink: </a.css>\r\n\r\n${answer("done")}`],
  });
  await using gateway = await Gateway.open({ endpoints: [upstream.port] });
  await using client = await gateway.connect();
  client.send(get("/", "", "1.0"));
  assert.match((await readResponse(client)).head, /^HTTP\/1.1 200/);
});

test("Expect: 100-continue is answered by Heddle, and the upstream never sees it", async () => {
  await using upstream = await openEchoServer();
  await using gateway = await Gateway.open({ endpoints: [upstream.port] });
  await using client = await gateway.connect();
  client.send("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
  assert.equal(await client.receiveUntil("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  client.send("hello");
  const seen = await echo(client);
  assert.equal(seen.bodyLength, 5);
  assert.ok(!seen.headers.some(([name]) => name.toLowerCase() === "expect"));
  client.send(get("/again"));
  assert.equal((await echo(client)).url, "/again");
});

test("an early final answer to Expect comes without a 100, and what follows is not read as a request", async () => {
  await using gateway = await Gateway.open({ endpoints: [] });
  await using client = await gateway.connect();
  client.send("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 40\r\n\r\n");
  const { head, status } = await readResponse(client);
  assert.equal(status, 503);
  assert.match(head, /\r\nconnection: close\r\n/);
  client.send(get("/smuggled"));
  client.end();
  assert.equal(await client.receiveToEnd(), "");
  assert.equal(gateway.total("listener", 7), 1);
});

test("a malformed request behind a good one is answered 400 and closes", async () => {
  await using upstream = await openEchoServer();
  await using gateway = await Gateway.open({ endpoints: [upstream.port] });
  await using client = await gateway.connect();
  client.send(get("/"));
  await echo(client);
  client.send("GET / HTTP/1.1\r\nHost : a\r\n\r\n");
  const { status, head } = await readResponse(client);
  assert.equal(status, 400);
  assert.match(head, /\r\nconnection: close\r\n/);
  assert.equal(await client.receiveToEnd(), "");
  assert.equal(gateway.refusals("HDL_REQUEST_MALFORMED"), 1);
});

test("CONNECT is refused", async () => {
  await using gateway = await Gateway.open({ endpoints: [] });
  await using client = await gateway.connect();
  client.send("CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\n\r\n");
  assert.equal((await readResponse(client)).status, 501);
});

test("a filter that waits holds its request, and the connection's next one comes all the same", async () => {
  const wait: FilterFactory = {
    name: "wait",
    create: () => ({
      name: "wait",
      requestHead: () => new Promise((resolve) => setImmediate(resolve)),
      responseHead: () => new Promise((resolve) => setImmediate(resolve)),
    }),
  };
  await using upstream = await openEchoServer();
  const shape = { endpoints: [upstream.port], rule: { filters: [{ name: "wait", config: null }] } };
  await using gateway = await Gateway.open(shape, { filters: [wait] });
  await using client = await gateway.connect();
  const post = "POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody";
  for (let i = 0; i < 3; i++) {
    client.send(get("/g"));
    assert.equal((await echo(client)).url, "/g");
    client.send(post + get("/g"));
    assert.equal((await echo(client)).bodyLength, 4);
    assert.equal((await echo(client)).url, "/g");
  }
  assert.equal(gateway.upstreams, 1);
});

test("a client that leaves while a filter holds a whole response takes nobody else's connection with it", async () => {
  const held = Promise.withResolvers<void>();
  const isHeld = Promise.withResolvers<void>();
  const hold: FilterFactory = {
    name: "hold",
    create: () => ({
      name: "hold",
      responseHead: (exchange) => {
        if (exchange.request.path !== "/hold") return undefined;
        isHeld.resolve();
        return held.promise;
      },
    }),
  };
  await using upstream = await openEchoServer();
  const shape = { endpoints: [upstream.port], rule: { filters: [{ name: "hold", config: null }] } };
  await using gateway = await Gateway.open(shape, { filters: [hold] });
  await using leaves = await gateway.connect();
  await using stays = await gateway.connect();
  leaves.send(get("/hold"));
  await isHeld.promise;
  await gateway.becomes("its attempt is over", () => gateway.attempts === 0);
  // The response was whole in one read: its connection is free, and the next request takes it.
  const body = "x".repeat(100_000);
  stays.send(`POST /stay HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n${body.slice(1)}`);
  await gateway.becomes("it is sent", () => gateway.attempts === 1);
  leaves.reset();
  await gateway.becomes("the other left", () => gateway.clients === 1);
  held.resolve();
  stays.send("x");
  assert.equal((await echo(stays)).bodyLength, body.length);
  assert.equal(gateway.total("cluster", CLUSTER.connectionsOpened), 1);
});
