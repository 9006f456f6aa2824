import assert from "node:assert/strict";
import dgram from "node:dgram";
import { once } from "node:events";
import { after, before, test } from "node:test";
import { eventually, type Fabric, listenerOf, openFabric, toldOfRoute } from "./fabric.ts";
import { endpoint, gateway, type Manifest, service, to } from "./manifests.ts";

type Port = "dns" | "other" | "weighted" | "hashed";
let fabric: Fabric<Port>;
const servers: dgram.Socket[] = [];

/** Answers each datagram with its name before it. */
async function openNamed(name: string): Promise<number> {
  const server = dgram.createSocket("udp4");
  servers.push(server);
  server.on("message", (bytes, from) => server.send(`${name}:${bytes.toString()}`, from.port, from.address));
  server.bind(0, "127.0.0.1");
  await once(server, "listening");
  return server.address().port;
}

function udpRoute(name: string, parent: Record<string, unknown>, backendRefs: readonly unknown[]): Manifest {
  return {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "UDPRoute",
    metadata: { namespace: "infra", name },
    spec: { parentRefs: [{ name: "udp", ...parent }], rules: [{ backendRefs }] },
  };
}

const udpService = (name: string, port: number): Manifest[] => [
  service(`infra/${name}`, { protocol: "UDP" }),
  { ...endpoint(`infra/${name}`, port), ports: [{ name: "http", port, protocol: "UDP" }] },
];

/** A Backend whose endpoints go by the client's address. */
function hashedBackend(ports: readonly number[]): Manifest[] {
  const metadata = { namespace: "infra", name: "both" };
  const endpoints = ports.map((port) => ({ address: "127.0.0.1", port }));
  const targetRefs = [{ group: "heddle.dev", kind: "Backend", name: "both" }];
  const balancing = { algorithm: "Maglev", hash: { on: "Source" } };
  return [
    { apiVersion: "heddle.dev/v1alpha1", kind: "Backend", metadata, spec: { endpoints } },
    {
      apiVersion: "heddle.dev/v1alpha1",
      kind: "TrafficPolicy",
      metadata,
      spec: { targetRefs, balancing },
    },
  ];
}

before(async () => {
  const [one, two] = [await openNamed("one"), await openNamed("two")];
  fabric = await openFabric<Port>({
    ports: ["dns", "other", "weighted", "hashed"],
    services: ["infra/web"],
    // The last of several counts: a port of UDP is one worker's, whichever it is.
    args: ["--workers", "2", "--drain", "1"],
    resources: (ports) => [
      ...udpService("one", one),
      ...udpService("two", two),
      gateway("infra/udp", [
        { name: "dns", protocol: "UDP", port: ports.dns },
        { name: "dns-tcp", protocol: "TCP", port: ports.dns },
        { name: "other", protocol: "UDP", port: ports.other },
        { name: "weighted", protocol: "UDP", port: ports.weighted },
        { name: "hashed", protocol: "UDP", port: ports.hashed },
      ]),
      udpRoute("by-name", { sectionName: "dns" }, [to("one")]),
      udpRoute("by-port", { port: ports.other }, [to("two")]),
      udpRoute("weighted", { sectionName: "weighted" }, [
        to("one", { weight: 70 }),
        to("missing", { weight: 30 }),
      ]),
      ...hashedBackend([one, two]),
      udpRoute("hashed", { sectionName: "hashed" }, [{ group: "heddle.dev", kind: "Backend", name: "both" }]),
      udpRoute("on-tcp", { sectionName: "dns-tcp" }, [to("one")]),
      udpRoute("tcp-backend", { sectionName: "dns" }, [to("web")]),
    ],
  });
});
after(async () => {
  await fabric[Symbol.asyncDispose]();
  for (const server of servers) server.close();
});

