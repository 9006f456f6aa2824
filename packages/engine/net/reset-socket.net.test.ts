import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import net from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import tls from "node:tls";
import { makeCertificateAuthority, watchForLeaks } from "@heddle/testkit";
import { resetSocket } from "./reset-socket.ts";

/** How a peer hears of the end: "end" for FIN, or the error's code. */
function heardBy(socket: net.Socket): Promise<string> {
  return new Promise((resolve) => {
    socket.on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? "error"));
    socket.on("end", () => resolve("end"));
    socket.resume();
  });
}

/** Resets the first accepted socket, and returns what its peer hears once the reset socket has closed. */
async function resetOne(
  server: net.Server,
  event: string,
  peer: net.Socket,
  before: (accepted: net.Socket) => void = () => {},
): Promise<string> {
  const heard = heardBy(peer);
  const [accepted] = (await once(server, event)) as [net.Socket];
  accepted.on("error", () => {});
  const closed = once(accepted, "close");
  before(accepted);
  resetSocket(accepted);
  await closed;
  const result = await heard;
  peer.destroy();
  server.close();
  return result;
}

test("TCP and TLS peers hear a reset, and nothing is left behind", async () => {
  const assertNothingLeft = watchForLeaks();
  const plain = net.createServer().listen(0, "127.0.0.1");
  await once(plain, "listening");
  const port = (plain.address() as net.AddressInfo).port;
  assert.equal(await resetOne(plain, "connection", net.connect(port, "127.0.0.1")), "ECONNRESET");

  const ca = await makeCertificateAuthority();
  const secure = tls.createServer(await ca.issue({ names: ["a.test"] })).listen(0, "127.0.0.1");
  await once(secure, "listening");
  const securePort = (secure.address() as net.AddressInfo).port;
  const peer = tls.connect({ host: "127.0.0.1", port: securePort, ca: ca.cert, servername: "a.test" });
  assert.equal(await resetOne(secure, "secureConnection", peer), "ECONNRESET");
  await assertNothingLeft();
});

test("a socket whose end is on its way does not stay open for ever, nor lose what it wrote", async () => {
  const assertNothingLeft = watchForLeaks();
  const plain = net.createServer({ allowHalfOpen: true }).listen(0, "127.0.0.1");
  await once(plain, "listening");
  const peer = net.connect((plain.address() as net.AddressInfo).port, "127.0.0.1");
  let received = "";
  peer.on("data", (bytes: Buffer) => (received += bytes.toString()));
  assert.equal(await resetOne(plain, "connection", peer, (accepted) => accepted.end("all")), "end");
  assert.equal(received, "all");

  const ca = await makeCertificateAuthority();
  const secure = tls.createServer({ ...(await ca.issue({ names: ["a.test"] })), allowHalfOpen: true });
  await once(secure.listen(0, "127.0.0.1"), "listening");
  const securePort = (secure.address() as net.AddressInfo).port;
  const securePeer = tls.connect({
    host: "127.0.0.1",
    port: securePort,
    ca: ca.cert,
    servername: "a.test",
  });
  await resetOne(secure, "secureConnection", securePeer, (accepted) => accepted.end());
  await assertNothingLeft();
});

test("a unix socket knows no reset and is closed", async () => {
  const folder = await mkdtemp(path.join(tmpdir(), "heddle-"));
  const address = path.join(folder, "s");
  const server = net.createServer().listen(address);
  await once(server, "listening");
  assert.equal(await resetOne(server, "connection", net.connect(address)), "end");
  await rm(folder, { recursive: true });
});
