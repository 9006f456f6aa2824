import assert from "node:assert/strict";
import { once } from "node:events";
import http2 from "node:http2";
import { after, before, test } from "node:test";
import tls from "node:tls";
import {
  type IssuedCertificate,
  makeCertificateAuthority,
  type TestCertificateAuthority,
} from "@heddle/testkit";
import { eventually, type Fabric, listenerOf, openFabric, told } from "./fabric.ts";
import {
  gateway,
  grant,
  httpListener,
  httpsListener,
  type Manifest,
  prefix,
  route,
  rule,
  tlsSecret,
} from "./manifests.ts";

type Port =
  | "default"
  | "perPort"
  | "fallback"
  | "fallbackPerPort"
  | "plain"
  | "invalid"
  | "granted"
  | "closed"
  | "kind"
  | "half"
  | "rotated";
let fabric: Fabric<Port>;
let server: TestCertificateAuthority;
let clients: TestCertificateAuthority;
let others: TestCertificateAuthority;
let good: IssuedCertificate;
let otherGood: IssuedCertificate;
/** Certificates by what is wrong with them, under the authority of the default. */
const bad = new Map<string, IssuedCertificate | undefined>();

const versions = ["TLSv1.2", "TLSv1.3"] as const;
const ca = (name: string, more: Record<string, unknown> = {}) => ({
  group: "",
  kind: "ConfigMap",
  name,
  ...more,
});
const validation = (refs: readonly unknown[], mode?: string) => ({
  validation: { caCertificateRefs: refs, ...(mode !== undefined && { mode }) },
});
const frontend = (byDefault: Record<string, unknown>, perPort: readonly unknown[] = []) => ({
  tls: { frontend: { default: byDefault, ...(perPort.length > 0 && { perPort }) } },
});

function configMap(name: string, pem: string): Manifest {
  const [namespace, own] = name.split("/");
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { namespace, name: own }, data: { "ca.crt": pem } };
}

function edge(name: string, listeners: [string, number][], more: Record<string, unknown>): Manifest[] {
  return [
    gateway(
      `infra/${name}`,
      listeners.map(([own, port]) => httpsListener(own, port, [{ name: "server" }])),
      more,
    ),
    route(`infra/${name}`, name, [rule([prefix("/")], "v1")]),
  ];
}

before(async () => {
  [server, clients, others] = (await Promise.all(
    ["Servers", "Clients", "Others"].map((name) => makeCertificateAuthority(name)),
  )) as [TestCertificateAuthority, TestCertificateAuthority, TestCertificateAuthority];
  const own = await server.issue({ names: ["example.org"] });
  good = await clients.issue({ names: ["client.test"], use: "client" });
  otherGood = await others.issue({ names: ["client.test"], use: "client" });
  bad.set("none", undefined);
  bad.set("of another authority", otherGood);
  bad.set("expired", await clients.issue({ names: ["client.test"], use: "client", validity: "expired" }));
  bad.set(
    "not valid yet",
    await clients.issue({ names: ["client.test"], use: "client", validity: "future" }),
  );
  bad.set("for servers", await clients.issue({ names: ["client.test"], use: "server" }));
  // Of the same name as the right authority, and with its certificate beside it.
  const impostor = await (await makeCertificateAuthority("Clients")).issue({ names: ["client.test"] });
  bad.set("of an impostor", { cert: `${impostor.cert}\n${clients.cert}`, key: impostor.key });
  fabric = await openFabric<Port>({
    ports: [
      "default",
      "perPort",
      "fallback",
      "fallbackPerPort",
      "plain",
      "invalid",
      "granted",
      "closed",
      "kind",
      "half",
      "rotated",
    ],
    services: ["infra/v1"],
    resources: (ports) => [
      tlsSecret("infra/server", own),
      configMap("infra/clients", clients.cert),
      configMap("infra/others", others.cert),
      configMap("granted/clients", clients.cert),
      configMap("closed/clients", clients.cert),
      grant("granted/grant", { kind: "Gateway", namespace: "infra" }, { kind: "ConfigMap" }),
      ...edge(
        "strict",
        [
          ["default", ports.default],
          ["per-port", ports.perPort],
        ],
        frontend(validation([ca("clients")]), [{ port: ports.perPort, tls: validation([ca("others")]) }]),
      ),
      ...edge(
        "fallback",
        [
          ["default", ports.fallback],
          ["per-port", ports.fallbackPerPort],
        ],
        frontend(validation([ca("clients")], "AllowInsecureFallback"), [
          { port: ports.fallbackPerPort, tls: validation([ca("others")], "AllowInsecureFallback") },
        ]),
      ),
      gateway(
        "infra/invalid",
        [httpListener("http", ports.plain), httpsListener("https", ports.invalid, [{ name: "server" }])],
        frontend(validation([ca("no-such")])),
      ),
      route("infra/invalid", "invalid", [rule([prefix("/")], "v1")]),
      ...edge(
        "granted",
        [["https", ports.granted]],
        frontend(validation([ca("clients", { namespace: "granted" })])),
      ),
      ...edge(
        "closed",
        [["https", ports.closed]],
        frontend(validation([ca("clients", { namespace: "closed" })])),
      ),
      ...edge("kind", [["https", ports.kind]], frontend(validation([ca("clients", { kind: "Service" })]))),
      ...edge("half", [["https", ports.half]], frontend(validation([ca("no-such"), ca("clients")]))),
    ],
  });
});
after(() => fabric[Symbol.asyncDispose]());

