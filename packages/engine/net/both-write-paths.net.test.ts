import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import net from "node:net";
import { test } from "node:test";
import { becomesTrue, connectRaw } from "@heddle/testkit";
import { Connection, openAcceptSocket, usesRawWrites } from "./index.ts";
import type { AcceptedSocket, ConnectionEvents } from "./index.ts";

const isFallback = process.env.HEDDLE_RAW_WRITES === "0";

interface Served {
  connection: Connection;
  seen: string[];
}

/** Accepts connections that do what `onBytes` says, and keeps account of their events. */
async function serve(onBytes: (connection: Connection, text: string) => void) {
  const served: Served[] = [];
  const accept = ({ connection }: AcceptedSocket): ConnectionEvents => {
    const seen: string[] = [];
    served.push({ connection, seen });
    return {
      onBytes: (bytes, length) => onBytes(connection, bytes.toString("latin1", 0, length)),
      onEnd: () => seen.push("end"),
      onDrain: () => seen.push("drain"),
      onClosed: (error) => seen.push(error === null ? "closed" : "broken"),
    };
  };
  const socket = await openAcceptSocket({
    address: "127.0.0.1",
    port: 0,
    reusePort: false,
    descriptors: [],
    backlog: 16,
    highWaterBytes: 32_768,
    tls: null,
    proxyHeader: null,
    admit: () => true,
    accept,
  });
  return { port: socket.port, served, [Symbol.asyncDispose]: async () => socket.close() };
}

test("the write path is the one that was asked for", () => {
  assert.equal(usesRawWrites(), !isFallback);
});

test("text, small and large chunks leave in their order, whole", async () => {
  const large = randomBytes(3_000_000);
  await using server = await serve((connection) => {
    connection.writeText("head\r\n");
    connection.writeBytes(Buffer.from("small"));
    connection.writeBytes(large);
    connection.writeText("tail");
    connection.flush();
    connection.end();
  });
  await using client = await connectRaw(server.port);
  client.send("go");
  client.end();
  const text = await client.receiveToEnd();
  const expected = Buffer.concat([Buffer.from("head\r\nsmall"), large, Buffer.from("tail")]);
  const hash = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");
  assert.equal(hash(Buffer.from(text, "latin1")), hash(expected));
  assert.equal(await client.closed, "end");
});

test("flush says when too much waits, and onDrain follows once it is gone", async () => {
  const flushed: boolean[] = [];
  await using server = await serve((connection) => {
    connection.writeBytes(Buffer.alloc(8_000_000));
    flushed.push(connection.flush());
  });
  await using client = await connectRaw(server.port);
  client.socket.pause();
  client.send("go");
  await once(client.socket, "readable").catch(() => {});
  client.socket.resume();
  await client.receiveBytes(8_000_000);
  assert.deepEqual(flushed, [false]);
  const { connection, seen } = server.served[0];
  assert.ok(await becomesTrue(() => connection.pendingBytes === 0, 20_000));
  assert.deepEqual(seen, ["drain"]);
});

test("what a callback's bytes become after it does not reach the peer: chunks are copied", async () => {
  await using server = await serve((connection) => {
    const chunk = Buffer.alloc(100_000, "a");
    connection.writeBytes(chunk);
    chunk.fill("b");
    connection.flush();
  });
  await using client = await connectRaw(server.port);
  client.send("go");
  assert.equal(await client.receiveBytes(100_000), "a".repeat(100_000));
});

test("a long chunk does not wait for the flush, and leaves behind what was gathered and before what comes after", async () => {
  for (const text of ["", "head ", "x".repeat(20_000)]) {
    await using server = await serve((connection) => {
      const chunk = Buffer.alloc(50_000, "a");
      connection.writeText(text);
      connection.writeBytes(chunk, " after");
      chunk.fill("b");
      // What is more than a piece waits for it as ever.
      if (isFallback || text.length > 16_384) connection.flush();
    });
    await using client = await connectRaw(server.port);
    client.send("go");
    const expected = `${text}${"a".repeat(50_000)} after`;
    assert.equal(await client.receiveBytes(expected.length), expected);
    const { connection } = server.served[0];
    assert.equal(connection.pendingBytes, 0);
    assert.equal(connection.bytesWritten, expected.length);
  }
});

