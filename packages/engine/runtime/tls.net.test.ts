import assert from "node:assert/strict";
import { once } from "node:events";
import { after, before, test } from "node:test";
import tls from "node:tls";
import { connectRaw, makeCertificateAuthority, openEchoServer } from "@heddle/testkit";
import type { EchoServer, RawConnection, TestCertificateAuthority } from "@heddle/testkit";
import type { ClusterTls, SecretUnit, ServerSpec, ServerTls, Unit } from "../model/index.ts";
import { LISTENER } from "../observe/index.ts";
import { Gateway, get, readResponse } from "./gateway.suite.ts";
import type { Shape } from "./gateway.suite.ts";

let ca: TestCertificateAuthority;
let upstream: EchoServer;
const secrets = new Map<string, SecretUnit>();

before(async () => {
  ca = await makeCertificateAuthority();
  upstream = await openEchoServer();
  for (const name of ["a.test", "*.wild.test", "default.test", "second.test"]) {
    secrets.set(name, await issue(name, name));
  }
});
after(() => upstream.close());

async function issue(secret: string, name: string): Promise<SecretUnit> {
  const { cert, key } = await ca.issue({ names: [name] });
  return { kind: "secret", name: secret, certificatePem: cert, privateKeyPem: key, dnsNames: [name] };
}

function server(
  hostname: string,
  certificates: string[],
  minVersion: ServerTls["minVersion"] = "TLSv1.2",
): ServerSpec {
  return { id: `default/gw/${hostname}`, hostname, tls: { certificates, minVersion, alpn: ["http/1.1"] } };
}

const SERVERS = [
  server("a.test", ["a.test"]),
  server("*.wild.test", ["*.wild.test"]),
  server("", ["default.test", "second.test"]),
];

const shape = (servers: readonly ServerSpec[], more: Partial<Shape> = {}): Shape => ({
  endpoints: [upstream.port],
  servers,
  secrets: [...secrets.values()],
  ...more,
});

/** Common name of the certificate that a client of that server name is shown. */
async function shownTo(gateway: Gateway, servername: string | undefined): Promise<string> {
  await using client = await gateway.connect({
    tls: {
      ca: ca.cert,
      checkServerIdentity: () => undefined,
      ...(servername === undefined ? {} : { servername }),
    },
  });
  client.send(get("/"));
  const { status } = await readResponse(client);
  return `${(client.socket as tls.TLSSocket).getPeerCertificate().subject.CN} ${status}`;
}

/** What becomes of a handshake: "done", or the error's code. */
async function shake(port: number, options: tls.ConnectionOptions): Promise<string> {
  const socket = tls.connect({ host: "127.0.0.1", port, rejectUnauthorized: false, ...options });
  const result = await Promise.race([
    once(socket, "secureConnect").then(() => "done"),
    once(socket, "error").then(([error]) => (error as NodeJS.ErrnoException).code ?? "error"),
  ]).catch((error: NodeJS.ErrnoException) => error.code ?? "error");
  socket.on("error", () => {});
  // Destroyed at once it would take its last message of the handshake with it.
  if (result === "done") await once(socket.resume().end(), "close");
  else socket.destroy();
  return result;
}

test("the server name chooses the certificate: exact, wildcard, several of a server, default", async () => {
  await using gateway = await Gateway.open(shape(SERVERS));
  assert.equal(await shownTo(gateway, "a.test"), "a.test 421");
  assert.equal(await shownTo(gateway, "A.TEST"), "a.test 421");
  assert.equal(await shownTo(gateway, "x.wild.test"), "*.wild.test 421");
  assert.equal(await shownTo(gateway, "second.test"), "second.test 200");
  assert.equal(await shownTo(gateway, "unknown.test"), "default.test 200");
  assert.equal(await shownTo(gateway, undefined), "default.test 200");
});

