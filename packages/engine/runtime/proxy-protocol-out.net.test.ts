import assert from "node:assert/strict";
import http from "node:http";
import http2 from "node:http2";
import net from "node:net";
import { after, before, test } from "node:test";
import tls from "node:tls";
import {
  becomesTrue,
  connectHttp2,
  listenOnFreePort,
  makeCertificateAuthority,
  openRecordingServer,
} from "@heddle/testkit";
import type { RawConnection, TestCertificateAuthority } from "@heddle/testkit";
import type { ClusterTls } from "../model/index.ts";
import { parseProxyHeader } from "../wire/proxy-protocol/index.ts";
import type { ProxyAddresses } from "../wire/proxy-protocol/index.ts";
import { answer, Gateway, get, readResponse } from "./gateway.suite.ts";
import type { Shape } from "./gateway.suite.ts";

const LOCAL = "\r\n\r\n\0\r\nQUIT\n\x20\0\0\0";

/** Of one connection: its number, and what its header said. */
interface Seen {
  readonly connection: number;
  readonly version: 1 | 2;
  readonly addresses: ProxyAddresses | null;
}

let ca: TestCertificateAuthority;
let clusterTls: ClusterTls;
/** Backends that require the header, and answer each request with what it said. */
const backends: Record<"http1" | "http2" | "tls", number> = { http1: 0, http2: 0, tls: 0 };
const servers: net.Server[] = [];
const sockets = new Set<net.Socket>();
let connections = 0;

/** By the port that it comes from, since servers wrap sockets. */
const seen = new Map<number, Seen>();
const find = ({ remotePort }: net.Socket): Seen | undefined => seen.get(remotePort!);

/** Takes the header off each connection, and gives what is behind it to `inner`. */
async function behindHeader(inner: net.Server): Promise<number> {
  const server = net.createServer({ allowHalfOpen: true }, (socket) => {
    const connection = connections++;
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => {});
    socket.once("readable", () => {
      const bytes = socket.read() as Buffer;
      const header = parseProxyHeader(bytes, bytes.length);
      if (typeof header === "string") {
        socket.destroy();
        return;
      }
      seen.set(socket.remotePort!, { connection, version: header.version, addresses: header.addresses });
      if (bytes.length > header.length) socket.unshift(bytes.subarray(header.length));
      inner.emit("connection", socket);
    });
  });
  servers.push(server);
  return listenOnFreePort(server, "127.0.0.1");
}
before(async () => {
  ca = await makeCertificateAuthority();
  clusterTls = { serverName: "up.test", caPem: ca.cert, insecureSkipVerify: false };
  const certificate = await ca.issue({ names: ["up.test"] });
  const plain = http.createServer((request, response) => {
    response.end(JSON.stringify(find(request.socket)));
  });
  backends.http1 = await behindHeader(plain);
  const multiplexed = http2.createServer();
  multiplexed.on("session", (session) => {
    const own = find(session.socket as net.Socket);
    session.on("stream", (stream) => {
      stream.respond();
      stream.end(JSON.stringify(own));
    });
  });
  backends.http2 = await behindHeader(multiplexed as unknown as net.Server);
  const inside = http.createServer((request, response) => {
    response.end(JSON.stringify(find(request.socket)));
  });
  const secure = net.createServer((socket) => {
    const { cert, key } = certificate;
    const own = new tls.TLSSocket(socket, {
      isServer: true,
      secureContext: tls.createSecureContext({ cert, key }),
      ALPNProtocols: ["http/1.1"],
    });
    own.on("error", () => {});
    own.once("secure", () => inside.emit("connection", own));
  });
  backends.tls = await behindHeader(secure);
});
after(async () => {
  for (const socket of sockets) socket.destroy();
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
});

const to = (backend: keyof typeof backends, more: Partial<Shape> = {}): Shape => ({
  endpoints: [backends[backend]],
  proxyProtocol: "v2",
  ...more,
});

async function ask(client: RawConnection, request: string = get("/")): Promise<Seen> {
  client.send(request);
  const { status, body, head } = await readResponse(client);
  assert.equal(status, 200, head);
  const chunked = /transfer-encoding: chunked/i.test(head);
  return JSON.parse(chunked ? await client.receiveUntil("}\r\n0\r\n\r\n").then(unchunk) : body) as Seen;
}

const unchunk = (text: string): string => text.slice(text.indexOf("{"), text.lastIndexOf("}") + 1);

const placeOf = ({ addresses }: Seen): string => `${addresses?.sourceAddress}:${addresses?.sourcePort}`;
const placeOfClient = ({ socket }: RawConnection): string => `${socket.localAddress}:${socket.localPort}`;

for (const version of ["v1", "v2"] as const) {
  test(`${version}: the endpoint is told the client's address and port, and where it connected to`, async () => {
    await using gateway = await Gateway.open(to("http1", { proxyProtocol: version }));
    await using client = await gateway.connect();
    const seen = await ask(client);
    assert.equal(seen.version, version === "v1" ? 1 : 2);
    assert.equal(placeOf(seen), placeOfClient(client));
    assert.equal(seen.addresses?.destinationPort, gateway.portOf());
    assert.equal(seen.addresses.destinationAddress, "127.0.0.1");
  });
}

