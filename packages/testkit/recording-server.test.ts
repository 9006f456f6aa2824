import assert from "node:assert/strict";
import net from "node:net";
import { test } from "node:test";
import { assertNoOpenConnections } from "./leaks.ts";
import { connectRaw } from "./raw-connection.ts";
import { openRecordingServer } from "./recording-server.ts";

test("keeps every byte of each connection, and answers each head in turn", async () => {
  await using server = await openRecordingServer({
    answers: ["HTTP/1.1 204 A\r\n\r\n", "HTTP/1.1 204 B\r\n\r\n"],
  });
  await using first = await connectRaw(server.port);
  first.send("GET /a HTTP/1.1\r\n\r");
  first.send("\nbody\xff");
  assert.equal(await first.receiveUntil("\r\n\r\n"), "HTTP/1.1 204 A\r\n\r\n");
  await using second = await connectRaw(server.port);
  second.send("GET /b HTTP/1.1\r\n\r\n");
  assert.match(await second.receiveUntil("\r\n\r\n"), /204 B/);
  const kept = await server.connection(0);
  await kept.receiveUntil("\xff");
  assert.equal(kept.received.toString("latin1"), "GET /a HTTP/1.1\r\n\r\nbody\xff");
  assert.equal(server.receivedText(), "GET /a HTTP/1.1\r\n\r\nbody\xffGET /b HTTP/1.1\r\n\r\n");
});

test("a script speaks first, ends its side and still reads", async () => {
  await using server = await openRecordingServer({
    script: async (connection) => {
      connection.send("hello");
      connection.end();
    },
  });
  await using client = await connectRaw(server.port);
  assert.equal(await client.receiveToEnd(), "hello");
  client.send("still here");
  client.end();
  assert.equal(await (await server.connection(0)).receiveToEnd(), "still here");
  assert.equal(await client.closed, "end");
});

test("a script that throws shows the client a reset", async () => {
  await using server = await openRecordingServer({
    script: async (connection) => {
      await connection.receiveUntil("!");
      throw new Error("scripted");
    },
  });
  await using client = await connectRaw(server.port);
  client.send("!");
  assert.equal(await client.closed, "reset");
});

test("waiting for a connection that never comes names it", async () => {
  await using server = await openRecordingServer();
  await assert.rejects(server.connection(0, 10), /no connection 0 within 10 ms/);
});

test("reading rejects at the end and after the time, with what there was", async () => {
  await using server = await openRecordingServer({
    script: async (connection) => {
      connection.send("abc");
      await connection.receiveUntil("!");
      connection.end();
    },
  });
  await using client = await connectRaw(server.port);
  assert.equal(await client.receiveBytes(2), "ab");
  await client.receiveUntil(/(?=c)/);
  await assert.rejects(client.receiveUntil("x", 10), /no x within 10 ms; unread: "c"/);
  client.send("!");
  await assert.rejects(client.receiveUntil("x"), /connection ended before x; unread: "c"/);
});

test("a server without connections passes the leak check, one with a connection does not", async () => {
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as net.AddressInfo;
  const accepted = new Promise((resolve) => server.once("connection", resolve));
  const client = await connectRaw(port);
  await accepted;
  await assert.rejects(assertNoOpenConnections(server, 20), /1 connection still open after 20 ms/);
  await client.close();
  await assertNoOpenConnections(server);
  await new Promise((resolve) => server.close(resolve));
});
