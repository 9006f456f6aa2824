/** How TLSRoutes and TCPRoutes meet listeners: the tables of the API's own suite for them. */
import assert from "node:assert/strict";
import { once } from "node:events";
import net from "node:net";
import { after, before, test } from "node:test";
import tls from "node:tls";
import { makeCertificateAuthority, type TestCertificateAuthority } from "@heddle/testkit";
import { type Fabric, listenerOf, openFabric, told, toldOf, toldOfRoute } from "./fabric.ts";
import {
  endpoint,
  gateway,
  httpListener,
  httpsListener,
  type Manifest,
  prefix,
  route,
  rule,
  service,
  tlsSecret,
} from "./manifests.ts";

type Spec = Record<string, unknown>;

/** Gateways whose TLS listener passes on, by the host name of that listener. */
const passing = { one: "abc.example.com", wildcard: "*.example.com", wide: "*.com", any: undefined };
/** TCP listeners of one Gateway. */
const streams = ["by-port", "by-section", "by-both", "contended"] as const;
/** Such Gateways too, with a newer route of a narrower name. */
const contested = { exact: "abc.example.com", narrower: "*.example.com" };
const ports = [
  ...(["http", "https", "opened", "conflicted", "shared"] as const),
  ...keysOf(passing),
  ...keysOf(contested),
  ...streams,
];
type Port = (typeof ports)[number];

let fabric: Fabric<Port>;
let authority: TestCertificateAuthority;
const servers: net.Server[] = [];

function keysOf<Key extends string>(value: Record<Key, unknown>): Key[] {
  return Object.keys(value) as Key[];
}

async function listen(server: net.Server): Promise<number> {
  servers.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as net.AddressInfo).port;
}

/** Both kinds of servers say their name and end. */
function speaking(name: string) {
  return (socket: net.Socket) => {
    socket.on("error", () => {});
    socket.end(name);
  };
}

function streamRoute(
  kind: "TCPRoute" | "TLSRoute",
  name: string,
  parentRef: Spec,
  backend: Spec,
  more: { hostnames?: readonly string[]; creationTimestamp?: string } = {},
): Manifest {
  const { hostnames, creationTimestamp } = more;
  return {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind,
    metadata: { namespace: "infra", name, ...(creationTimestamp !== undefined && { creationTimestamp }) },
    spec: {
      parentRefs: [parentRef],
      ...(hostnames && { hostnames }),
      rules: [{ backendRefs: [{ port: 8080, ...backend }] }],
    },
  };
}

const passTo = (name: string, gatewayName: string, hostname: string, backend: Spec, more: Spec = {}) =>
  streamRoute("TLSRoute", name, { name: gatewayName, ...more }, backend, { hostnames: [hostname] });

const kinds = (...names: string[]) => ({ allowedRoutes: { kinds: names.map((kind) => ({ kind })) } });

function tlsListener(name: string, port: number, hostname: string | undefined, more: Spec = {}): Spec {
  const mode = { tls: { mode: "Passthrough" } };
  return { name, port, protocol: "TLS", ...(hostname !== undefined && { hostname }), ...mode, ...more };
}

function intersecting(at: Record<Port, number>): Manifest[] {
  return [
    ...keysOf(passing).map((name) =>
      gateway(`infra/${name}`, [tlsListener("tls", at[name], passing[name], kinds("TLSRoute"))]),
    ),
    passTo("wider", "one", "*.example.com", { name: "first" }),
    passTo("wildcard-exact", "wildcard", "abc.example.com", { name: "first" }),
    passTo("wildcard-wider", "wildcard", "*.com", { name: "second" }),
    passTo("wide-exact", "wide", "abc.example.com", { name: "first" }),
    passTo("wide-narrower", "wide", "*.example.com", { name: "second" }),
    passTo("any-exact", "any", "abc.example.com", { name: "first" }),
    passTo("any-wildcard", "any", "*.com", { name: "second" }),
    passTo("apart", "one", "www.example1.com", { name: "first" }),
    passTo("apart-wildcard", "wildcard", "www.example1.com", { name: "first" }),
  ];
}

function contending(at: Record<Port, number>): Manifest[] {
  const contender = (parent: Port, hostname: string, name: string, creationTimestamp: string) =>
    streamRoute(
      "TLSRoute",
      `${parent}-${name}`,
      { name: parent },
      { name },
      { hostnames: [hostname], creationTimestamp },
    );
  return [
    ...keysOf(contested).map((name) =>
      gateway(`infra/${name}`, [tlsListener("tls", at[name], contested[name], kinds("TLSRoute"))]),
    ),
    contender("exact", "*.example.com", "first", "2026-01-01T00:00:00Z"),
    contender("exact", "abc.example.com", "second", "2026-01-03T00:00:00Z"),
    contender("narrower", "*.com", "first", "2026-01-01T00:00:00Z"),
    contender("narrower", "*.example.com", "second", "2026-01-03T00:00:00Z"),
  ];
}

