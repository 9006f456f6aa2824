import assert from "node:assert/strict";
import { once } from "node:events";
import { after, before, test } from "node:test";
import net from "node:net";
import tls from "node:tls";
import { makeCertificateAuthority, type TestCertificateAuthority } from "@heddle/testkit";
import { type Fabric, openFabric } from "./fabric.ts";
import {
  endpoint,
  gateway,
  httpsListener,
  type Manifest,
  route,
  service,
  tlsSecret,
  to,
} from "./manifests.ts";

/** HAProxy's proxy-protocol.txt, over real sockets, at each kind of listener. */
type Port = "http" | "https" | "tcp" | "tls" | "open" | "foreign" | "v1" | "v2" | "v2tls";
let fabric: Fabric<Port>;
let authority: TestCertificateAuthority;
const servers: net.Server[] = [];

const LINE = "PROXY TCP4 192.0.2.9 198.51.100.2 56324 443\r\n";
const BINARY = "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xc0\0\x02\x09\xc6\x33\x64\x02\xdc\x04\x01\xbb";

/** The least that says a server name: pass.example.org. */
const CLIENT_HELLO =
  "\x16\x03\x01\x00H\x01\x00\x00D\x03\x03rrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrr\x00\x00\x02\x13\x01\x01\x00\x00\x19\x00\x00\x00\x15\x00\x13\x00\x00\x10pass.example.org";

async function listen(server: net.Server): Promise<number> {
  servers.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as net.AddressInfo).port;
}

const settings = (name: string, proxyProtocol: Record<string, unknown>): Manifest => ({
  apiVersion: "heddle.dev/v1alpha1",
  kind: "GatewaySettings",
  metadata: { namespace: "infra", name },
  spec: { proxyProtocol },
});

const under = (name: string) => ({
  infrastructure: { parametersRef: { group: "heddle.dev", kind: "GatewaySettings", name } },
});

const streamRoute = (kind: "TCPRoute" | "TLSRoute", name: string, backend: string): Manifest => ({
  apiVersion: "gateway.networking.k8s.io/v1",
  kind,
  metadata: { namespace: "infra", name },
  spec: {
    parentRefs: [{ name: "edge", sectionName: name }],
    ...(kind === "TLSRoute" && { hostnames: [`${name}.example.org`] }),
    rules: [{ backendRefs: [{ name: backend, port: 8080 }] }],
  },
});

const toldBackend = (name: string, port: number, proxyProtocol: "v1" | "v2"): Manifest => ({
  apiVersion: "heddle.dev/v1alpha1",
  kind: "Backend",
  metadata: { namespace: "infra", name },
  spec: { endpoints: [{ address: "127.0.0.1", port }], proxyProtocol },
});

const toTold = (kind: "TCPRoute" | "TLSRoute", name: string, backend: string): Manifest => ({
  apiVersion: "gateway.networking.k8s.io/v1",
  kind,
  metadata: { namespace: "infra", name },
  spec: {
    parentRefs: [{ name: "told", sectionName: name }],
    ...(kind === "TLSRoute" && { hostnames: ["pass.example.org"] }),
    rules: [{ backendRefs: [{ group: "heddle.dev", kind: "Backend", name: backend }] }],
  },
});

before(async () => {
  authority = await makeCertificateAuthority();
  const passed = await authority.issue({ names: ["pass.example.org"] });
  const opened = await authority.issue({ names: ["open.example.org", "www.example.org"] });
  const echo = (socket: net.Socket): void => {
    socket.on("error", () => {});
    socket.pipe(socket);
  };
  const plain = await listen(net.createServer({ allowHalfOpen: true }, echo));
  const told = await listen(net.createServer({ allowHalfOpen: true }, echo));
  const inside = await listen(tls.createServer({ cert: passed.cert, key: passed.key }, echo));
  const terminate = { mode: "Terminate", certificateRefs: [{ name: "opened" }] };
  fabric = await openFabric<Port>({
    ports: ["http", "https", "tcp", "tls", "open", "foreign", "v1", "v2", "v2tls"],
    services: ["infra/web"],
    resources: (ports) => [
      tlsSecret("infra/opened", opened),
      service("infra/plain", { appProtocol: "example.com/own" }),
      endpoint("infra/plain", plain),
      service("infra/inside", { appProtocol: "example.com/own" }),
      endpoint("infra/inside", inside),
      settings("trusting", { trustedSources: ["127.0.0.1"], ports: Object.values(ports) }),
      settings("elsewhere", { trustedSources: ["192.0.2.1"] }),
      gateway(
        "infra/edge",
        [
          { name: "http", port: ports.http, protocol: "HTTP" },
          httpsListener("https", ports.https, [{ name: "opened" }]),
          { name: "tcp", port: ports.tcp, protocol: "TCP" },
          {
            name: "pass",
            port: ports.tls,
            protocol: "TLS",
            hostname: "pass.example.org",
            tls: { mode: "Passthrough" },
          },
          { name: "open", port: ports.open, protocol: "TLS", hostname: "open.example.org", tls: terminate },
        ],
        under("trusting"),
      ),
      gateway("infra/foreign", [{ name: "http", port: ports.foreign, protocol: "HTTP" }], under("elsewhere")),
      route("infra/web", [{ name: "edge" }, { name: "foreign" }], [{ backendRefs: [to("web")] }]),
      streamRoute("TCPRoute", "tcp", "plain"),
      streamRoute("TLSRoute", "pass", "inside"),
      streamRoute("TLSRoute", "open", "plain"),
      toldBackend("told-v1", told, "v1"),
      toldBackend("told-v2", told, "v2"),
      gateway("infra/told", [
        { name: "v1", port: ports.v1, protocol: "TCP" },
        { name: "v2", port: ports.v2, protocol: "TCP" },
        { name: "pass2", port: ports.v2tls, protocol: "TLS", tls: { mode: "Passthrough" } },
      ]),
      toTold("TCPRoute", "v1", "told-v1"),
      toTold("TCPRoute", "v2", "told-v2"),
      toTold("TLSRoute", "pass2", "told-v2"),
    ],
  });
});

