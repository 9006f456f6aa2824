import assert from "node:assert/strict";
import { once } from "node:events";
import net from "node:net";
import { test } from "node:test";
import tls from "node:tls";
import { connectHttp2, makeCertificateAuthority, openEchoServer } from "@heddle/testkit";
import { Gateway, get, refuses, unitsOf } from "./gateway.suite.ts";

const CLIENTS = 50;

/** The status line of what a client is answered, or its error. */
async function statusOf(socket: net.Socket): Promise<string> {
  let text = "";
  socket.on("data", (bytes: Buffer) => (text += bytes.toString("latin1")));
  socket.write(get("/"));
  try {
    await once(socket, "end");
    socket.end();
    return `${text.slice(0, 12)} ${/\r\nconnection: close\r\n/i.test(text) ? "close" : "kept"}`;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? "";
  }
}

/** The system has shaken hands with them, and nobody has accepted one. */
function connectAll(port: number): Promise<string[]> {
  const sockets = Array.from({ length: CLIENTS }, () => net.connect(port, "127.0.0.1"));
  return Promise.all(sockets.map(statusOf));
}

test("who waits to be accepted when a drain begins is answered, and told that it was the last", async () => {
  await using upstream = await openEchoServer();
  await using gateway = await Gateway.open({ endpoints: [upstream.port] });
  const outcomes = connectAll(gateway.portOf());
  const drained = gateway.engine.drain(30_000);
  assert.deepEqual(new Set(await outcomes), new Set(["HTTP/1.1 200 close"]));
  await drained;
});

test("who waits to be accepted when a listener leaves is answered, and the port is free after the change", async () => {
  await using upstream = await openEchoServer();
  const shape = { endpoints: [upstream.port] };
  await using gateway = await Gateway.open(shape);
  const port = gateway.portOf();
  const outcomes = connectAll(port);
  await gateway.apply(unitsOf(shape).filter(({ kind }) => kind !== "listener"));
  const server = net.createServer().listen({ port, host: "127.0.0.1", exclusive: true });
  await once(server, "listening");
  server.close();
  assert.deepEqual(new Set(await outcomes), new Set(["HTTP/1.1 200 close"]));
});

test("hands that are being shaken when a drain begins are shaken, and the request is answered", async () => {
  await using upstream = await openEchoServer();
  const authority = await makeCertificateAuthority();
  const { cert, key } = await authority.issue({ names: ["a.test"] });
  await using gateway = await Gateway.open({
    endpoints: [upstream.port],
    servers: [
      { id: "s", hostname: "", tls: { certificates: ["a"], minVersion: "TLSv1.2", alpn: ["http/1.1"] } },
    ],
    secrets: [{ kind: "secret", name: "a", certificatePem: cert, privateKeyPem: key, dnsNames: ["a.test"] }],
  });
  const raw = net.connect(gateway.portOf(), "127.0.0.1");
  await once(raw, "connect");
  // Its ClientHello comes when the listening socket has gone.
  const drained = gateway.engine.drain(30_000);
  await refuses(gateway.portOf());
  const socket = tls.connect({ socket: raw, ca: authority.cert, servername: "a.test" });
  assert.equal(await statusOf(socket), "HTTP/1.1 200 close");
  await drained;
});

test("a connection of HTTP/2 by prior knowledge that was just opened hears of a drain by GOAWAY", async () => {
  await using upstream = await openEchoServer();
  await using gateway = await Gateway.open({ endpoints: [upstream.port] });
  const opening = connectHttp2(gateway.portOf());
  const drained = gateway.engine.drain(30_000);
  await using client = await opening;
  const { status } = await client.request({ ":path": "/" });
  assert.equal(status, 200);
  if (client.goaways.length === 0) await once(client.session, "goaway");
  await drained;
});
