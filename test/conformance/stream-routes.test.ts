import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import net from "node:net";
import { after, before, test } from "node:test";
import tls from "node:tls";
import { makeCertificateAuthority, type TestCertificateAuthority } from "@heddle/testkit";
import { eventually, type Fabric, openFabric, told } from "./fabric.ts";
import {
  endpoint,
  gateway,
  httpsListener,
  type Manifest,
  prefix,
  route,
  rule,
  service,
  tlsSecret,
} from "./manifests.ts";

type Port = "tcp" | "moving" | "weights" | "lost" | "tls" | "unrouted";
let fabric: Fabric<Port>;
let authority: TestCertificateAuthority;
const servers: net.Server[] = [];

const gatewayApi = "gateway.networking.k8s.io/v1";
const streamRoute = (
  kind: "TCPRoute" | "TLSRoute",
  name: string,
  parentRefs: readonly Record<string, unknown>[],
  backends: readonly Record<string, unknown>[],
  hostnames: readonly string[] = [],
): Manifest => ({
  apiVersion: gatewayApi,
  kind,
  metadata: { namespace: "infra", name },
  spec: {
    parentRefs,
    ...(hostnames.length > 0 && { hostnames }),
    rules: [{ backendRefs: backends.map((backend) => ({ port: 8080, ...backend })) }],
  },
});

const movingTo = (backend: string): Manifest =>
  streamRoute("TCPRoute", "moving", [{ name: "streams", sectionName: "moving" }], [{ name: backend }]);

async function listen(server: net.Server): Promise<number> {
  servers.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as net.AddressInfo).port;
}

/** Says its name, then sends back what it gets, and ends when the client does. */
const named = (name: string) =>
  net.createServer({ allowHalfOpen: true }, (socket) => {
    socket.on("error", () => {});
    socket.write(`${name}\n`);
    socket.pipe(socket);
  });

async function readAll(socket: net.Socket): Promise<string> {
  let text = "";
  for await (const chunk of socket) text += String(chunk);
  return text;
}

function connect(port: Port): net.Socket {
  return net.connect({ port: fabric.ports[port], host: "127.0.0.1", allowHalfOpen: true });
}

/** What a connection that says "hello" and ends its half gets. */
async function hello(socket: net.Socket): Promise<string> {
  socket.end("hello");
  return readAll(socket);
}

function secure(servername: string, more: tls.ConnectionOptions = {}): tls.TLSSocket {
  return tls.connect({
    port: fabric.ports.tls,
    host: "127.0.0.1",
    servername,
    ca: authority.cert,
    ...more,
  });
}

before(async () => {
  authority = await makeCertificateAuthority();
  const passed = await authority.issue({ names: ["pass.example.org", "deep.pass.example.org"] });
  const opened = await authority.issue({ names: ["open.example.org"] });
  const web = await authority.issue({ names: ["www.example.org"] });
  const secureServer = tls.createServer({ cert: passed.cert, key: passed.key }, (socket) => {
    socket.on("error", () => {});
    socket.write("inside\n");
    socket.pipe(socket);
  });
  const [one, two, inside, gone] = await Promise.all([
    listen(named("one")),
    listen(named("two")),
    listen(secureServer),
    listen(named("gone")),
  ]);
  await new Promise((resolve) => servers.at(-1)!.close(resolve));
  const behind = (name: string, port: number) => [
    service(`infra/${name}`, { appProtocol: "example.com/own" }),
    endpoint(`infra/${name}`, port),
  ];
  const parent = (sectionName: string) => [{ name: "streams", sectionName }];
  fabric = await openFabric<Port>({
    ports: ["tcp", "moving", "weights", "lost", "tls", "unrouted"],
    services: ["infra/web"],
    resources: (ports) => [
      tlsSecret("infra/open", opened),
      tlsSecret("infra/web", web),
      ...behind("one", one!),
      ...behind("two", two!),
      ...behind("inside", inside!),
      ...behind("gone", gone!),
      service("infra/none"),
      gateway("infra/streams", [
        { name: "tcp", port: ports.tcp, protocol: "TCP" },
        { name: "moving", port: ports.moving, protocol: "TCP" },
        { name: "weights", port: ports.weights, protocol: "TCP" },
        { name: "lost", port: ports.lost, protocol: "TCP" },
        { name: "unrouted", port: ports.unrouted, protocol: "TCP" },
        {
          name: "pass",
          port: ports.tls,
          protocol: "TLS",
          hostname: "*.example.org",
          tls: { mode: "Passthrough" },
        },
        {
          name: "open",
          port: ports.tls,
          protocol: "TLS",
          hostname: "open.example.org",
          tls: { mode: "Terminate", certificateRefs: [{ name: "open" }] },
        },
        httpsListener("web", ports.tls, [{ name: "web" }], { hostname: "www.example.org" }),
      ]),
      streamRoute("TCPRoute", "plain", parent("tcp"), [{ name: "one" }]),
      streamRoute("TCPRoute", "weights", parent("weights"), [
        { name: "one", weight: 9 },
        { name: "two", weight: 1 },
        { name: "gone", weight: 0 },
      ]),
      streamRoute("TCPRoute", "lost", parent("lost"), [{ name: "missing" }, { name: "none" }]),
      streamRoute(
        "TLSRoute",
        "pass",
        parent("pass"),
        [{ name: "inside" }],
        ["pass.example.org", "*.pass.example.org"],
      ),
      streamRoute("TLSRoute", "open", parent("open"), [{ name: "two" }], ["open.example.org"]),
      route("infra/web", [{ name: "streams", sectionName: "web" }], [rule([prefix("/")], "web")]),
    ],
  });
});