function unfitting(at: Record<Port, number>): Manifest[] {
  return [
    gateway("infra/http", [httpListener("http", at.http)]),
    gateway("infra/https", [httpsListener("https", at.https, [{ name: "web" }])]),
    passTo("at-http", "http", "tls.example.com", { name: "first" }),
    passTo("at-https", "https", "tls.example.com", { name: "first" }),
    passTo("at-no-section", "any", "tls.example.com", { name: "first" }, { sectionName: "none" }),
    streamRoute("TCPRoute", "tcp-at-http", { name: "http" }, { name: "older" }),
    streamRoute("TCPRoute", "tcp-at-tls", { name: "any" }, { name: "older" }),
    passTo("to-nothing", "any", "nothing.example.org", { name: "nonexistent" }),
    passTo("to-a-kind", "any", "kind.example.org", { kind: "NonExistent", name: "first" }),
    passTo("to-another-namespace", "any", "namespace.example.org", { namespace: "web", name: "first" }),
    service("web/first"),
  ];
}

function conflicting(at: Record<Port, number>): Manifest[] {
  const certificate = [{ name: "web" }];
  return [
    gateway("infra/conflicted", [
      tlsListener("tls", at.opened, "abc.example.com", kinds("TLSRoute")),
      httpsListener("conflicted-https", at.conflicted, certificate, kinds("HTTPRoute")),
      tlsListener("conflicted-tls", at.conflicted, undefined, kinds("TLSRoute")),
    ]),
    route(
      "infra/of-another-kind",
      [{ name: "conflicted", sectionName: "tls" }],
      [rule([prefix("/")], "web")],
    ),
    passTo("control", "conflicted", "abc.example.com", { name: "first" }, { sectionName: "tls" }),
    gateway("infra/shared", [
      httpsListener("ends", at.shared, certificate, { hostname: "*.example.com", ...kinds("HTTPRoute") }),
      tlsListener("passes", at.shared, "abc.example.com", kinds("TLSRoute")),
      tlsListener("passes-two-kinds", at.shared, "kinds.example.com", kinds("TCPRoute", "TLSRoute")),
      tlsListener("ends-two-kinds", at.shared, "kinds.example.org", {
        ...kinds("TCPRoute", "TLSRoute"),
        tls: { mode: "Terminate", certificateRefs: certificate },
      }),
    ]),
    route("infra/ends", [{ name: "shared", sectionName: "ends" }], [rule([prefix("/")], "web")]),
    passTo("passes", "shared", "abc.example.com", { name: "first" }, { sectionName: "passes" }),
  ];
}

function streaming(at: Record<Port, number>): Manifest[] {
  const of = (more: Spec) => ({ name: "streams", ...more });
  const contender = (name: string, creationTimestamp: string) =>
    streamRoute("TCPRoute", name, of({ sectionName: "contended" }), { name }, { creationTimestamp });
  return [
    gateway(
      "infra/streams",
      streams.map((name) => ({ name, port: at[name], protocol: "TCP" })),
    ),
    streamRoute("TCPRoute", "by-port", of({ port: at["by-port"] }), { name: "older" }),
    streamRoute("TCPRoute", "by-section", of({ sectionName: "by-section" }), { name: "newer" }),
    streamRoute("TCPRoute", "by-both", of({ sectionName: "by-both", port: at["by-both"] }), {
      name: "older",
    }),
    streamRoute("TCPRoute", "by-neither", of({ sectionName: "by-both", port: at["by-port"] }), {
      name: "newer",
    }),
    contender("newer", "2026-01-03T00:00:00Z"),
    contender("older", "2026-01-01T00:00:00Z"),
  ];
}

before(async () => {
  authority = await makeCertificateAuthority();
  const issued = await authority.issue({ names: ["*.example.com", "*.example.org"] });
  const secured = (name: string) => tls.createServer({ cert: issued.cert, key: issued.key }, speaking(name));
  const behind = (name: string, port: number) => [
    service(`infra/${name}`, { appProtocol: "example.com/own" }),
    endpoint(`infra/${name}`, port),
  ];
  const [first, second, older, newer] = await Promise.all([
    listen(secured("first")),
    listen(secured("second")),
    listen(net.createServer(speaking("older"))),
    listen(net.createServer(speaking("newer"))),
  ]);
  fabric = await openFabric<Port>({
    ports,
    services: ["infra/web"],
    resources: (at) => [
      tlsSecret("infra/web", issued),
      ...behind("first", first!),
      ...behind("second", second!),
      ...behind("older", older!),
      ...behind("newer", newer!),
      ...intersecting(at),
      ...contending(at),
      ...unfitting(at),
      ...conflicting(at),
      ...streaming(at),
    ],
  });
});

