import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import net from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { bindDatagrams } from "./datagrams.ts";
import { DescriptorChannel } from "./descriptor-channel.ts";
import { dialDatagrams } from "./dial-datagrams.ts";
import { ListeningSockets } from "./listening-sockets.ts";
import { socketOf } from "./tcp-handle.ts";

const place = { address: "127.0.0.1", port: 0, reusePort: false, backlog: 16, descriptors: [] };

/** Two ends of a channel. */
async function openPair() {
  const folder = mkdtempSync(path.join(tmpdir(), "heddle-channel-"));
  const file = path.join(folder, "c.sock");
  const server = net.createServer({ pauseOnConnect: true });
  server.listen(file);
  await once(server, "listening");
  const accepted = once(server, "connection") as Promise<[net.Socket]>;
  const near = await DescriptorChannel.connect(file);
  const [socket] = await accepted;
  const far = DescriptorChannel.over(socket);
  return {
    near,
    far,
    [Symbol.dispose]() {
      near.close();
      far.close();
      // It counts the accepted socket as open, whose handle it has no more.
      server.close();
      rmSync(folder, { recursive: true });
    },
  };
}

async function greeting(port: number): Promise<string> {
  const [bytes] = (await once(net.connect(port, "127.0.0.1"), "data")) as [Buffer];
  return bytes.toString();
}

test("messages go both ways, in order, whatever is in them and however long they are", async () => {
  using pair = await openPair();
  const long = "ü\n".repeat(300_000);
  pair.near.send({ long });
  pair.near.send({ second: true });
  assert.deepEqual((await pair.far.receive(5_000)).message, { long });
  assert.deepEqual(await pair.far.receive(5_000), { message: { second: true }, passed: null });
  pair.far.send({ back: 1 });
  assert.deepEqual((await pair.near.receive(5_000)).message, { back: 1 });
});

test("a listening socket is passed: whoever has it accepts, and it outlives the one that opened it", async () => {
  using pair = await openPair();
  const old = await ListeningSockets.open(place, (accepted) => socketOf(accepted).end("old"));
  assert.ok(pair.near.send({}, { kind: "tcp", descriptor: old.descriptors[0]! }));
  const { passed } = await pair.far.receive(5_000);
  old.close();
  const waiting = greeting(old.port);
  const young = await ListeningSockets.open({ ...place, descriptors: [passed!.descriptor] }, (accepted) =>
    socketOf(accepted).end("young"),
  );
  assert.equal(young.port, old.port);
  assert.equal(await waiting, "young");
  young.close();
});

test("a passed socket that nobody wants is closed, and with the last of them the port", async () => {
  using pair = await openPair();
  const old = await ListeningSockets.open(place, () => {});
  pair.near.send({}, { kind: "tcp", descriptor: old.descriptors[0]! });
  const { passed } = await pair.far.receive(5_000);
  passed!.close();
  old.close();
  const [error] = (await once(net.connect(old.port, "127.0.0.1"), "error")) as [NodeJS.ErrnoException];
  assert.equal(error.code, "ECONNREFUSED");
});

test("a UDP socket is passed: the old one answers yet, the new one reads", async () => {
  using pair = await openPair();
  const from: string[] = [];
  const failed = (): void => assert.fail();
  const bound = { address: "127.0.0.1", port: 0, descriptor: null };
  const old = await bindDatagrams(bound, { onDatagram: () => from.push("old"), onFailed: failed });
  const { port } = old;
  pair.near.send({}, { kind: "udp", descriptor: old.descriptor });
  const { passed } = await pair.far.receive(5_000);
  old.stopReceiving();
  const { promise: read, resolve } = Promise.withResolvers<number>();
  const young = await bindDatagrams(
    { ...bound, descriptor: passed!.descriptor },
    {
      onDatagram(_bytes, _address, clientPort) {
        from.push("young");
        resolve(clientPort);
      },
      onFailed: failed,
    },
  );
  const { promise: answered, resolve: answer } = Promise.withResolvers<string>();
  const client = dialDatagrams("127.0.0.1", port, {
    onDatagram: (bytes) => answer(bytes.toString()),
    onFailed: failed,
  });
  client.send(Buffer.from("ping"));
  old.sendTo(Buffer.from("from the old"), await read, "127.0.0.1");
  assert.equal(await answered, "from the old");
  assert.deepEqual(from, ["young"]);
  for (const socket of [client, old, young]) socket.close();
});

test("the end of the other side, and silence, are errors for who waits", async () => {
  using pair = await openPair();
  await assert.rejects(pair.far.receive(20), /no word for 20 ms/);
  await assert.rejects(pair.near.receive(5_000), /has ended the connection/);
});

test("a descriptor that is no socket is not lent", async () => {
  using pair = await openPair();
  assert.equal(pair.near.send({}, { kind: "tcp", descriptor: 9_999 }), false);
});
