import assert from "node:assert/strict";
import { once } from "node:events";
import net from "node:net";
import { test } from "node:test";
import { ListeningSockets } from "./listening-sockets.ts";
import { socketOf } from "./tcp-handle.ts";

const CLIENTS = 200;

const place = { address: "127.0.0.1", port: 0, reusePort: false, backlog: 4_096, descriptors: [] };

/** "end" for a client that was answered, else its error. */
async function outcome(socket: net.Socket): Promise<string> {
  let text = "";
  socket.on("data", (bytes: Buffer) => (text += bytes.toString()));
  try {
    await once(socket, "end");
    return text;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? "";
  }
}

test("what waits in the queue of a socket is accepted before it is closed, and nothing is reset", async () => {
  const sockets = await ListeningSockets.open(place, (accepted) => socketOf(accepted).end("hello"));
  // The system has shaken hands with all of them when the last of these calls returns; none is accepted.
  const clients = Array.from({ length: CLIENTS }, () => net.connect(sockets.port, "127.0.0.1"));
  const outcomes = clients.map(outcome);
  await sockets.closeEmptied();
  assert.deepEqual(new Set(await Promise.all(outcomes)), new Set(["hello"]));
  const [error] = (await once(net.connect(sockets.port, "127.0.0.1"), "error")) as [NodeJS.ErrnoException];
  assert.equal(error.code, "ECONNREFUSED");
  for (const client of clients) client.destroy();
});