after(async () => {
  await fabric[Symbol.asyncDispose]();
  for (const server of servers) server.close();
});

async function readAll(socket: net.Socket): Promise<string> {
  let text = "";
  for await (const chunk of socket) text += String(chunk);
  return text;
}

function secure(port: Port, servername: string): tls.TLSSocket {
  return tls.connect({ port: fabric.ports[port], host: "127.0.0.1", servername, ca: authority.cert });
}

/** What the server behind says, or the code of the error that the client gets; a close before TLS is a reset too. */
async function saidOverTls(port: Port, servername: string): Promise<string> {
  const socket = secure(port, servername);
  const opened = once(socket, "secureConnect").then(() => readAll(socket));
  return opened.catch((error: NodeJS.ErrnoException) => error.code ?? error.message);
}

const said = (port: Port) => readAll(net.connect(fabric.ports[port], "127.0.0.1"));

const routeSays = async (plural: "tlsroutes" | "tcproutes" | "httproutes", name: string, type: string) =>
  toldOfRoute(await fabric.read(plural, `infra/${name}`), type);

const listenerIs = async (gatewayName: string, name: string) =>
  listenerOf(await fabric.read("gateways", `infra/${gatewayName}`), name);

const kindsOf = async (gatewayName: string, name: string) =>
  (await listenerIs(gatewayName, name)).supportedKinds.map(({ kind }) => kind);

test("TLSRouteHostnameIntersection: the most specific name that listener and route share is taken", async () => {
  assert.equal(await saidOverTls("one", "abc.example.com"), "first");
  for (const port of ["wildcard", "wide", "any"] as const) {
    assert.equal(await saidOverTls(port, "abc.example.com"), "first", port);
    assert.equal(await saidOverTls(port, "other.example.com"), "second", port);
  }
});

test("TLSRouteHostnameIntersection: a name outside of it is hung up on, without a word of TLS", async () => {
  for (const [port, name] of [
    ["one", "other.example.com"],
    ["one", "non.matching.com"],
    ["wildcard", "non.matching.com"],
    ["wide", "non.matching.com"],
    ["any", "non.matching.org"],
  ] as const) {
    assert.equal(await saidOverTls(port, name), "ECONNRESET", `${name} at ${port}`);
  }
});

test("TLSRouteMultipleRoutesAttachmentSameHostnameIntersection: a route's own name counts before its age", async () => {
  for (const port of keysOf(contested)) {
    for (const name of ["first", "second"]) {
      assert.equal(
        await routeSays("tlsroutes", `${port}-${name}`, "ResolvedRefs"),
        "ResolvedRefs=True ResolvedRefs",
      );
    }
    assert.equal(await saidOverTls(port, "abc.example.com"), "second", port);
  }
});

test("TLSRouteInvalidNoMatchingListenerHostname: without a name in common it is not attached", async () => {
  for (const name of ["apart", "apart-wildcard"]) {
    assert.equal(await routeSays("tlsroutes", name, "Accepted"), "Accepted=False NoMatchingListenerHostname");
  }
  assert.equal((await listenerIs("one", "tls")).attachedRoutes, 1);
  assert.equal((await listenerIs("wildcard", "tls")).attachedRoutes, 2);
});

test("TLSRouteInvalidNoMatchingListener: a listener of another protocol, or none of that name", async () => {
  for (const [name, reason] of [
    ["at-http", "NotAllowedByListeners"],
    ["at-https", "NotAllowedByListeners"],
    ["at-no-section", "NoMatchingParent"],
  ] as const) {
    assert.equal(await routeSays("tlsroutes", name, "Accepted"), `Accepted=False ${reason}`, name);
  }
  assert.equal((await listenerIs("http", "http")).attachedRoutes, 0);
  assert.equal((await listenerIs("https", "https")).attachedRoutes, 0);
});

