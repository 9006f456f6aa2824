import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import net from "node:net";
import { test } from "node:test";
import { AddressChoice } from "./address-choice.ts";
import { dial } from "./dial.ts";
import type { DialEvents } from "./dial.ts";

test("IPv6 is tried first, and what served last before all, until nothing can be reached", () => {
  const choice = new AddressChoice(["10.0.0.1", "2001:db8::1"]);
  assert.deepEqual(choice.order, ["2001:db8::1", "10.0.0.1"]);
  choice.opened("10.0.0.1");
  assert.deepEqual(choice.order, ["10.0.0.1", "2001:db8::1"]);
  choice.failed();
  assert.deepEqual(choice.order, ["2001:db8::1", "10.0.0.1"]);
});

/** A port of ::1 to which connections are not answered: its process stands still, and its queue is full. */
async function openBlackHole() {
  const script =
    'const s = require("net").createServer(); s.listen({ host: "::1", port: 0, backlog: 1 }, () => console.log(s.address().port))';
  const child = spawn(process.execPath, ["-e", script], { stdio: ["ignore", "pipe", "inherit"] });
  const [port] = (await once(child.stdout, "data")) as [Buffer];
  child.kill("SIGSTOP");
  const fill = Array.from({ length: 6 }, () => net.connect(Number(port), "::1").on("error", () => {}));
  await once(fill[0], "connect");
  return {
    port: Number(port),
    [Symbol.dispose]() {
      for (const socket of fill) socket.destroy();
      child.kill("SIGKILL");
    },
  };
}

function open(port: number, choice: AddressChoice): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const events: DialEvents = {
    onOpen: () => resolve("open"),
    onDialFailed: ({ error }) => resolve(`failed: ${error.message}`),
    onBytes() {},
    onEnd() {},
    onDrain() {},
    onClosed() {},
  };
  const options = { address: "2001:db8::1", port, choice, connectTimeoutMs: 5_000, highWaterBytes: 65_536 };
  const connection = dial({ ...options, header: "", tls: null }, events);
  return promise.finally(() => connection.destroy());
}

test("an endpoint whose IPv6 address cannot be reached is reached by IPv4", async () => {
  const server = net.createServer((socket) => socket.destroy()).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as net.AddressInfo;
  const choice = new AddressChoice(["::1", "127.0.0.1"]);
  assert.equal(await open(port, choice), "open");
  assert.deepEqual(choice.order, ["127.0.0.1", "::1"]);
  server.close();
  await once(server, "close");
  assert.match(
    await open(port, choice),
    /^failed: connect ECONNREFUSED 127\.0\.0\.1:\d+, connect ECONNREFUSED ::1:\d+$/,
  );
  assert.deepEqual(choice.order, ["::1", "127.0.0.1"]);
});

const isLinux = process.platform === "linux";

test("an IPv6 address that says nothing is given a quarter of a second", { skip: !isLinux }, async () => {
  using hole = await openBlackHole();
  const server = net.createServer((socket) => socket.destroy()).listen(hole.port, "127.0.0.1");
  await once(server, "listening");
  const choice = new AddressChoice(["::1", "127.0.0.1"]);
  const startMs = performance.now();
  assert.equal(await open(hole.port, choice), "open");
  const tookMs = performance.now() - startMs;
  assert.ok(tookMs > 240 && tookMs < 20_000, `${tookMs} ms`);
  assert.deepEqual(choice.order, ["127.0.0.1", "::1"]);
  const againMs: number[] = [];
  for (let i = 0; i < 5; i++) {
    const fromMs = performance.now();
    assert.equal(await open(hole.port, choice), "open");
    againMs.push(performance.now() - fromMs);
  }
  assert.ok(Math.min(...againMs) < 240, "what served goes first");
  server.close();
  await once(server, "close");
});
