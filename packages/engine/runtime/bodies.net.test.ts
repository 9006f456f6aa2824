import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { test } from "node:test";
import { FakeClock, openEchoServer, openRecordingServer } from "@heddle/testkit";
import type { Echo, RawConnection } from "@heddle/testkit";
import { LISTENER } from "../observe/index.ts";
import { answer, Gateway, get, openSilentServer, readResponse } from "./gateway.suite.ts";

const MEGABYTE = 1_048_576;
/** More than the kernel's socket buffers on two loopback pairs hold, which grow to about 20 MB. */
const LARGE = 40 * MEGABYTE;

const sha256 = (bytes: Uint8Array | string): string =>
  createHash("sha256")
    .update(typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes)
    .digest("hex");

function chunkedText(bytes: Buffer, size: number): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += size) {
    const chunk = bytes.subarray(at, at + size);
    parts.push(Buffer.from(`${chunk.length.toString(16)}\r\n`), chunk, Buffer.from("\r\n"));
  }
  return Buffer.concat([...parts, Buffer.from("0\r\n\r\n")]);
}

function unchunk(text: string): string {
  let body = "";
  for (let at = 0; ;) {
    const lineEnd = text.indexOf("\r\n", at);
    const size = parseInt(text.slice(at, lineEnd), 16);
    if (size === 0) return body;
    body += text.slice(lineEnd + 2, lineEnd + 2 + size);
    at = lineEnd + 2 + size + 2;
  }
}

const post = (fields: string): string => `POST / HTTP/1.1\r\nHost: a\r\n${fields}\r\n`;

test("a body of 10 MB arrives whole, with a length and in chunks of odd sizes", async () => {
  const body = randomBytes(10 * MEGABYTE);
  await using upstream = await openEchoServer();
  await using gateway = await Gateway.open({ endpoints: [upstream.port] });
  await using client = await gateway.connect();
  client.send(post(`Content-Length: ${body.length}\r\n`));
  client.send(body);
  const withLength = JSON.parse((await readResponse(client)).body) as Echo;
  assert.equal(withLength.bodySha256, sha256(body));
  client.send(post("Transfer-Encoding: chunked\r\n"));
  client.send(chunkedText(body, 70_001));
  const chunked = JSON.parse((await readResponse(client)).body) as Echo;
  assert.equal(chunked.bodySha256, sha256(body));
  assert.equal(chunked.bodyLength, body.length);
});

for (const framing of ["length", "chunked", "close"] as const) {
  test(`a response of 10 MB arrives whole (${framing})`, async () => {
    const body = randomBytes(10 * MEGABYTE);
    const head =
      framing === "length"
        ? `content-length: ${body.length}\r\n`
        : framing === "chunked"
          ? "transfer-encoding: chunked\r\n"
          : "";
    await using upstream = await openRecordingServer({
      script: async (connection) => {
        await connection.receiveUntil("\r\n\r\n");
        connection.send(`HTTP/1.1 200 OK\r\n${head}\r\n`);
        connection.send(framing === "chunked" ? chunkedText(body, 33_333) : body);
        if (framing === "close") connection.end();
      },
    });
    await using gateway = await Gateway.open({ endpoints: [upstream.port] });
    await using client = await gateway.connect();
    client.send(get("/"));
    const seen = await client.receiveUntil("\r\n\r\n");
    if (framing === "length") {
      assert.equal(sha256(await client.receiveBytes(body.length)), sha256(body));
      return;
    }
    assert.match(seen, /transfer-encoding: chunked/);
    const end = await client.receiveUntil("\r\n0\r\n\r\n");
    assert.equal(sha256(unchunk(end)), sha256(body));
  });
}