test("what the kernel does not take of long chunks waits, in its order", async () => {
  const sent = createHash("sha256");
  let bytes = 0;
  await using server = await serve((connection) => {
    for (let at = 0; at < 200; at++) {
      const chunk = randomBytes(20_000 + 1_000 * at);
      const [before, after] = [`${at}:`, at % 3 === 0 ? "\r\n" : ""];
      for (const piece of [before, chunk, after]) {
        sent.update(piece, "latin1");
        bytes += piece.length;
      }
      connection.writeText(before);
      connection.writeBytes(chunk, after);
      chunk.fill(0);
      if (at % 5 === 0) connection.flush();
    }
    connection.flush();
  });
  await using client = await connectRaw(server.port);
  client.socket.pause();
  client.send("go");
  assert.ok(await becomesTrue(() => bytes > 0, 20_000));
  const { connection } = server.served[0];
  assert.ok(connection.pendingBytes > 0);
  client.socket.resume();
  const text = await client.receiveBytes(bytes);
  const hash = createHash("sha256").update(text, "latin1").digest("hex");
  assert.equal(hash, sent.digest("hex"));
  assert.equal(connection.bytesWritten, bytes);
});

test("destroy with a reset is a reset, without one an end", async () => {
  for (const isReset of [true, false]) {
    await using server = await serve((connection) => connection.destroy(isReset));
    const socket = net.connect({ port: server.port, host: "127.0.0.1" });
    const result = Promise.race([
      once(socket, "error").then(([error]) => (error as NodeJS.ErrnoException).code),
      once(socket, "end").then(() => "end"),
    ]);
    socket.resume();
    socket.write("go");
    assert.equal(await result, isReset ? "ECONNRESET" : "end");
    assert.deepEqual(server.served[0].seen, ["closed"]);
    socket.destroy();
  }
});

test("a peer that is gone is told once, and writes after it are dropped", async () => {
  await using server = await serve((connection) => {
    connection.writeText("x".repeat(100_000));
    connection.flush();
  });
  const client = await connectRaw(server.port);
  client.send("go");
  await client.receiveBytes(10);
  client.reset();
  const { connection, seen } = server.served[0];
  assert.ok(await becomesTrue(() => seen.includes("broken"), 20_000));
  const before = seen.length;
  connection.writeText("more");
  assert.equal(connection.flush(), true);
  connection.end();
  connection.destroy();
  assert.equal(seen.length, before);
  await client.closed;
});

test("a side that has ended still hears the other, and with the second end the connection is closed", async () => {
  let text = "";
  await using server = await serve((connection, more) => {
    text += more;
    connection.end();
  });
  await using client = await connectRaw(server.port);
  client.send("one");
  assert.ok(await becomesTrue(() => client.hasEnded, 20_000));
  client.send("two");
  assert.ok(await becomesTrue(() => text === "onetwo", 20_000));
  const { connection, seen } = server.served[0];
  assert.deepEqual(seen, []);
  client.end();
  assert.equal(await client.closed, "end");
  assert.ok(await becomesTrue(() => connection.isClosed, 20_000));
  assert.deepEqual(seen, ["end", "closed"]);
});

test("a close sends all of it, and waits for nothing of the peer", async () => {
  for (const bytes of [10, 3_000_000]) {
    await using server = await serve((connection) => {
      connection.writeText("x".repeat(bytes));
      connection.close();
    });
    await using client = await connectRaw(server.port);
    client.send("go");
    await client.receiveBytes(bytes);
    assert.ok(await becomesTrue(() => client.hasEnded, 20_000));
    const { connection, seen } = server.served[0];
    assert.ok(await becomesTrue(() => connection.isClosed, 20_000));
    assert.deepEqual(seen, ["closed"]);
  }
});

test("an end that comes while reading is paused is told when reading goes on", async () => {
  await using server = await serve((connection) => connection.pauseReading());
  await using client = await connectRaw(server.port);
  client.send("go");
  client.end();
  assert.ok(await becomesTrue(() => server.served[0]?.connection.bytesRead === 2, 20_000));
  const { connection, seen } = server.served[0];
  assert.equal(seen.length, 0);
  connection.resumeReading();
  assert.ok(await becomesTrue(() => seen.includes("end"), 20_000));
  connection.end();
  assert.equal(await client.closed, "end");
});

test("all of this holds on the fallback writer too", { skip: isFallback }, async () => {
  const child = spawn(process.execPath, ["--test", import.meta.filename], {
    env: { ...process.env, HEDDLE_RAW_WRITES: "0", NODE_TEST_CONTEXT: undefined },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  child.stdout.on("data", (text: Buffer) => (output += text.toString()));
  const [code] = (await once(child, "exit")) as [number];
  assert.equal(code, 0, output);
});
