import assert from "node:assert/strict";
import dgram from "node:dgram";
import { once } from "node:events";
import net from "node:net";
import { after, before, test } from "node:test";
import tls from "node:tls";
import {
  type IssuedCertificate,
  makeCertificateAuthority,
  type TestCertificateAuthority,
} from "@heddle/testkit";
import { eventually, type Fabric, listenerOf, openFabric, told, toldOf } from "./fabric.ts";
import {
  allowListeners,
  endpoint,
  gateway,
  grant,
  httpListener,
  httpsListener,
  listenerSet,
  type Manifest,
  prefix,
  route,
  rule,
  service,
  tlsSecret,
  to,
} from "./manifests.ts";

type Port = "http" | "more" | "raw" | "https" | "checked";
let fabric: Fabric<Port>;
let authority: TestCertificateAuthority;
let clients: TestCertificateAuthority;
const closing: { close(): unknown }[] = [];

type Spec = Record<string, unknown>;
const toSet = (name: string, more: Spec = {}): Spec => ({ kind: "ListenerSet", name, ...more });
const at = (name: string, port: number): Spec => httpListener(name, port, { hostname: `${name}.test` });
const secureAt = (name: string, port: number, secret: Spec): Spec =>
  httpsListener(name, port, [secret], { hostname: `${name}.test` });

const good = ["Accepted=True Accepted", "Programmed=True Programmed"];
const notValid = ["Accepted=False ListenersNotValid", "Programmed=False ListenersNotValid"];

before(async () => {
  authority = await makeCertificateAuthority();
  clients = await makeCertificateAuthority("Clients");
  const issue = (name: string) => authority.issue({ names: [name] });
  const [ofGateway, ofSet, ofTeam, inside] = (await Promise.all(
    ["own.test", "granted.test", "team.test", "inside.test"].map(issue),
  )) as [IssuedCertificate, IssuedCertificate, IssuedCertificate, IssuedCertificate];
  const [tcp, udp, secure] = [await openTcp(), await openUdp(), await openSecure(inside)];
  fabric = await openFabric<Port>({
    ports: ["http", "more", "raw", "https", "checked"],
    services: ["infra/v1", "team/v1"],
    args: ["--address-pool", "127.86.0.0/16", "--drain", "1"],
    resources: (ports) => [
      tlsSecret("vault/gateways", ofGateway),
      tlsSecret("vault/sets", ofSet),
      tlsSecret("team/team", ofTeam),
      grant("vault/gateways", { kind: "Gateway", namespace: "infra" }, { kind: "Secret", name: "gateways" }),
      grant("vault/sets", { kind: "ListenerSet", namespace: "infra" }, { kind: "Secret", name: "sets" }),
      ...certificates(ports),
      {
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: { namespace: "infra", name: "clients" },
        data: { "ca.crt": clients.cert },
      },
      service("infra/tcp", { appProtocol: "example.com/own" }),
      endpoint("infra/tcp", tcp),
      service("infra/inside", { appProtocol: "example.com/own" }),
      endpoint("infra/inside", secure),
      service("infra/udp", { protocol: "UDP" }),
      { ...endpoint("infra/udp", udp), ports: [{ name: "http", port: udp, protocol: "UDP" }] },
      ...streams(ports),
    ],
  });
});
after(async () => {
  await fabric[Symbol.asyncDispose]();
  for (const one of closing) one.close();
});

async function openTcp(): Promise<number> {
  const server = net.createServer((socket) => socket.on("error", () => {}).end("tcp\n"));
  closing.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as net.AddressInfo).port;
}

async function openUdp(): Promise<number> {
  const server = dgram.createSocket("udp4");
  closing.push(server);
  server.on("message", (bytes, from) => server.send(`udp:${bytes.toString()}`, from.port, from.address));
  server.bind(0, "127.0.0.1");
  await once(server, "listening");
  return server.address().port;
}

async function openSecure(certificate: IssuedCertificate): Promise<number> {
  const server = tls.createServer(certificate, (socket) => socket.on("error", () => {}).end("inside\n"));
  closing.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as net.AddressInfo).port;
}