test("a slow reader holds the upstream back: little waits in between, and nothing is lost", async () => {
  const body = randomBytes(LARGE);
  let sent = 0;
  await using upstream = await openRecordingServer({
    script: async (connection) => {
      await connection.receiveUntil("\r\n\r\n");
      connection.send(`HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n`);
      for (let at = 0; at < body.length; at += 65_536) {
        const mayGoOn = connection.socket.write(body.subarray(at, at + 65_536));
        sent = at + 65_536;
        if (!mayGoOn) await once(connection.socket, "drain");
      }
    },
  });
  await using gateway = await Gateway.open({ endpoints: [upstream.port] });
  await using client = await gateway.connect();
  client.socket.pause();
  client.send(get("/"));
  await stands(() => sent);
  const held = sent;
  assert.ok(held < 0.75 * LARGE, `${held} octets went through to a client that reads nothing`);
  client.socket.resume();
  await client.receiveUntil("\r\n\r\n");
  assert.equal(sha256(await client.receiveBytes(body.length)), sha256(body));
});

test("a slow upstream holds the client back, and nothing is lost", async () => {
  const body = randomBytes(LARGE);
  await using upstream = await openRecordingServer({
    script: async (connection) => {
      await connection.receiveUntil("\r\n\r\n");
      connection.socket.pause();
      await goOn.promise;
      connection.socket.resume();
      const whole = await connection.receiveBytes(body.length);
      connection.send(answer(sha256(whole)));
    },
  });
  const goOn = Promise.withResolvers<void>();
  await using gateway = await Gateway.open({ endpoints: [upstream.port] });
  await using client = await gateway.connect();
  client.send(post(`Content-Length: ${body.length}\r\n`));
  client.send(body);
  await stands(() => client.socket.bytesWritten - client.socket.writableLength);
  assert.ok(client.socket.writableLength > 0.25 * LARGE, "the client's bytes are held in the client");
  goOn.resolve();
  assert.equal((await readResponse(client)).body, sha256(body));
  client.send(get("/again", "Connection: close\r\n"));
});

/** Waits until a number has not changed for a while: backpressure is the absence of an event. */
async function stands(read: () => number): Promise<void> {
  for (let last = -1; ;) {
    const now = read();
    if (now === last && now > 0) return;
    last = now;
    await new Promise((resolve) => setTimeout(resolve, 150));
  }
}

test("a client that pipelines and reads nothing is not read on for ever", async () => {
  // With a date: Heddle adds none, and its length is known.
  const page = answer("x".repeat(20_000), "200 OK", "date: Sun, 06 Nov 1994 08:49:37 GMT\r\n");
  let asked = 0;
  await using upstream = await openRecordingServer({
    script: async (connection) => {
      for (;;) {
        const head = await connection.receiveUntil("\r\n\r\n", 60_000).catch(() => null);
        if (head === null) return;
        asked++;
        connection.send(page);
      }
    },
  });
  await using gateway = await Gateway.open({ endpoints: [upstream.port] });
  await using client = await gateway.connect();
  client.socket.pause();
  const count = 2_000;
  client.send(get("/").repeat(count));
  await stands(() => asked);
  assert.ok(asked < count, `${asked} requests of ${count} were asked for a client that reads nothing`);
  client.socket.resume();
  await gateway.becomes("the rest follows", () => asked === count, 20_000);
  const all = count * page.length;
  await gateway.becomes("all of it arrives", () => client.socket.bytesRead === all, 20_000);
});

test("pipelined requests that Heddle answers itself are held back too", async () => {
  await using gateway = await Gateway.open({ endpoints: [] });
  await using client = await gateway.connect();
  client.socket.pause();
  const count = 60_000;
  client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n".repeat(count));
  const answered = (): number => gateway.total("listener", LISTENER.ended);
  await stands(answered);
  assert.ok(answered() < count, "all were answered to a client that reads nothing");
  client.socket.resume();
  await gateway.becomes("all are answered", () => answered() === count, 20_000);
});

