import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import tls from "node:tls";
import { connectRaw, makeCertificateAuthority } from "@heddle/testkit";
import { openAcceptSocket } from "./index.ts";
import type { Connection } from "./index.ts";

const ca = await makeCertificateAuthority();
const context = tls.createSecureContext(await ca.issue({ names: ["a.test"] }));

/** A TLS server that does what `onBytes` says, and a client of it. */
async function open(onBytes: (connection: Connection) => void) {
  const drains: number[] = [];
  const socket = await openAcceptSocket({
    address: "127.0.0.1",
    port: 0,
    reusePort: false,
    descriptors: [],
    backlog: 16,
    highWaterBytes: 32_768,
    tls: {
      contextFor: () => context,
      baseContext: () => context,
      takesVersion: () => true,
      alpnFor: () => [],
      challengeFor: null,
      clientValidation: null,
      passes: null,
      handshakeTimeoutMs: 5_000,
      maxHandshakes: 10,
      onHandshakeDone: () => {},
      onHandshakeRefused: () => {},
    },
    proxyHeader: null,
    admit: () => true,
    accept: ({ connection }) => ({
      onBytes: () => onBytes(connection),
      onEnd: () => connection.destroy(),
      onDrain: () => drains.push(connection.pendingBytes),
      onClosed: () => {},
    }),
  });
  const client = await connectRaw(socket.port, { tls: { ca: ca.cert, servername: "a.test" } });
  return {
    client,
    drains,
    [Symbol.asyncDispose]: async () => {
      await client[Symbol.asyncDispose]();
      socket.close();
    },
  };
}

test("several flushes of a TLS connection in one turn leave in their order, and end no process", async () => {
  await using server = await open((connection) => {
    for (const text of ["one ", "two ", "three ", "four"]) {
      connection.writeText(text);
      assert.equal(connection.flush(), true);
    }
  });
  server.client.send("go");
  assert.equal(await server.client.receiveBytes(18), "one two three four");
});

test("what is gathered while TLS writes counts for the high-water mark, and leaves before the end", async () => {
  const large = randomBytes(300_000);
  const flushed: boolean[] = [];
  await using server = await open((connection) => {
    connection.writeText("head ");
    flushed.push(connection.flush());
    connection.writeBytes(large);
    flushed.push(connection.flush());
    connection.writeText(" tail");
    connection.end();
  });
  server.client.send("go");
  const text = await server.client.receiveToEnd();
  assert.equal(text, `head ${large.toString("latin1")} tail`);
  assert.deepEqual(flushed, [true, false]);
});