test("spoofing: a client's requests share a connection to the endpoint with no other client's", async () => {
  await using gateway = await Gateway.open(to("http1"));
  await using first = await gateway.connect();
  await using second = await gateway.connect();
  const numbers: number[] = [];
  for (const client of [first, second, first, second]) {
    const seen = await ask(client);
    assert.equal(placeOf(seen), placeOfClient(client));
    numbers.push(seen.connection);
  }
  assert.equal(numbers[0], numbers[2]);
  assert.equal(numbers[1], numbers[3]);
  assert.notEqual(numbers[0], numbers[1]);
});

test("a client's connections to endpoints end with it", async () => {
  await using gateway = await Gateway.open(to("http1"));
  {
    await using client = await gateway.connect();
    await ask(client);
    assert.equal(gateway.upstreams, 1);
  }
  await gateway.becomes("closed", () => gateway.upstreams === 0);
});

test("idle connections of other clients make room where the endpoint has no more", async () => {
  await using gateway = await Gateway.open(to("http1", { cluster: { maxConnectionsPerEndpoint: 1 } }));
  await using first = await gateway.connect();
  await using second = await gateway.connect();
  for (const client of [first, second, first])
    assert.equal(placeOf(await ask(client)), placeOfClient(client));
  assert.equal(gateway.upstreams, 1);
});

test("what a header in front said is passed on", async () => {
  const proxyProtocol = { trustedSources: ["127.0.0.1"], others: "refuse", ports: [] } as const;
  await using gateway = await Gateway.open(to("http1", { listener: { proxyProtocol } }));
  await using client = await gateway.connect();
  const seen = await ask(client, `PROXY TCP4 192.0.2.9 198.51.100.2 56324 443\r\n${get("/")}`);
  assert.deepEqual(seen.addresses, {
    sourceAddress: "192.0.2.9",
    sourcePort: 56_324,
    destinationAddress: "198.51.100.2",
    destinationPort: 443,
  });
});

test("the header comes before TLS, whatever ALPN then agrees on", async () => {
  for (const protocol of ["http1", "auto"] as const) {
    await using gateway = await Gateway.open(to("tls", { clusterTls, protocol }));
    await using client = await gateway.connect();
    const first = await ask(client);
    assert.equal(placeOf(first), placeOfClient(client));
    assert.equal((await ask(client)).connection, first.connection);
  }
});

test("requests of one HTTP/2 connection share one to the endpoint, and no other client's come by it", async () => {
  await using gateway = await Gateway.open(to("http2", { protocol: "http2" }));
  const seenBy = async (): Promise<number> => {
    await using client = await connectHttp2(gateway.portOf());
    const answers = await Promise.all([1, 2, 3].map(() => client.request({ ":path": "/" })));
    const all = answers.map(({ body }) => JSON.parse(body.toString()) as Seen);
    const { localAddress, localPort } = client.session.socket;
    for (const seen of all) assert.equal(placeOf(seen), `${localAddress}:${localPort}`);
    assert.equal(new Set(all.map(({ connection }) => connection)).size, 1);
    return all[0]!.connection;
  };
  assert.notEqual(await seenBy(), await seenBy());
});

test("a connection that failed under TLS, or that nobody answers, is a fault as without a header", async () => {
  await using silent = await openRecordingServer({ script: (connection) => connection.close() });
  const shapes: Shape[] = [
    { ...to("tls"), clusterTls: { ...clusterTls, serverName: "other.test" } },
    { ...to("tls"), clusterTls, endpoints: [silent.port] },
    { ...to("tls"), clusterTls, endpoints: [1] },
    { ...to("http1"), endpoints: [1] },
  ];
  const statuses: number[] = [];
  for (const shape of shapes) {
    await using gateway = await Gateway.open(shape);
    await using client = await gateway.connect();
    client.send(get("/"));
    statuses.push((await readResponse(client)).status);
  }
  assert.deepEqual(statuses, [502, 502, 503, 503]);
});

test("another version, or none, is in force for the next connection, and open ones are not used again", async () => {
  await using gateway = await Gateway.open(to("http1", { proxyProtocol: "v1" }));
  await using client = await gateway.connect();
  assert.equal((await ask(client)).version, 1);
  await gateway.apply({ ...to("http1", { proxyProtocol: "v2" }), port: gateway.portOf() });
  await using next = await gateway.connect();
  assert.equal((await ask(next)).version, 2);
});

test("health checks speak for Heddle itself: LOCAL", async () => {
  await using server = await openRecordingServer({ script: () => Promise.resolve() });
  const times = { intervalMs: 60_000, jitterMs: 0, timeoutMs: 1_000 };
  const healthCheck = { grpc: { service: "" }, port: 0, ...times, unhealthyAfter: 1, healthyAfter: 1 };
  await using _gateway = await Gateway.open({
    endpoints: [server.port],
    protocol: "http2",
    proxyProtocol: "v2",
    healthCheck,
  });
  assert.ok(await becomesTrue(() => server.receivedText().length > LOCAL.length + 4, 20_000));
  assert.equal(server.receivedText().slice(0, LOCAL.length + 3), `${LOCAL}PRI`);
});

test("without the setting nothing is sent, and clients share connections", async () => {
  await using server = await openRecordingServer({ answers: [answer("a"), answer("b")] });
  await using gateway = await Gateway.open({ endpoints: [server.port] });
  for (const body of ["a", "b"]) {
    await using client = await gateway.connect();
    client.send(get("/"));
    assert.equal((await readResponse(client)).body, body);
  }
  assert.equal(server.connections.length, 1);
  assert.match(server.receivedText(), /^GET \/ HTTP/);
});