interface Client {
  certificate?: IssuedCertificate | undefined;
  version?: (typeof versions)[number];
  session?: Buffer | undefined;
  servername?: string;
}

async function connect(
  port: Port,
  { certificate, version = "TLSv1.3", session, servername = "example.org" }: Client,
) {
  const socket = tls.connect({
    host: "127.0.0.1",
    port: fabric.ports[port],
    ca: server.cert,
    servername,
    checkServerIdentity: () => undefined,
    minVersion: version,
    maxVersion: version,
    ...(certificate !== undefined && certificate),
    ...(session !== undefined && { session }),
  });
  socket.on("error", () => {});
  return socket;
}

/** An error on the way is one way to be refused. */
function closing(socket: tls.TLSSocket): Promise<void> {
  return new Promise((resolve) => (socket.closed ? resolve() : socket.once("close", () => resolve())));
}

/** The octets of the response's body: none where the connection is refused, in whichever way. */
async function bodyBytes(port: Port, client: Client): Promise<number> {
  const socket = await connect(port, client);
  socket.write("GET / HTTP/1.1\r\nHost: example.org\r\nConnection: close\r\n\r\n");
  let text = "";
  socket.on("data", (bytes: Buffer) => (text += bytes.toString("latin1")));
  await closing(socket);
  assert.ok(text === "" || text.startsWith("HTTP/1.1 200"), text);
  return text === "" ? 0 : text.length - text.indexOf("\r\n\r\n") - 4;
}

const conditionsOf = async (name: string, listener: string) => {
  const { conditions } = listenerOf(await fabric.read("gateways", `infra/${name}`), listener);
  return ["Accepted", "Programmed", "ResolvedRefs"].map((type) => told(conditions, type));
};
const allGood = ["Accepted=True Accepted", "Programmed=True Programmed", "ResolvedRefs=True ResolvedRefs"];

test("GatewayFrontendClientCertificateValidation: clients with a good certificate are served, by default and per port", async () => {
  assert.deepEqual(await conditionsOf("strict", "default"), allGood);
  assert.deepEqual(await conditionsOf("strict", "per-port"), allGood);
  for (const version of versions) {
    assert.ok((await bodyBytes("default", { certificate: good, version })) > 0, version);
    assert.ok((await bodyBytes("perPort", { certificate: otherGood, version })) > 0, version);
    assert.equal(await bodyBytes("perPort", { certificate: good, version }), 0, version);
  }
});

test("GatewayFrontendClientCertificateValidation: others get not one octet, with and without a server name", async () => {
  for (const version of versions) {
    for (const servername of ["example.org", ""]) {
      assert.ok((await bodyBytes("default", { certificate: good, version, servername })) > 0);
      for (const [what, certificate] of bad) {
        assert.equal(
          await bodyBytes("default", { certificate, version, servername }),
          0,
          `${version} ${what}`,
        );
      }
    }
  }
});

test("GatewayFrontendClientCertificateValidation: no session stands for a certificate", async () => {
  for (const version of versions) {
    const first = await connect("default", { certificate: good, version });
    const sessions: Buffer[] = [];
    first.on("session", (session: Buffer) => sessions.push(session));
    first.write("GET / HTTP/1.1\r\nHost: example.org\r\nConnection: close\r\n\r\n");
    first.resume();
    await closing(first);
    for (const session of [...sessions, first.getSession()]) {
      assert.equal(await bodyBytes("default", { version, session }), 0, version);
      assert.ok((await bodyBytes("default", { version, session, certificate: good })) > 0, version);
    }
  }
});