after(async () => {
  await fabric?.[Symbol.asyncDispose]();
  for (const server of servers) server.close();
});

/** A connection that begins with that header. */
function connect(port: Port, header: string): net.Socket {
  const socket = net.connect({ port: fabric.ports[port], host: "127.0.0.1", allowHalfOpen: true });
  socket.on("error", () => {});
  socket.write(header, "latin1");
  return socket;
}

function secure(port: Port, header: string, servername: string): tls.TLSSocket {
  return tls.connect({ socket: connect(port, header), servername, ca: authority.cert });
}

/** What comes back to `text`, to the end. */
async function answerTo(socket: net.Socket, text: string): Promise<string> {
  socket.on("error", () => {});
  socket.end(text);
  let answer = "";
  socket.on("data", (chunk: Buffer) => (answer += chunk.toString("latin1")));
  await new Promise((resolve) => socket.on("close", resolve));
  return answer;
}

const REQUEST = "GET / HTTP/1.1\r\nHost: www.example.org\r\nConnection: close\r\n\r\n";
const SEEN = /"x-forwarded-for",\s*"192\.0\.2\.9"/i;

for (const [version, header] of [
  ["1", LINE],
  ["2", BINARY],
] as const) {
  test(`version ${version}: HTTP and HTTPS listeners tell the endpoint the client of the header`, async () => {
    assert.match(await answerTo(connect("http", header), REQUEST), SEEN);
    assert.match(await answerTo(secure("https", header, "www.example.org"), REQUEST), SEEN);
  });

  test(`version ${version}: TCP and TLS listeners take the header off, and pass on the octets behind it`, async () => {
    assert.equal(await answerTo(connect("tcp", header), "hello"), "hello");
    assert.equal(await answerTo(secure("open", header, "open.example.org"), "hello"), "hello");
    assert.equal(await answerTo(secure("tls", header, "pass.example.org"), "hello"), "hello");
  });
}

test("section 2: a connection without a header is refused where one is expected, whatever it speaks", async () => {
  for (const port of ["http", "https", "tcp", "tls", "open"] as const) {
    assert.equal(await answerTo(connect(port, ""), REQUEST), "", port);
  }
});

test("section 2: a header from a source that is not named is refused, and reaches nobody (threats 17)", async () => {
  const { requestCount } = fabric.backends["infra/web"]!;
  for (const header of [LINE, BINARY, ""]) {
    assert.equal(await answerTo(connect("foreign", header), REQUEST), "");
  }
  assert.equal(fabric.backends["infra/web"]!.requestCount, requestCount);
});

/** Who a client is to the endpoint, in eight octets: address and port. */
const wordsOf = ({ localPort }: net.Socket): string =>
  `\x7f\0\0\x01\x7f\0\0\x01${String.fromCharCode(localPort! >> 8, localPort! & 255)}`;

test("sections 2.1 and 2.2: endpoints of TCP get the header of the client, then its octets", async () => {
  const line = connect("v1", "");
  const answer = await answerTo(line, "hello");
  assert.match(answer, /^PROXY TCP4 127\.0\.0\.1 127\.0\.0\.1 \d+ \d+\r\nhello$/);
  assert.ok(answer.endsWith(` ${fabric.ports.v1}\r\nhello`), answer);
  const binary = connect("v2", "");
  await once(binary, "connect");
  const words = wordsOf(binary);
  const bytes = await answerTo(binary, "hello");
  assert.equal(bytes.slice(0, 16), "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c");
  assert.equal(bytes.slice(16, 26), words);
  assert.equal(bytes.slice(28), "hello");
});

test("TLS that is passed on comes behind the header", async () => {
  const socket = connect("v2tls", "");
  socket.write(CLIENT_HELLO, "latin1");
  const bytes = await answerTo(socket, "");
  assert.equal(bytes.slice(0, 16), "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c");
  assert.equal(bytes.slice(28), CLIENT_HELLO);
});