test("a host of another server than the server name's is 421, and the connection goes on", async () => {
  await using gateway = await Gateway.open(shape(SERVERS));
  await using client = await gateway.connect({ tls: { ca: ca.cert, servername: "a.test" } });
  for (const [host, status] of [
    ["a.test", 200],
    ["x.wild.test", 421],
    ["other.test", 421],
    ["a.test", 200],
  ] as const) {
    client.send(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
    assert.equal((await readResponse(client)).status, status, host);
  }
  assert.equal(gateway.refusals("HDL_REQUEST_MISDIRECTED"), 2);
});

test("a server name that no server answers for ends the handshake", async () => {
  await using gateway = await Gateway.open(shape([server("a.test", ["a.test"])]));
  assert.equal(await shake(gateway.portOf(), { servername: "a.test" }), "done");
  assert.notEqual(await shake(gateway.portOf(), { servername: "unknown.test" }), "done");
  await gateway.becomes("it is counted", () => gateway.refusals("tls-handshake-failed") === 1);
});

test("TLS 1.2 and 1.3 are spoken, 1.1 is not", async () => {
  await using gateway = await Gateway.open(shape(SERVERS));
  for (const version of ["TLSv1.2", "TLSv1.3"] as const) {
    await using client = await gateway.connect({
      tls: { ca: ca.cert, servername: "a.test", minVersion: version, maxVersion: version },
    });
    assert.equal((client.socket as tls.TLSSocket).getProtocol(), version);
    client.send("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n");
    assert.match((await readResponse(client)).body, /\["x-forwarded-proto","https"\]/);
  }
  const old = {
    servername: "a.test",
    minVersion: "TLSv1.1",
    maxVersion: "TLSv1.1",
    ciphers: "DEFAULT@SECLEVEL=0",
  } as const;
  assert.notEqual(await shake(gateway.portOf(), old), "done");
});

test("a server's minimum version holds for it alone, whichever server the handshake began with", async () => {
  const mixed = [server("a.test", ["a.test"]), server("*.wild.test", ["*.wild.test"], "TLSv1.3")];
  for (const servers of [mixed, mixed.toReversed()]) {
    await using gateway = await Gateway.open(shape(servers));
    const port = gateway.portOf();
    const old = { maxVersion: "TLSv1.2" } as const;
    assert.equal(await shake(port, { ...old, servername: "a.test" }), "done");
    assert.equal(await shake(port, { servername: "x.wild.test" }), "done");
    assert.notEqual(await shake(port, { ...old, servername: "x.wild.test" }), "done");
  }
});

test("ALPN chooses http/1.1, and refuses a client that speaks h2 only", async () => {
  await using gateway = await Gateway.open(shape(SERVERS));
  await using client = await gateway.connect({
    tls: { ca: ca.cert, servername: "a.test", ALPNProtocols: ["h2", "http/1.1"] },
  });
  assert.equal((client.socket as tls.TLSSocket).alpnProtocol, "http/1.1");
  assert.notEqual(await shake(gateway.portOf(), { servername: "a.test", ALPNProtocols: ["h2"] }), "done");
});

/** Connects, asks, and returns the session to resume with, and whether this one was resumed. */
async function visit(
  gateway: Gateway,
  servername: string,
  version: tls.SecureVersion,
  session?: Buffer,
  port: number = gateway.portOf(),
): Promise<{ session: Buffer; isResumed: boolean; status: number }> {
  const socket = tls.connect({
    host: "127.0.0.1",
    port,
    ca: ca.cert,
    servername,
    minVersion: version,
    maxVersion: version,
    checkServerIdentity: () => undefined,
    ...(session === undefined ? {} : { session }),
  });
  const ticket = once(socket, "session") as Promise<[Buffer]>;
  const end = once(socket, "end");
  for (const wait of [ticket, end]) wait.catch(() => {});
  await once(socket, "secureConnect");
  const isResumed = socket.isSessionReused();
  socket.write(`GET / HTTP/1.1\r\nHost: ${servername}\r\nConnection: close\r\n\r\n`);
  let text = "";
  socket.setEncoding("latin1").on("data", (data: string) => (text += data));
  const [given] = isResumed ? [session!] : await ticket;
  await end;
  socket.destroy();
  return { session: given, isResumed, status: Number(text.slice(9, 12)) };
}

for (const version of ["TLSv1.2", "TLSv1.3"] as const) {
  test(`a session is resumed with its ticket (${version}), also after a change that leaves TLS alone`, async () => {
    await using gateway = await Gateway.open(shape(SERVERS));
    const first = await visit(gateway, "a.test", version);
    assert.equal(first.isResumed, false);
    const second = await visit(gateway, "a.test", version, first.session);
    assert.deepEqual([second.isResumed, second.status], [true, 200]);
    await gateway.apply(shape(SERVERS, { listener: { maxBodyBytes: 1_000 } }));
    const third = await visit(gateway, "a.test", version, second.session);
    assert.deepEqual([third.isResumed, third.status], [true, 200]);
    assert.equal(gateway.total("listener", LISTENER.tlsResumed), 2);
    assert.equal(gateway.total("listener", LISTENER.tlsOk), 3);
  });

  test(`a ticket is worth nothing at another listener or after its servers changed (${version})`, async () => {
    const units = shape(SERVERS);
    await using gateway = await Gateway.open(units);
    await using elsewhere = await Gateway.open(units);
    const { session } = await visit(gateway, "a.test", version);
    assert.equal((await visit(elsewhere, "a.test", version, session)).isResumed, false);
    await gateway.apply(shape(SERVERS.slice(0, 2)));
    assert.equal((await visit(gateway, "a.test", version, session)).isResumed, false);
  });

  test(`a ticket of one server does not open another one's routes (${version})`, async () => {
    await using gateway = await Gateway.open(shape(SERVERS));
    const { session } = await visit(gateway, "a.test", version);
    const crossed = await visit(gateway, "x.wild.test", version, session);
    // Not resumed, or still bound to the name that it was made for.
    assert.ok(!crossed.isResumed || crossed.status !== 200, JSON.stringify(crossed));
  });
}

test("a minimum version is not undercut by a ticket of another server", async () => {
  const mixed = [server("a.test", ["a.test"]), server("*.wild.test", ["*.wild.test"], "TLSv1.3")];
  await using gateway = await Gateway.open(shape(mixed));
  const { session } = await visit(gateway, "a.test", "TLSv1.2");
  const crossed = await visit(gateway, "x.wild.test", "TLSv1.2", session).then(
    ({ status }) => status,
    () => 0,
  );
  assert.notEqual(crossed, 200);
});

test("certificates are replaced without dropping a connection, and new handshakes see the new one", async () => {
  const one = [server("", ["default.test"])];
  await using gateway = await Gateway.open(shape(one));
  await using client = await gateway.connect({ tls: { ca: ca.cert, servername: "default.test" } });
  client.send(get("/"));
  await readResponse(client);
  const renewed = await issue("default.test", "renewed.test");
  await gateway.apply({ ...shape(one), secrets: [renewed] });
  client.send(get("/still"));
  assert.equal((await readResponse(client)).status, 200);
  assert.equal(await shownTo(gateway, "default.test"), "renewed.test 200");
});

test("a handshake that takes too long, garbage and a handshake too many are cut and counted", async () => {
  await using gateway = await Gateway.open(
    shape(SERVERS, { listener: { tlsHandshakeMs: 80, maxTlsHandshakes: 1 } }),
  );
  await using slow = await connectRaw(gateway.portOf());
  await gateway.becomes("it is accepted", () => slow.socket.readyState === "open");
  await using second = await connectRaw(gateway.portOf());
  assert.equal(await second.receiveToEnd(), "");
  assert.equal(gateway.refusals("tls-handshake-limit"), 1);
  assert.equal(await slow.receiveToEnd(), "");
  assert.equal(gateway.refusals("tls-handshake-timeout"), 1);
  await using garbage = await connectRaw(gateway.portOf());
  garbage.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  await ended(garbage);
  await gateway.becomes("it is counted", () => gateway.refusals("tls-handshake-failed") === 1);
  assert.equal(gateway.total("listener", LISTENER.tlsFailed), 3);
  assert.equal(gateway.total("listener", LISTENER.connectionsOpened), 0);
  assert.equal(await shake(gateway.portOf(), { servername: "a.test" }), "done");
});

async function ended(connection: RawConnection): Promise<void> {
  await connection.receiveToEnd();
  await connection.close();
}

test("a large body goes both ways over TLS", async () => {
  await using gateway = await Gateway.open(shape(SERVERS));
  await using client = await gateway.connect({ tls: { ca: ca.cert, servername: "a.test" } });
  client.send("POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 4000000\r\n\r\n");
  client.send(Buffer.alloc(4_000_000, "x"));
  assert.match((await readResponse(client)).body, /"bodyLength":4000000/);
});

test("a cluster trusts the system's roots, its own bundle, or nobody, and the others are none of its business", async () => {
  const [system, other] = await Promise.all([
    makeCertificateAuthority("System"),
    makeCertificateAuthority("Other"),
  ]);
  const { cert, key } = await system.issue({ names: ["backend.test"] });
  await using upstream = await openEchoServer({ tls: { cert, key } });
  const tls = { serverName: "backend.test", caPem: null, insecureSkipVerify: false };
  const roots = (caPem: string) => ({ kind: "authorities", name: "system", caPem }) as const;
  const shape = (clusterTls: ClusterTls, ...more: Unit[]) => ({
    endpoints: [upstream.port],
    clusterTls,
    more,
  });
  await using gateway = await Gateway.open(shape(tls));
  const ask = async (clusterTls: ClusterTls, ...more: Unit[]) => {
    await gateway.apply(shape(clusterTls, ...more));
    await using client = await gateway.connect();
    client.send(get("/"));
    return (await readResponse(client)).status;
  };
  assert.equal(await ask(tls), 502, "Node's roots");
  assert.equal(await ask(tls, roots(system.cert)), 200);
  assert.equal(await ask(tls, roots(other.cert)), 502);
  assert.equal(await ask({ ...tls, caPem: system.cert }, roots(other.cert)), 200);
  assert.equal(await ask({ ...tls, caPem: other.cert }, roots(system.cert)), 502);
  assert.equal(await ask({ ...tls, caPem: "" }, roots(system.cert)), 502);
});