test("an early 413 reaches a client that goes on sending, and then the connection ends", async () => {
  await using upstream = await openRecordingServer({
    script: async (connection) => {
      await connection.receiveUntil("\r\n\r\n");
      connection.send(answer("too large", "413 Content Too Large", "connection: close\r\n"));
      connection.end();
    },
  });
  await using gateway = await Gateway.open({ endpoints: [upstream.port] });
  await using client = await gateway.connect();
  client.send(post(`Content-Length: ${4 * MEGABYTE}\r\n`));
  client.send(Buffer.alloc(65_536));
  const { status, head, body } = await readResponse(client);
  assert.equal(status, 413);
  assert.equal(body, "too large");
  assert.match(head, /\r\nconnection: close\r\n/);
  client.send(Buffer.alloc(4 * MEGABYTE - 65_536));
  assert.equal(await client.receiveToEnd(), "");
  await gateway.becomes("the upstream connection is gone", () => gateway.upstreams === 0);
});

test("a client that sends its whole body before it reads still gets an early response", async () => {
  await using gateway = await Gateway.open({ endpoints: [] });
  await using client = await gateway.connect();
  client.socket.pause();
  client.send(post(`Content-Length: ${16 * MEGABYTE}\r\n`));
  client.send(Buffer.alloc(16 * MEGABYTE));
  client.end();
  await once(client.socket, "finish");
  client.socket.resume();
  assert.equal((await readResponse(client)).status, 503);
  assert.equal(await client.closed, "end");
});

test("a client that never stops sending is cut after a while", async () => {
  const clock = new FakeClock();
  await using gateway = await Gateway.open({ endpoints: [] }, { clock });
  await using client = await gateway.connect();
  client.send(post("Content-Length: 1000000\r\n"));
  assert.equal((await readResponse(client)).status, 503);
  assert.equal(gateway.clients, 1);
  await gateway.becomes("the connection is gone", () => {
    clock.advance(1_000);
    return gateway.clients === 0;
  });
  assert.equal(clock.now() < 6_000, true);
});

test("a client that leaves in the middle of its upload closes the upstream's connection", async () => {
  await using upstream = await openSilentServer();
  await using gateway = await Gateway.open({ endpoints: [upstream.port] });
  const ways = [(client: RawConnection) => client.reset(), (client: RawConnection) => client.end()];
  for (const [i, leave] of ways.entries()) {
    await using client = await gateway.connect();
    client.send(`${post("Content-Length: 1000\r\n")}some`);
    const kept = await upstream.connection(i);
    await kept.receiveUntil("some");
    leave(client);
    await kept.receiveToEnd();
  }
  await gateway.becomes("both exchanges ended", () => gateway.exchanges === 0 && gateway.upstreams === 0);
});

test("a client that leaves in the middle of a download closes the upstream's connection", async () => {
  await using upstream = await openRecordingServer({
    answers: ["HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\nbegin"],
  });
  await using gateway = await Gateway.open({ endpoints: [upstream.port] });
  await using client = await gateway.connect();
  client.send(get("/"));
  await client.receiveUntil("begin");
  client.reset();
  await (await upstream.connection(0)).receiveToEnd();
  await gateway.becomes("the exchange ended", () => gateway.exchanges === 0);
});

test("a client that leaves while it waits for a response closes the upstream's connection", async () => {
  await using upstream = await openSilentServer();
  await using gateway = await Gateway.open({ endpoints: [upstream.port] });
  await using client = await gateway.connect();
  client.send(get("/"));
  const kept = await upstream.connection(0);
  await kept.receiveUntil("\r\n\r\n");
  client.reset();
  await kept.receiveToEnd();
});

test("a slow reader of a response that ends the connection gets all of it", async () => {
  const body = randomBytes(LARGE);
  await using upstream = await openRecordingServer({
    script: async (connection) => {
      await connection.receiveUntil("\r\n\r\n");
      connection.send(`HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n`);
      connection.send(body);
    },
  });
  await using gateway = await Gateway.open({ endpoints: [upstream.port] });
  await using client = await gateway.connect();
  client.send(get("/", "Connection: close\r\n"));
  await client.receiveUntil("\r\n\r\n");
  client.socket.pause();
  await stands(() => client.socket.bytesRead);
  client.end();
  client.socket.resume();
  assert.equal(sha256(await client.receiveBytes(body.length)), sha256(body));
  assert.equal(await client.closed, "end");
});
