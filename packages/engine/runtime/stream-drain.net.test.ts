import assert from "node:assert/strict";
import { before, test } from "node:test";
import tls from "node:tls";
import { connectRaw, FakeClock, makeCertificateAuthority } from "@heddle/testkit";
import type { IssuedCertificate, RawConnection, TestCertificateAuthority } from "@heddle/testkit";
import type { ServerSpec } from "../model/index.ts";
import { Gateway, openSilentServer, refuses } from "./gateway.suite.ts";
import { streamUnits, TCP_SERVER } from "./stream-units.suite.ts";
import type { StreamShape } from "./stream-units.suite.ts";

let ca: TestCertificateAuthority;
let other: TestCertificateAuthority;
let own: IssuedCertificate;
let client: IssuedCertificate;

before(async () => {
  [ca, other] = await Promise.all([makeCertificateAuthority("One"), makeCertificateAuthority("Other")]);
  own = await ca.issue({ names: ["open.test"] });
  client = await ca.issue({ names: ["client.test"], use: "client" });
});

const OPEN: ServerSpec = {
  id: "default/gw/open",
  hostname: "open.test",
  tls: { certificates: ["own"], minVersion: "TLSv1.2", alpn: [] },
  stream: "opened",
};
const PASS: ServerSpec = { id: "default/gw/pass", hostname: "pass.test", tls: null, stream: "passthrough" };

const tcp = (port: number, more: Partial<StreamShape> = {}): StreamShape => ({
  protocol: "TCP",
  servers: [TCP_SERVER],
  endpoints: [port],
  ...more,
});

const tlsShape = (port: number, more: Partial<StreamShape> = {}): StreamShape => ({
  protocol: "HTTPS",
  servers: [OPEN, PASS],
  endpoints: [port],
  secrets: [
    {
      kind: "secret",
      name: "own",
      certificatePem: own.cert,
      privateKeyPem: own.key,
      dnsNames: ["open.test"],
    },
  ],
  ...more,
});

/** A ClientHello of that name, to be passed on by octets. */
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

const openTls = (port: number): Promise<RawConnection> =>
  connectRaw(port, { tls: { ...client, ca: ca.cert, servername: "open.test" } });

async function carries(from: RawConnection, to: RawConnection): Promise<void> {
  from.send("still here");
  await to.receiveUntil("still here");
}

/** Nobody reads behind an end: the break shows with the next octets. */
async function seesBreak(end: RawConnection): Promise<void> {
  const timer = setInterval(() => end.send("into the void"), 10);
  assert.equal(await end.closed, "reset");
  clearInterval(timer);
}

test("a change of weights, routes, limits or endpoints leaves a stream alone", async () => {
  const clock = new FakeClock();
  await using upstream = await openSilentServer();
  await using next = await openSilentServer();
  await using gateway = await Gateway.open(streamUnits(tcp(upstream.port)), { clock });
  await using stream = await gateway.connect();
  const far = await upstream.connection(0);
  await gateway.apply(streamUnits(tcp(upstream.port, { weight: 3, listener: { maxConnections: 100 } })));
  await gateway.apply(streamUnits(tcp(next.port)));
  await gateway.apply(streamUnits(tcp(next.port)).filter(({ kind }) => kind !== "stream-route"));
  clock.advance(60_000);
  await carries(stream, far);
  await carries(far, stream);
});

test("a stream whose listener has left has the grace period, and is then reset at both ends", async () => {
  const clock = new FakeClock();
  await using upstream = await openSilentServer();
  const units = streamUnits(tcp(upstream.port));
  await using gateway = await Gateway.open(units, { clock });
  await using stream = await gateway.connect();
  const far = await upstream.connection(0);
  await gateway.apply(units.filter(({ kind }) => kind !== "listener"));
  clock.advance(29_000);
  await carries(stream, far);
  clock.advance(2_000);
  assert.equal(await stream.closed, "reset");
  assert.equal(await far.closed, "reset");
});