/** A Gateway of which ListenerSets have certificates of their own, of one port with rules for clients. */
function certificates({ https, checked }: Record<Port, number>): Manifest[] {
  const abroad = (name: string) => ({ name, namespace: "vault" });
  const refs = [{ group: "", kind: "ConfigMap", name: "clients" }];
  return [
    gateway("infra/secure", [secureAt("own", https, abroad("gateways"))], {
      ...allowListeners("All"),
      tls: {
        frontend: {
          default: {},
          perPort: [{ port: checked, tls: { validation: { caCertificateRefs: refs } } }],
        },
      },
    }),
    route("infra/own", "secure", [rule([prefix("/")], "v1")]),
    listenerSet("infra/granted", "secure", [secureAt("granted", https, abroad("sets"))]),
    // The Gateway's grant is not its ListenerSets'.
    listenerSet("infra/inheriting", "secure", [secureAt("inheriting", https, abroad("gateways"))]),
    // Granted to ListenerSets of another namespace.
    listenerSet("team/without", "infra/secure", [secureAt("without", https, abroad("sets"))]),
    // Granted to ListenerSets, not to Gateways.
    gateway("infra/borrowing", [secureAt("borrowing", https, abroad("sets"))]),
    listenerSet("team/team", "infra/secure", [
      secureAt("team", https, { name: "team" }),
      secureAt("checked", checked, { name: "team" }),
    ]),
    ...["granted", "inheriting"].map((name) =>
      route(`infra/${name}`, [toSet(name)], [rule([prefix("/")], "v1")]),
    ),
    route("team/team", [toSet("team")], [rule([prefix("/")], "v1")]),
    route("team/without", [toSet("without")], [rule([prefix("/")], "v1")]),
  ];
}

function streams({ http, raw, https }: Record<Port, number>): Manifest[] {
  const stream = (kind: string, backend: string): Manifest => ({
    apiVersion: "gateway.networking.k8s.io/v1",
    kind,
    metadata: { namespace: "infra", name: "streams" },
    spec: { parentRefs: [toSet("streams")], rules: [{ backendRefs: [to(backend)] }] },
  });
  return [
    gateway("infra/streams", [at("own", http)], allowListeners("Same")),
    listenerSet("infra/streams", "streams", [
      { name: "tcp", port: raw, protocol: "TCP" },
      { name: "udp", port: raw, protocol: "UDP" },
      { name: "tls", port: https, protocol: "TLS", hostname: "inside.test", tls: { mode: "Passthrough" } },
    ]),
    {
      apiVersion: "gateway.networking.k8s.io/v1",
      kind: "TLSRoute",
      metadata: { namespace: "infra", name: "streams" },
      spec: {
        parentRefs: [toSet("streams")],
        hostnames: ["inside.test"],
        rules: [{ backendRefs: [to("inside")] }],
      },
    },
    stream("TCPRoute", "tcp"),
    stream("UDPRoute", "udp"),
  ];
}

const addressOf = async (name: string) =>
  (await fabric.read("gateways", `infra/${name}`)).status.addresses[0]!.value;
const setOf = async (name: string) => (await fabric.read("listenersets", name)).status;
const resolvedOf = async (plural: string, name: string) =>
  (await fabric.read(plural, name)).status.listeners.map(({ conditions }) =>
    told(conditions, "ResolvedRefs"),
  );

/** A request over TLS to `secure`, by that server name and host. */
async function askSecure(
  servername: string,
  { host = servername, port = "https" as Port, client = {} as Partial<IssuedCertificate> } = {},
) {
  const address = await addressOf("secure");
  return fabric.ask(port, "/", { address, host, tls: { ca: authority.cert, servername, ...client } });
}

test("ListenerSetReferenceGrant: what is granted to a ListenerSet, and nothing else, is its own", async () => {
  assert.deepEqual(toldOf(await setOf("infra/granted")), good);
  assert.deepEqual(await resolvedOf("listenersets", "infra/granted"), ["ResolvedRefs=True ResolvedRefs"]);
  const { servedBy, certificateNames } = await askSecure("granted.test");
  assert.deepEqual([servedBy, certificateNames], ["infra/v1", "DNS:granted.test"]);
  for (const name of ["infra/inheriting", "team/without"]) {
    assert.deepEqual(toldOf(await setOf(name)), notValid, name);
    assert.deepEqual(await resolvedOf("listenersets", name), ["ResolvedRefs=False RefNotPermitted"], name);
    await assert.rejects(askSecure(`${name.split("/")[1]!}.test`), name);
  }
  assert.deepEqual(await resolvedOf("gateways", "infra/borrowing"), ["ResolvedRefs=False RefNotPermitted"]);
  assert.equal((await fabric.read("gateways", "infra/secure")).status.attachedListenerSets, 2);
});

