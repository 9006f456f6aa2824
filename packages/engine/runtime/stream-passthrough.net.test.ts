import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { before, test } from "node:test";
import net from "node:net";
import tls from "node:tls";
import { makeCertificateAuthority } from "@heddle/testkit";
import type { IssuedCertificate, TestCertificateAuthority } from "@heddle/testkit";
import type { ServerSpec } from "../model/index.ts";
import { Gateway, openSilentServer } from "./gateway.suite.ts";
import { streamUnits } from "./stream-units.suite.ts";

let ca: TestCertificateAuthority;
let own: IssuedCertificate;
let hello: Buffer;

before(async () => {
  ca = await makeCertificateAuthority();
  own = await ca.issue({ names: ["open.test", "pass.test"] });
  hello = await helloOf("pass.test");
});

const OPEN: ServerSpec = {
  id: "default/gw/open",
  hostname: "open.test",
  tls: { certificates: ["own"], minVersion: "TLSv1.2", alpn: [] },
  stream: "opened",
};
const PASS: ServerSpec = { id: "default/gw/pass", hostname: "pass.test", tls: null, stream: "passthrough" };

const openGateway = (port: number, highWaterBytes: number = 32_768): Promise<Gateway> =>
  Gateway.open(
    streamUnits({
      protocol: "HTTPS",
      servers: [OPEN, PASS],
      endpoints: [port],
      listener: { highWaterBytes },
      secrets: [
        {
          kind: "secret",
          name: "own",
          certificatePem: own.cert,
          privateKeyPem: own.key,
          dnsNames: ["open.test"],
        },
      ],
    }),
  );

/** What a client of that name says first. */
async function helloOf(servername: string): Promise<Buffer> {
  const upstream = await openSilentServer();
  const socket = tls.connect({ port: upstream.port, host: "127.0.0.1", servername });
  socket.on("error", () => {});
  const seen = await upstream.connection(0);
  await seen.receiveBytes(200);
  socket.destroy();
  await upstream.close();
  return seen.received;
}

test("what comes in small pieces, and what comes with the ClientHello, arrives whole and in order", async () => {
  await using upstream = await openSilentServer();
  await using gateway = await openGateway(upstream.port);
  await using client = await gateway.connect();
  const cuts = [0, 1, 3, 5, 40, 41];
  for (const [i, at] of cuts.slice(1).entries()) {
    client.send(hello.subarray(cuts[i], at));
    await new Promise((resolve) => setImmediate(resolve));
  }
  client.send(Buffer.concat([hello.subarray(41), Buffer.from("right behind")]));
  client.send("and more");
  const far = await upstream.connection(0);
  await far.receiveUntil("right behindand more");
  assert.deepEqual(far.received.subarray(0, hello.length), hello);
  far.send("answer");
  assert.equal(await client.receiveBytes(6), "answer");
});

test("an end right behind the ClientHello is passed on", async () => {
  await using upstream = await openSilentServer();
  await using gateway = await openGateway(upstream.port);
  await using client = await gateway.connect();
  client.socket.end(hello);
  const far = await upstream.connection(0);
  assert.equal((await far.receiveToEnd()).length, hello.length);
  far.send("late");
  far.end();
  assert.equal(await client.receiveToEnd(), "late");
});

test("a first chunk above the high-water mark pauses the client, and nothing of it is lost", async () => {
  await using upstream = await openSilentServer();
  await using gateway = await openGateway(upstream.port, 4_096);
  await using client = await gateway.connect();
  const body = "x".repeat(3_000_000);
  client.send(Buffer.concat([hello, Buffer.from(body)]));
  client.end();
  const far = await upstream.connection(0);
  assert.equal((await far.receiveToEnd()).length, hello.length + body.length);
});

test("much goes both ways through TLS that is passed on, and through TLS that is opened on the same port", async () => {
  const server = tls.createServer({ cert: own.cert, key: own.key }, (socket) => void socket.pipe(socket));
  const plain = net.createServer((socket) => void socket.pipe(socket));
  const sent = randomBytes(4_000_000);
  const digest = createHash("sha256").update(sent).digest("hex");
  for (const [name, backend] of [
    ["pass.test", server],
    ["open.test", plain],
  ] as const) {
    backend.listen(0, "127.0.0.1");
    await once(backend, "listening");
    await using gateway = await openGateway((backend.address() as net.AddressInfo).port);
    const socket = tls.connect({
      port: gateway.portOf(),
      host: "127.0.0.1",
      servername: name,
      ca: ca.cert,
    });
    socket.end(sent);
    const hash = createHash("sha256");
    for await (const chunk of socket) hash.update(chunk as Buffer);
    assert.equal(hash.digest("hex"), digest, name);
    backend.close();
  }
});

test("garbage in place of a ClientHello is refused", async () => {
  await using upstream = await openSilentServer();
  await using gateway = await openGateway(upstream.port);
  await using client = await gateway.connect();
  client.send("GET / HTTP/1.1\r\n\r\n");
  await client.receiveToEnd();
  await gateway.becomes("it is counted", () => gateway.refusals("tls-handshake-failed") === 1);
  assert.equal(upstream.connections.length, 0);
});
