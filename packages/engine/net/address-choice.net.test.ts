import assert from "node:assert/strict";
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

function open(port: number, choice: AddressChoice): Promise<"open" | "failed"> {
  const { promise, resolve } = Promise.withResolvers<"open" | "failed">();
  const events: DialEvents = {
    onOpen: () => resolve("open"),
    onDialFailed: () => resolve("failed"),
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
  assert.equal(await open(port, choice), "failed");
  assert.deepEqual(choice.order, ["::1", "127.0.0.1"]);
});
