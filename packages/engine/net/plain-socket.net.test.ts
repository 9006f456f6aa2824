import assert from "node:assert/strict";
import { once } from "node:events";
import { constants } from "node:os";
import { setImmediate as turn } from "node:timers/promises";
import { test } from "node:test";
import { connectRaw } from "@heddle/testkit";
import { ListeningSockets } from "./listening-sockets.ts";
import { PlainSocket } from "./plain-socket.ts";
import { resetSocket } from "./reset-socket.ts";
import type { Accepted, TcpHandle } from "./tcp-handle.ts";

const place = { address: "127.0.0.1", port: 0, reusePort: false, backlog: 16, descriptors: [] };
const UV_EOF = -4095;

/** A connection of which one side is a plain socket, and what its owner hears. */
async function connect() {
  const { promise, resolve } = Promise.withResolvers<Accepted>();
  const sockets = await ListeningSockets.open(place, resolve);
  const client = await connectRaw(sockets.port);
  const plain = new PlainSocket((await promise) as TcpHandle);
  const heard: string[] = [];
  const owner = {
    isClosed: false,
    onSocketEnd: () => void heard.push("end"),
    onSocketClosed(error: Error | null) {
      owner.isClosed = true;
      heard.push((error as NodeJS.ErrnoException | null)?.code ?? "closed");
    },
  };
  plain.owner = owner;
  const close = async (): Promise<void> => {
    plain.destroy();
    await client[Symbol.asyncDispose]();
    sockets.close();
  };
  return { plain, client, heard, port: sockets.port, [Symbol.asyncDispose]: close };
}

test("an end that was read while others of its reads waited, and paused it, is told when reading goes on", async () => {
  await using pair = await connect();
  pair.plain.resume();
  pair.plain.pause();
  pair.plain.readFailed(UV_EOF);
  await turn();
  assert.deepEqual(pair.heard, []);
  pair.plain.resume();
  assert.deepEqual(pair.heard, [], "not within the owner's own call");
  await turn();
  assert.deepEqual(pair.heard, ["end"]);
  pair.plain.pause();
  pair.plain.resume();
  pair.plain.readFailed(UV_EOF);
  assert.deepEqual(pair.heard, ["end"], "once");
});

test("what broke the connection is told with its code, once, in a turn of its own", async () => {
  await using pair = await connect();
  pair.plain.resume();
  pair.plain.readFailed(-constants.errno.ECONNRESET);
  assert.deepEqual(pair.heard, []);
  pair.plain.destroy();
  await turn();
  assert.deepEqual(pair.heard, ["ECONNRESET"]);
});

test("both ends are known by their addresses, also when the connection is gone", async () => {
  await using pair = await connect();
  const { plain, client, port } = pair;
  const names = (): unknown[] => [plain.remoteAddress, plain.remotePort, plain.localAddress, plain.localPort];
  const expected = ["127.0.0.1", client.socket.localPort, "127.0.0.1", port];
  assert.deepEqual(names(), expected);
  plain.destroy();
  assert.deepEqual(names(), expected);
});

test("a reset is one, and while an end is on its way the connection is closed all the same", async () => {
  for (const isEnding of [false, true]) {
    await using pair = await connect();
    if (isEnding) pair.plain.end();
    resetSocket(pair.plain);
    if (isEnding) await once(pair.client.socket, "end");
    else assert.equal(await pair.client.closed, "reset");
    assert.deepEqual(pair.heard, ["closed"]);
  }
});