test("of two servers of a port the streams of the one that leaves end, the other's go on", async () => {
  const clock = new FakeClock();
  await using upstream = await openSilentServer();
  await using gateway = await Gateway.open(streamUnits(tlsShape(upstream.port)), { clock });
  await using opened = await openTls(gateway.portOf());
  const far = await upstream.connection(0);
  await using passed = await gateway.connect();
  passed.send(await helloOf("pass.test"));
  const farPassed = await upstream.connection(1);
  await gateway.apply(streamUnits(tlsShape(upstream.port, { servers: [PASS] })));
  clock.advance(29_000);
  await carries(opened, far);
  clock.advance(2_000);
  await opened.closed;
  assert.equal(await far.closed, "reset");
  await carries(passed, farPassed);
  // What was passed on unopened is not what the server does now.
  await gateway.apply(
    streamUnits(tlsShape(upstream.port, { servers: [{ ...OPEN, id: PASS.id, hostname: "pass.test" }] })),
  );
  clock.advance(31_000);
  assert.equal(await passed.closed, "reset");
  assert.equal(await farPassed.closed, "reset");
});

test("streams that were let in under other rules for clients end, those that are passed on unopened do not", async () => {
  const clock = new FakeClock();
  await using upstream = await openSilentServer();
  const validation = (...pems: string[]) => ({
    clientValidation: { mode: "AllowValidOnly" as const, caPem: pems.join("\n") },
  });
  await using gateway = await Gateway.open(streamUnits(tlsShape(upstream.port, validation(ca.cert))), {
    clock,
  });
  await using opened = await openTls(gateway.portOf());
  const far = await upstream.connection(0);
  await using passed = await gateway.connect();
  passed.send(await helloOf("pass.test"));
  const farPassed = await upstream.connection(1);
  // Another authority beside the first refuses nobody who is here.
  await gateway.apply(streamUnits(tlsShape(upstream.port, validation(ca.cert, other.cert))));
  clock.advance(60_000);
  await carries(opened, far);
  await gateway.apply(streamUnits(tlsShape(upstream.port, validation(other.cert))));
  clock.advance(29_000);
  await carries(opened, far);
  clock.advance(2_000);
  assert.equal(await far.closed, "reset");
  await opened.closed;
  await carries(passed, farPassed);
});

test("a drain gives streams its time, and then resets them at both ends, half-closed ones too", async () => {
  const clock = new FakeClock();
  await using upstream = await openSilentServer();
  await using gateway = await Gateway.open(streamUnits(tcp(upstream.port)), { clock });
  const port = gateway.portOf();
  await using stream = await gateway.connect();
  const far = await upstream.connection(0);
  await using half = await gateway.connect();
  const farHalf = await upstream.connection(1);
  half.end();
  assert.equal(await farHalf.receiveToEnd(), "");
  let isDrained = false;
  const drained = gateway.engine.drain(10_000).then(() => (isDrained = true));
  await refuses(port);
  clock.advance(9_000);
  await carries(stream, far);
  await carries(farHalf, half);
  assert.equal(isDrained, false);
  clock.advance(2_000);
  await drained;
  for (const one of [stream, far, half]) assert.equal(await one.closed, "reset");
  await seesBreak(farHalf);
});

test("a drain cuts what a listener that left has yet, when its own time is up", async () => {
  const clock = new FakeClock();
  await using upstream = await openSilentServer();
  const units = streamUnits(tcp(upstream.port));
  await using gateway = await Gateway.open(units, { clock });
  await using stream = await gateway.connect();
  await upstream.connection(0);
  await gateway.apply(units.filter(({ kind }) => kind !== "listener"));
  const drained = gateway.engine.drain(1_000);
  clock.advance(1_500);
  await drained;
  assert.equal(await stream.closed, "reset");
});

test("an idle stream is reset at both ends, a half-closed one too", async () => {
  const clock = new FakeClock();
  await using upstream = await openSilentServer();
  const units = streamUnits(tcp(upstream.port, { listener: { tcpIdleMs: 5_000 } }));
  await using gateway = await Gateway.open(units, { clock });
  await using stream = await gateway.connect();
  const far = await upstream.connection(0);
  stream.send("bye");
  stream.end();
  assert.equal(await far.receiveToEnd(), "bye");
  clock.advance(4_000);
  await carries(far, stream);
  clock.advance(6_000);
  assert.equal(await stream.closed, "reset");
  await seesBreak(far);
});
