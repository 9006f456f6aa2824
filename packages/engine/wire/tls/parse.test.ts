import assert from "node:assert/strict";
import { once } from "node:events";
import net from "node:net";
import { before, test } from "node:test";
import tls from "node:tls";
import { MAX_CLIENT_HELLO_BYTES, parseClientHello } from "./index.ts";

/** What OpenSSL sends. */
async function helloOf(options: tls.ConnectionOptions): Promise<Buffer> {
  const server = net.createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as net.AddressInfo;
  const client = tls.connect({ host: "127.0.0.1", port, ...options });
  client.on("error", () => {});
  const [socket] = (await once(server, "connection")) as [net.Socket];
  const [bytes] = (await once(socket, "data")) as [Buffer];
  socket.destroy();
  client.destroy();
  server.close();
  return bytes;
}

let hello: Buffer;
before(async () => {
  hello = await helloOf({ servername: "Shop.Example", ALPNProtocols: ["h2", "http/1.1"] });
});

test("server name and protocols of a client, and none where it sends none", async () => {
  assert.deepEqual(parseClientHello(hello), { serverName: "shop.example", alpn: ["h2", "http/1.1"] });
  assert.deepEqual(parseClientHello(await helloOf({})), { serverName: "", alpn: [] });
  const old = await helloOf({ servername: "a.test", maxVersion: "TLSv1.2", ALPNProtocols: ["acme-tls/1"] });
  assert.deepEqual(parseClientHello(old), { serverName: "a.test", alpn: ["acme-tls/1"] });
});

test("every part of it is partial, and what follows it does not matter", () => {
  for (let end = 0; end < hello.length; end++) {
    assert.equal(parseClientHello(hello.subarray(0, end)), "partial", `${end} of ${hello.length}`);
  }
  assert.deepEqual(parseClientHello(Buffer.concat([hello, Buffer.from("more")])), parseClientHello(hello));
});

/** The same message in records of that many octets. */
function inRecords(size: number): Buffer {
  const message = hello.subarray(5);
  const records: Buffer[] = [];
  for (let at = 0; at < message.length; at += size) {
    const part = message.subarray(at, at + size);
    records.push(Buffer.from([22, 3, 1, part.length >> 8, part.length & 255]), part);
  }
  return Buffer.concat(records);
}

test("RFC 8446 section 5.1: a message may be spread over records", () => {
  for (const size of [1, 2, 3, 5, 100, 511]) {
    const bytes = inRecords(size);
    assert.deepEqual(parseClientHello(bytes), parseClientHello(hello), `records of ${size}`);
    assert.equal(parseClientHello(bytes.subarray(0, -1)), "partial");
  }
});

const changed = (change: (bytes: Buffer) => void): Buffer => {
  const bytes = Buffer.from(hello);
  change(bytes);
  return bytes;
};
const malformed: [what: string, make: () => Buffer][] = [
  ["plain HTTP", () => Buffer.from("GET / HTTP/1.1\r\n\r\n")],
  ["one byte of something else", () => Buffer.from([0x80])],
  ["an alert", () => Buffer.from([21, 3, 1, 0, 2, 2, 40])],
  ["a ServerHello", () => changed((bytes) => (bytes[5] = 2))],
  ["an empty record", () => Buffer.from([22, 3, 1, 0, 0])],
  ["a record longer than the limit", () => Buffer.from([22, 3, 1, 0xff, 0xff])],
  ["a message longer than the limit", () => Buffer.from([22, 3, 1, 0, 4, 1, 0x10, 0, 0])],
  ["a session id longer than the message", () => changed((bytes) => (bytes[5 + 4 + 34] = 255))],
];
for (const [what, make] of malformed) {
  test(`malformed: ${what}`, () => assert.equal(parseClientHello(make()), "malformed"));
}

test("records of one octet each end at the limit", () => {
  const endless = Buffer.concat(
    Array.from({ length: MAX_CLIENT_HELLO_BYTES / 4 }, (_, at) =>
      Buffer.from([22, 3, 1, 0, 1, at === 0 ? 1 : 0x3f]),
    ),
  );
  assert.equal(parseClientHello(endless), "malformed");
});

test("no bytes make it throw", () => {
  let seed = 5;
  for (let round = 0; round < 20_000; round++) {
    const bytes = Buffer.from(hello);
    for (let flips = 0; flips < 3; flips++) {
      seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
      bytes[5 + (seed % (bytes.length - 5))] = (seed >>> 16) & 255;
    }
    parseClientHello(bytes);
  }
});
