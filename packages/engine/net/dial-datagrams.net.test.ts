import assert from "node:assert/strict";
import dgram from "node:dgram";
import { once } from "node:events";
import { test } from "node:test";
import { becomesTrue } from "@heddle/testkit";
import { dialDatagrams } from "./dial-datagrams.ts";
import type { Lookup } from "./dial-datagrams.ts";

/** Sends back what it gets, with its family before it. */
async function openEcho(address: string): Promise<dgram.Socket> {
  const server = dgram.createSocket(address.includes(":") ? "udp6" : "udp4");
  server.on("message", (bytes, from) => server.send(`${address} ${String(bytes)}`, from.port, from.address));
  server.bind(0, address);
  await once(server, "listening");
  return server;
}

function dialNames(port: number, addresses: readonly string[]) {
  const got: string[] = [];
  const failed: Error[] = [];
  const lookup: Lookup = (_name, done) =>
    setImmediate(() => done(addresses.length === 0 ? new Error("no such name") : null, addresses));
  const socket = dialDatagrams(
    "db.test",
    port,
    { onDatagram: (bytes) => got.push(String(bytes)), onFailed: (error) => failed.push(error) },
    lookup,
  );
  return { socket, got, failed };
}

test("a name's IPv6 address is as good as its IPv4 address", async () => {
  for (const address of ["::1", "127.0.0.1"]) {
    const server = await openEcho(address);
    const { socket, got } = dialNames(server.address().port, [address]);
    socket.send(Buffer.from("hello"));
    assert.ok(await becomesTrue(() => got.length === 1, 20_000));
    assert.deepEqual(got, [`${address} hello`]);
    socket.close();
    server.close();
  }
});

test("an address that refuses, or cannot be sent to, gives way to the next, which gets what was sent", async () => {
  for (const first of ["::1", "255.255.255.255"]) {
    const server = await openEcho("127.0.0.1");
    const { socket, got, failed } = dialNames(server.address().port, [first, "127.0.0.1"]);
    socket.send(Buffer.from("one"));
    socket.send(Buffer.from("two"));
    assert.ok(await becomesTrue(() => got.length === 2, 20_000), first);
    assert.deepEqual(got.toSorted(), ["127.0.0.1 one", "127.0.0.1 two"]);
    assert.equal(failed.length, 0);
    socket.close();
    server.close();
  }
});

test("where no address takes them the owner is told, once", async () => {
  const server = await openEcho("127.0.0.1");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  const { socket, failed } = dialNames(port, ["::1", "127.0.0.1"]);
  socket.send(Buffer.from("hello"));
  assert.ok(await becomesTrue(() => failed.length > 0, 20_000));
  socket.send(Buffer.from("into the void"));
  assert.equal((failed[0] as NodeJS.ErrnoException).code, "ECONNREFUSED");
  assert.equal(failed.length, 1);
});

test("a name that does not resolve is told to the owner, and ends nothing else", async () => {
  const { socket, failed } = dialNames(9, []);
  socket.send(Buffer.from("hello"));
  assert.ok(await becomesTrue(() => failed.length > 0, 20_000));
  assert.match(failed[0].message, /no such name/);
});

test("one that was closed meanwhile sends nothing and tells nothing", async () => {
  const server = await openEcho("127.0.0.1");
  const seen: string[] = [];
  server.on("message", (bytes) => seen.push(String(bytes)));
  const { socket, got, failed } = dialNames(server.address().port, ["127.0.0.1"]);
  socket.send(Buffer.from("hello"));
  socket.close();
  const other = dialNames(server.address().port, ["127.0.0.1"]);
  other.socket.send(Buffer.from("other"));
  assert.ok(await becomesTrue(() => other.got.length === 1, 20_000));
  assert.deepEqual([seen, got, failed], [["other"], [], []]);
  other.socket.close();
  server.close();
});