/** The answer to one datagram of a client of its own; "" when none comes. */
async function ask(
  port: Port,
  text: string,
  waitMs: number = 3_000,
  address: string = "127.0.0.1",
): Promise<string> {
  const socket = dgram.createSocket("udp4");
  try {
    socket.bind(0, address);
    await once(socket, "listening");
    socket.send(text, fabric.ports[port], "127.0.0.1");
    const [bytes, from] = await once(socket, "message", { signal: AbortSignal.timeout(waitMs) });
    assert.equal(from.port, fabric.ports[port], "the answer comes from the listener");
    return String(bytes);
  } catch (error) {
    if ((error as Error).name !== "AbortError") throw error;
    return "";
  } finally {
    socket.close();
  }
}

const conditions = async (name: string) => {
  const found = await fabric.read("udproutes", `infra/${name}`);
  return [toldOfRoute(found, "Accepted"), toldOfRoute(found, "ResolvedRefs")];
};
const good = ["Accepted=True Accepted", "ResolvedRefs=True ResolvedRefs"];

test("UDPRoute: datagrams go to the backend and back, and each client has its own answers", async () => {
  assert.equal(await ask("dns", "hello"), "one:hello");
  const texts = Array.from({ length: 50 }, (_, i) => `query ${i}`);
  const answers = await Promise.all(texts.map((text) => ask("dns", text)));
  assert.deepEqual(
    answers,
    texts.map((text) => `one:${text}`),
  );
  const { supportedKinds, attachedRoutes } = listenerOf(await fabric.read("gateways", "infra/udp"), "dns");
  assert.deepEqual(supportedKinds, [{ group: "gateway.networking.k8s.io", kind: "UDPRoute" }]);
  assert.equal(attachedRoutes, 2);
});

test("UDPRouteParentRef: a listener is found by sectionName and by port", async () => {
  assert.equal(await ask("other", "hello"), "two:hello");
  assert.deepEqual(await conditions("by-name"), good);
  assert.deepEqual(await conditions("by-port"), good);
});

test("UDPRouteWeight: the share of a backend that does not resolve is dropped", async () => {
  const answers = await Promise.all(Array.from({ length: 200 }, () => ask("weighted", "x", 1_500)));
  const answered = answers.filter((text) => text === "one:x").length;
  assert.ok(answered > 105 && answered < 175, `${answered} of 200`);
  assert.equal(answers.filter((text) => text === "").length, 200 - answered);
});

test("UDPRouteInvalid: a listener of another protocol, and ports of another", async () => {
  assert.equal((await conditions("on-tcp"))[0], "Accepted=False NotAllowedByListeners");
  assert.equal((await conditions("tcp-backend"))[1], "ResolvedRefs=False UnsupportedProtocol");
  assert.equal((await conditions("weighted"))[1], "ResolvedRefs=False BackendNotFound");
});

test("UDPRouteManyWorkers: datagrams of one client stay in one session, through a change", async () => {
  const socket = dgram.createSocket("udp4");
  const got: string[] = [];
  socket.on("message", (bytes) => got.push(bytes.toString()));
  const say = (text: string) => socket.send(text, fabric.ports.dns, "127.0.0.1");
  say("a");
  await eventually(() => assert.deepEqual(got, ["one:a"]));
  fabric.put("more", [service("infra/more")]);
  for (let i = 0; i < 20; i++) say(`${i}`);
  await eventually(() => assert.equal(got.length, 21));
  socket.close();
  const metrics = await (await fetch(`${fabric.heddle.api}/metrics`)).text();
  const opened = /heddle_connections_total\{listener="\[::\]\/\d+\/udp"\} \d+/g;
  assert.ok((metrics.match(opened) ?? []).length >= 3, metrics.slice(0, 200));
  assert.match(metrics, /heddle_datagrams_total\{listener="[^"]+",direction="in"\} \d+/);
});

test("UDPRouteHashBySource: sessions of one client address go to one endpoint, those of others to others", async () => {
  const from = (address: string) => ask("hashed", "x", 3_000, address);
  const first = await from("127.0.0.1");
  const again = await Promise.all(Array.from({ length: 20 }, () => from("127.0.0.1")));
  assert.deepEqual([...new Set(again)], [first]);
  const addresses = Array.from({ length: 40 }, (_, i) => `127.0.7.${i + 1}`);
  const others = new Set(await Promise.all(addresses.map(from)));
  assert.deepEqual([...others].sort(), ["one:x", "two:x"]);
});