after(async () => {
  await fabric[Symbol.asyncDispose]();
  for (const server of servers) server.close();
});

test("TCPRouteHalfClose: octets go both ways, each half ends by itself", async () => {
  assert.equal(await hello(connect("tcp")), "one\nhello");
  const { status } = await fabric.read("tcproutes", "infra/plain");
  assert.deepEqual(
    status.parents[0]!.conditions.map(({ type, status: is, reason }) => [type, is, reason]),
    [
      ["Accepted", "True", "Accepted"],
      ["ResolvedRefs", "True", "ResolvedRefs"],
    ],
  );
});

test("TCPRouteBackpressure: much comes through whole while the client is slow to read", async () => {
  const sent = randomBytes(24 * 1_048_576);
  const socket = connect("tcp");
  const hash = createHash("sha256");
  let bytes = 0;
  const received = (async () => {
    for await (const chunk of socket) {
      hash.update(bytes === 0 ? (chunk as Buffer).subarray(4) : (chunk as Buffer));
      bytes += (chunk as Buffer).length;
      // One turn between reads: what waits fills the buffers on the way.
      await new Promise((resolve) => setImmediate(resolve));
    }
  })();
  socket.end(sent);
  await received;
  assert.equal(bytes, sent.length + 4);
  assert.equal(hash.digest("hex"), createHash("sha256").update(sent).digest("hex"));
});

test("TCPRouteWeight: connections are shared out by weight", async () => {
  const names = await Promise.all(Array.from({ length: 200 }, () => hello(connect("weights"))));
  const ones = names.filter((text) => text.startsWith("one")).length;
  assert.equal(names.filter((text) => /^(one|two)\nhello$/.test(text)).length, 200);
  assert.ok(ones > 150 && ones < 199, `${ones} of 200`);
});

test("TCPRouteNoBackend: without a backend or an endpoint the connection is closed, and the status says why", async () => {
  for (let i = 0; i < 4; i++) {
    const socket = connect("lost");
    socket.on("error", () => {});
    assert.equal(await readAll(socket).catch(() => ""), "");
  }
  const { status } = await fabric.read("tcproutes", "infra/lost");
  assert.equal(told(status.parents[0]!.conditions, "ResolvedRefs"), "ResolvedRefs=False BackendNotFound");
});

test("TCPRouteNone: a listener without a route closes", async () => {
  const socket = connect("unrouted");
  socket.on("error", () => {});
  assert.equal(await readAll(socket).catch(() => ""), "");
});

test("TCPRouteReset: a client's reset reaches the endpoint", async () => {
  const server = servers[0]!;
  const socket = connect("tcp");
  const accepted = once(server, "connection") as Promise<[net.Socket]>;
  const [inner] = await accepted;
  await once(socket, "data");
  const broken = once(inner, "error") as Promise<[NodeJS.ErrnoException]>;
  socket.resetAndDestroy();
  assert.equal((await broken)[0].code, "ECONNRESET");
});

test("TLSRoutePassthrough: TLS goes to the backend unopened, by the name that the client asks for", async () => {
  for (const name of ["pass.example.org", "deep.pass.example.org"]) {
    const socket = secure(name);
    await once(socket, "secureConnect");
    assert.ok(socket.authorized);
    assert.match(socket.getPeerCertificate().subjectaltname ?? "", /pass\.example\.org/);
    assert.equal(await hello(socket), "inside\nhello");
  }
});

test("TLSRouteUnknownName: a name that no route has is closed, without an answer", async () => {
  for (const name of ["other.example.org", "example.net"]) {
    await assert.rejects(once(secure(name), "secureConnect"), /ECONNRESET|disconnected|alert/, name);
  }
});

test("TLSRouteModeTerminate: TLS is opened, and what it carried goes on", async () => {
  const socket = secure("open.example.org", { ALPNProtocols: ["postgresql"] });
  await once(socket, "secureConnect");
  assert.ok(socket.authorized);
  assert.equal(socket.alpnProtocol, "postgresql");
  assert.equal(await hello(socket), "two\nhello");
});

test("TLSRouteModeMixed: an HTTPS listener of another name shares the port", async () => {
  const socket = secure("www.example.org");
  await once(socket, "secureConnect");
  socket.write("GET / HTTP/1.1\r\nHost: www.example.org\r\nConnection: close\r\n\r\n");
  assert.match(await readAll(socket), /^HTTP\/1\.1 200 /);
});

test("GatewayWithAttachedRoutes: listeners of streams name their kinds and count their routes", async () => {
  const { status } = await fabric.read("gateways", "infra/streams");
  const rows = status.listeners.map(({ name, attachedRoutes, supportedKinds }) => [
    name,
    attachedRoutes,
    supportedKinds.map(({ kind }) => kind).join(),
  ]);
  assert.deepEqual(rows, [
    ["tcp", 1, "TCPRoute"],
    ["moving", 0, "TCPRoute"],
    ["weights", 1, "TCPRoute"],
    ["lost", 1, "TCPRoute"],
    ["unrouted", 0, "TCPRoute"],
    ["pass", 1, "TLSRoute"],
    ["open", 1, "TLSRoute,TCPRoute"],
    ["web", 1, "HTTPRoute,GRPCRoute"],
  ]);
});

test("TCPRouteChange: a changed route holds for new connections, and the old ones go on", async () => {
  fabric.put("moving", [movingTo("one")]);
  await eventually(async () => assert.equal(await hello(connect("moving")), "one\nhello"));
  const old = connect("moving");
  await once(old, "data");
  fabric.put("moving", [movingTo("two")]);
  await eventually(async () => assert.equal(await hello(connect("moving")), "two\nhello"));
  assert.equal(await hello(old), "hello");
});
