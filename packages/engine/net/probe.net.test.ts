import assert from "node:assert/strict";
import { once } from "node:events";
import net from "node:net";
import { describe, test } from "node:test";
import { Worker } from "node:worker_threads";
import { findFreePorts, listenOnFreePort } from "@heddle/testkit";
import { pipeBinding } from "./pipe-binding.ts";
import { probeAddress } from "./probe.ts";

/** Asks for connections in a thread of its own, and says after each message how many it was given. */
const askingClient = (port: number): string => `
const net = require("node:net");
const { parentPort } = require("node:worker_threads");
let asked = 0, taken = 0;
const ask = () => {
  asked++;
  if (asked === 2) parentPort.postMessage("asks");
  const socket = net.connect(${port}, "127.0.0.1");
  socket.once("connect", () => { taken++; socket.destroy(); });
  socket.once("error", () => {});
  socket.once("close", ask);
};
ask();
parentPort.on("message", () => parentPort.postMessage(taken));
`;

describe("probeAddress", () => {
  test("a port that somebody listens on is in use, on any address that holds it", async () => {
    const server = net.createServer();
    const port = await listenOnFreePort(server);
    assert.equal(await probeAddress("127.0.0.1", port), "EADDRINUSE");
    assert.equal(await probeAddress("0.0.0.0", port), "EADDRINUSE");
    assert.equal(await probeAddress("::", port), "EADDRINUSE");
    server.close();
    await once(server, "close");
    assert.equal(await probeAddress("127.0.0.1", port), null);
    assert.equal(await probeAddress("::", port), null);
  });

  test("a port that is shared with whoever asks to share it is in use", async () => {
    const server = net.createServer();
    server.listen({ host: "127.0.0.1", port: 0, reusePort: true });
    await once(server, "listening");
    const { port } = server.address() as net.AddressInfo;
    assert.equal(await probeAddress("127.0.0.1", port), "EADDRINUSE");
    server.close();
  });

  test("an address of nobody here is told", async () => {
    const [port = 0] = await findFreePorts(1);
    assert.equal(await probeAddress("203.0.113.1", port), "EADDRNOTAVAIL");
    assert.equal(await probeAddress("2001:db8::1", port), "EADDRNOTAVAIL");
  });

  test("no client is taken meanwhile, who would be answered by nobody", async (t) => {
    assert.notEqual(pipeBinding, null, "the Node that is pinned has what it takes");
    const [port = 0] = await findFreePorts(1);
    const client = new Worker(askingClient(port), { eval: true });
    t.after(() => client.terminate());
    await once(client, "message");
    for (let round = 0; round < 4_000; round++) {
      assert.equal(await probeAddress("127.0.0.1", port), null);
      await new Promise(setImmediate);
    }
    client.postMessage("how many?");
    assert.deepEqual(await once(client, "message"), [0]);
  });
});