test("ListenerSetCrossNamespace: certificates, routes and backends of the ListenerSet's own namespace", async () => {
  assert.deepEqual(toldOf(await setOf("team/team")), good);
  const { servedBy, certificateNames } = await askSecure("team.test");
  assert.deepEqual([servedBy, certificateNames], ["team/v1", "DNS:team.test"]);
  assert.equal((await askSecure("own.test")).certificateNames, "DNS:own.test");
  // A connection for one listener brings no requests to another.
  assert.equal((await askSecure("team.test", { host: "own.test" })).status, 421);
});

test("ListenerSetFrontendClientCertificateValidation: the Gateway's rules for a port hold for its ListenerSets", async () => {
  const [known, unknown] = [
    await clients.issue({ names: ["client.test"], use: "client" }),
    await authority.issue({ names: ["client.test"], use: "client" }),
  ];
  const ask = (client?: IssuedCertificate) =>
    askSecure("checked.test", { port: "checked", client: client ?? {} });
  assert.equal((await ask(known)).servedBy, "team/v1");
  await assert.rejects(ask(unknown));
  await assert.rejects(ask());
});

test("ListenerSetTLSRoute: TLS that a ListenerSet's listener passes on", async () => {
  assert.deepEqual(toldOf(listenerOf(await fabric.read("listenersets", "infra/streams"), "tls")), good);
  const socket = tls.connect({
    host: await addressOf("streams"),
    port: fabric.ports.https,
    servername: "inside.test",
    ca: authority.cert,
  });
  const [line] = (await once(socket, "data")) as [Buffer];
  socket.destroy();
  assert.equal(String(line), "inside\n");
});

test("ListenerSetStreamRoutes: TCP and UDP listeners of a ListenerSet, on one port", async () => {
  const host = await addressOf("streams");
  const socket = net.connect({ host, port: fabric.ports.raw });
  const [line] = (await once(socket, "data")) as [Buffer];
  socket.destroy();
  assert.equal(String(line), "tcp\n");
  const client = dgram.createSocket("udp4");
  client.send("hello", fabric.ports.raw, host);
  const [answer] = (await once(client, "message")) as [Buffer];
  client.close();
  assert.equal(String(answer), "udp:hello");
  assert.deepEqual(
    (await setOf("infra/streams")).listeners.map((one) => [one.name, one.attachedRoutes]),
    [
      ["tcp", 1],
      ["udp", 1],
      ["tls", 1],
    ],
  );
});

test("ListenerSetRemoved: its listeners and their sockets go, and what is under way is finished", async () => {
  const set = listenerSet("infra/passing", "passing", [httpListener("more", fabric.ports.more)]);
  const rest = [
    gateway("infra/passing", [at("own", fabric.ports.http)], allowListeners("Same")),
    route("infra/passing", [{ name: "passing" }, toSet("passing")], [rule([prefix("/")], "v1")]),
  ];
  fabric.put("passing", [...rest, set]);
  const served = async (port: Port, host: string) =>
    (await fabric.ask(port, "/", { address: await addressOf("passing"), host })).servedBy;
  await eventually(async () => assert.equal(await served("more", "any.test"), "infra/v1"));
  const address = await addressOf("passing");
  // Its body comes after the listener has gone.
  const slow = net.connect({ host: address, port: fabric.ports.more });
  let text = "";
  slow.on("data", (bytes) => (text += String(bytes)));
  const backend = fabric.backends["infra/v1"]!;
  const before = backend.requestCount;
  slow.write("POST / HTTP/1.1\r\nHost: any.test\r\nContent-Length: 5\r\n\r\n");
  await eventually(() => assert.equal(backend.requestCount, before + 1));
  fabric.put("passing", rest);
  await eventually(() => assert.rejects(fabric.ask("more", "/", { address }), /ECONNREFUSED/));
  slow.write("hello");
  await eventually(() => assert.match(text, /^HTTP\/1\.1 200 .*"bodyLength":5/s));
  slow.destroy();
  assert.equal(await served("http", "own.test"), "infra/v1");
  const { status } = await fabric.read("gateways", "infra/passing");
  assert.equal(status.attachedListenerSets, 0);
  const { parents } = (await fabric.read("httproutes", "infra/passing")).status;
  assert.deepEqual(
    parents.map(({ parentRef, conditions }) => [parentRef.kind, told(conditions, "Accepted")]),
    [["Gateway", "Accepted=True Accepted"]],
  );
});