test("TLSRouteInvalidBackendRef: the route is attached, says what is wrong, and its connections end", async () => {
  for (const [name, host, reason] of [
    ["to-nothing", "nothing", "BackendNotFound"],
    ["to-a-kind", "kind", "InvalidKind"],
    ["to-another-namespace", "namespace", "RefNotPermitted"],
  ] as const) {
    assert.equal(await routeSays("tlsroutes", name, "Accepted"), "Accepted=True Accepted", name);
    assert.equal(await routeSays("tlsroutes", name, "ResolvedRefs"), `ResolvedRefs=False ${reason}`);
    assert.notEqual(await saidOverTls("any", `${host}.example.org`), "first");
  }
  assert.equal((await listenerIs("any", "tls")).attachedRoutes, 5);
});

test("TLSRouteListenerSupportedKinds: TLS that is passed on has no TCPRoute, TLS that is opened has", async () => {
  const passes = await listenerIs("shared", "passes-two-kinds");
  assert.equal(told(passes.conditions, "ResolvedRefs"), "ResolvedRefs=False InvalidRouteKinds");
  assert.deepEqual(await kindsOf("shared", "passes-two-kinds"), ["TLSRoute"]);
  const ends = await listenerIs("shared", "ends-two-kinds");
  assert.equal(told(ends.conditions, "ResolvedRefs"), "ResolvedRefs=True ResolvedRefs");
  assert.deepEqual((await kindsOf("shared", "ends-two-kinds")).toSorted(), ["TCPRoute", "TLSRoute"]);
});

test("GatewayListenerProtocolAndRouteKindConflicts: HTTPS and TLS of any name on a port are both out", async () => {
  assert.equal(
    await routeSays("httproutes", "of-another-kind", "Accepted"),
    "Accepted=False NotAllowedByListeners",
  );
  assert.equal(
    await routeSays("httproutes", "of-another-kind", "ResolvedRefs"),
    "ResolvedRefs=True ResolvedRefs",
  );
  for (const name of ["conflicted-https", "conflicted-tls"]) {
    const { conditions, attachedRoutes } = await listenerIs("conflicted", name);
    assert.equal(told(conditions, "Conflicted"), "Conflicted=True ProtocolConflict", name);
    assert.match(toldOf({ conditions }).join(), /^Accepted=False \w+,Programmed=False \w+$/);
    assert.equal(attachedRoutes, 0);
  }
  for (const name of ["https.example.org", "abc.example.com"]) {
    assert.match(await saidOverTls("conflicted", name), /^E[A-Z]+$/, name);
  }
  assert.equal((await listenerIs("conflicted", "tls")).attachedRoutes, 1);
  assert.equal(await saidOverTls("opened", "abc.example.com"), "first");
});

test("GatewayHTTPSAndTLSPassthroughSamePort: a name is passed on out of the middle of what HTTPS has", async () => {
  for (const [name, kind] of [
    ["ends", "HTTPRoute"],
    ["passes", "TLSRoute"],
  ] as const) {
    const { conditions, attachedRoutes } = await listenerIs("shared", name);
    assert.deepEqual(toldOf({ conditions }), ["Accepted=True Accepted", "Programmed=True Programmed"], name);
    assert.deepEqual([attachedRoutes, await kindsOf("shared", name)], [1, [kind]]);
  }
  assert.equal(await saidOverTls("shared", "abc.example.com"), "first");
  const host = "other.example.com";
  const answer = await fabric.ask("shared", "/", { host, tls: { servername: host, ca: authority.cert } });
  assert.equal(answer.servedBy, "infra/web");
});

test("TCPRouteParentRefPortAndSectionName: each says which listener, and both must be right", async () => {
  for (const [name, server] of [
    ["by-port", "older"],
    ["by-section", "newer"],
    ["by-both", "older"],
  ] as const) {
    assert.equal(await routeSays("tcproutes", name, "Accepted"), "Accepted=True Accepted", name);
    assert.equal(await said(name), server, name);
  }
  assert.equal(await routeSays("tcproutes", "by-neither", "Accepted"), "Accepted=False NoMatchingParent");
});

test("TCPRouteInvalidNonTCPListener: HTTP, and TLS that is passed on, have none", async () => {
  for (const name of ["tcp-at-http", "tcp-at-tls"]) {
    assert.equal(
      await routeSays("tcproutes", name, "Accepted"),
      "Accepted=False NotAllowedByListeners",
      name,
    );
  }
});

test("TCPRouteMultipleRoutesAttachment: all are attached, and the oldest has the connections", async () => {
  for (const name of ["older", "newer"]) {
    assert.equal(await routeSays("tcproutes", name, "Accepted"), "Accepted=True Accepted", name);
  }
  assert.equal((await listenerIs("streams", "contended")).attachedRoutes, 2);
  const names = await Promise.all(Array.from({ length: 20 }, () => said("contended")));
  assert.deepEqual(new Set(names), new Set(["older"]));
});