test("GatewayFrontendClientCertificateValidationInsecureFallback: every client is served, and the Gateway says so", async () => {
  for (const version of versions) {
    for (const certificate of [good, otherGood, ...bad.values()]) {
      for (const port of ["fallback", "fallbackPerPort"] as const) {
        assert.ok((await bodyBytes(port, { certificate, version })) > 0, `${port} ${version}`);
      }
    }
  }
  const said = async (name: string) =>
    told(
      (await fabric.read("gateways", `infra/${name}`)).status.conditions,
      "InsecureFrontendValidationMode",
    );
  assert.equal(await said("fallback"), "InsecureFrontendValidationMode=True ConfigurationChanged");
  assert.equal(await said("strict"), "no InsecureFrontendValidationMode");
});

test("GatewayFrontendInvalidDefaultClientCertificateValidation: without an authority HTTPS is not served, and HTTP is", async () => {
  assert.deepEqual(await conditionsOf("invalid", "http"), allGood);
  assert.equal((await fabric.ask("plain", "/")).servedBy, "infra/v1");
  assert.deepEqual(await conditionsOf("invalid", "https"), [
    "Accepted=False NoValidCACertificate",
    "Programmed=False Invalid",
    "ResolvedRefs=False InvalidCACertificateRef",
  ]);
  for (const certificate of [good, undefined]) assert.equal(await bodyBytes("invalid", { certificate }), 0);
});

test("GatewayFrontendClientCertificateValidation: authorities of other namespaces take a grant", async () => {
  assert.deepEqual(await conditionsOf("granted", "https"), allGood);
  assert.ok((await bodyBytes("granted", { certificate: good })) > 0);
  const [accepted, , resolved] = await conditionsOf("closed", "https");
  assert.deepEqual(
    [accepted, resolved],
    ["Accepted=False NoValidCACertificate", "ResolvedRefs=False RefNotPermitted"],
  );
  assert.equal(await bodyBytes("closed", { certificate: good }), 0);
});

test("GatewayFrontendClientCertificateValidation: of several references those that resolve are in force", async () => {
  const [accepted, , resolved] = await conditionsOf("kind", "https");
  assert.deepEqual(
    [accepted, resolved],
    ["Accepted=False NoValidCACertificate", "ResolvedRefs=False InvalidCACertificateKind"],
  );
  const half = await conditionsOf("half", "https");
  assert.deepEqual(
    [half[0], half[2]],
    ["Accepted=True Accepted", "ResolvedRefs=False InvalidCACertificateRef"],
  );
  assert.ok((await bodyBytes("half", { certificate: good })) > 0);
  assert.equal(await bodyBytes("half", { certificate: otherGood }), 0);
});

test("GatewayFrontendClientCertificateValidation: other authorities hold at once, and connections under the old ones end", async () => {
  const put = (pem: string) =>
    fabric.put("rotated", [
      configMap("infra/rotated", pem),
      ...edge("rotated", [["https", fabric.ports.rotated]], frontend(validation([ca("rotated")]))),
    ]);
  put(clients.cert);
  await eventually(async () => assert.ok((await bodyBytes("rotated", { certificate: good })) > 0));
  const held = await connect("rotated", { certificate: good });
  held.write("GET / HTTP/1.1\r\nHost: example.org\r\n\r\n");
  await once(held, "data");
  const closed = closing(held);
  held.resume();
  const session = http2.connect(`https://127.0.0.1:${fabric.ports.rotated}`, {
    ...good,
    ca: server.cert,
    servername: "example.org",
    checkServerIdentity: () => undefined,
  });
  const ended = once(session, "close");
  const stream = session.request({ ":path": "/", ":authority": "example.org" });
  const [headers] = (await once(stream, "response")) as [http2.IncomingHttpHeaders];
  assert.equal(headers[":status"], 200);
  stream.resume();
  put(others.cert);
  await Promise.all([closed, ended]);
  await eventually(async () => assert.ok((await bodyBytes("rotated", { certificate: otherGood })) > 0));
  assert.equal(await bodyBytes("rotated", { certificate: good }), 0);
});
