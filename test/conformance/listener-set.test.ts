import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { eventually, type Fabric, listenerOf, openFabric, told, toldOf } from "./fabric.ts";
import {
  allowListeners,
  gateway,
  httpListener,
  listenerSet,
  type Manifest,
  namespace,
  prefix,
  route,
  rule,
} from "./manifests.ts";

type Port = "http" | "more";
let fabric: Fabric<Port>;

const good = ["Accepted=True Accepted", "Programmed=True Programmed"];
const notAllowed = ["Accepted=False NotAllowed", "Programmed=False NotAllowed"];
const notValid = ["Accepted=False ListenersNotValid", "Programmed=False ListenersNotValid"];
const partlyValid = ["Accepted=True ListenersNotValid", "Programmed=True Programmed"];
const conflicted = (reason: string) => [
  `Accepted=False ${reason}`,
  `Programmed=False ${reason}`,
  `Conflicted=True ${reason}`,
];

/** Each Gateway gets an address of its own, so all of them have the same ports. */
before(async () => {
  fabric = await openFabric<Port>({
    ports: ["http", "more"],
    services: ["infra/v1", "infra/v2"],
    args: ["--address-pool", "127.84.0.0/16"],
    resources: (ports) => [
      namespace("chosen", { listeners: "welcome" }),
      namespace("other", {}),
      ...taking("by-default", ports, {}),
      ...taking("none", ports, allowListeners("None")),
      ...taking("same", ports, allowListeners("Same")),
      ...taking("selecting", ports, allowListeners("Selector", { matchLabels: { listeners: "welcome" } })),
      ...taking("all", ports, allowListeners("All")),
      ...hostnameConflict(ports.http),
      ...protocolConflict(ports.http),
      gateway(
        "infra/not-accepted",
        [{ name: "odd", port: ports.http, protocol: "example.com/odd" }],
        allowListeners("Same"),
      ),
      listenerSet("infra/of-not-accepted", "not-accepted", [httpListener("more", ports.more)]),
    ],
  });
});
after(() => fabric[Symbol.asyncDispose]());

/** A Gateway with a ListenerSet in each of three namespaces. */
function taking(name: string, ports: Record<Port, number>, allowed: Record<string, unknown>): Manifest[] {
  return [
    gateway(`infra/${name}`, [httpListener("http", ports.http)], allowed),
    ...["infra", "chosen", "other"].map((one) =>
      listenerSet(`${one}/of-${name}`, `infra/${name}`, [
        httpListener("more", ports.more, { hostname: `${one}.test` }),
      ]),
    ),
  ];
}

/** Its ListenerSets are of one age, so their names decide. */
function hostnameConflict(port: number): Manifest[] {
  const at = (name: string) => httpListener(name, port, { hostname: `${name}.test` });
  const parent = "hostname-conflict";
  return [
    gateway(`infra/${parent}`, [at("own"), at("of-gateway")], allowListeners("Same")),
    listenerSet("infra/hostname-1", parent, [at("set-1"), at("of-gateway"), at("of-set")]),
    listenerSet("infra/hostname-2", parent, [at("of-gateway")]),
    listenerSet("infra/hostname-3", parent, [at("set-3"), at("of-set")]),
    listenerSet("infra/hostname-4", parent, [at("of-set")]),
    route("infra/of-gateway", parent, [rule([prefix("/")], "v1")], ["of-gateway.test"]),
    route("infra/of-set-1", [{ kind: "ListenerSet", name: "hostname-1" }], [rule([prefix("/")], "v1")]),
    route("infra/of-set-3", [{ kind: "ListenerSet", name: "hostname-3" }], [rule([prefix("/")], "v2")]),
  ];
}

function protocolConflict(port: number): Manifest[] {
  const at = (name: string) => httpListener(name, port, { hostname: `${name}.test` });
  const tcp = { name: "tcp", port, protocol: "TCP" };
  const parent = "protocol-conflict";
  return [
    gateway(`infra/${parent}`, [at("own")], allowListeners("Same")),
    listenerSet("infra/protocol-1", parent, [at("set-1"), tcp]),
    listenerSet("infra/protocol-2", parent, [tcp]),
  ];
}

const gatewayOf = (name: string) => fabric.read("gateways", `infra/${name}`);
const setOf = async (name: string) => (await fabric.read("listenersets", name)).status;
const listenerConditions = async (name: string, listener: string): Promise<string[]> => {
  const { conditions } = listenerOf(await fabric.read("listenersets", name), listener);
  return [...toldOf({ conditions }), told(conditions, "Conflicted")];
};
const addressOf = async (name: string) => (await gatewayOf(name)).status.addresses[0]!.value;

/** Which of the ListenerSets that name a Gateway it takes; the others say that they are not allowed. */
async function assertTaken(name: string, taken: readonly string[]): Promise<void> {
  const { status } = await gatewayOf(name);
  assert.deepEqual(toldOf(status), good);
  assert.deepEqual(
    status.listeners.map((one) => one.name),
    ["http"],
    "listeners of ListenerSets are none of the Gateway's status",
  );
  assert.equal(status.attachedListenerSets ?? 0, taken.length);
  const address = status.addresses[0]!.value;
  for (const one of ["infra", "chosen", "other"]) {
    const set = await setOf(`${one}/of-${name}`);
    const isTaken = taken.includes(one);
    assert.deepEqual(toldOf(set), isTaken ? good : notAllowed, one);
    assert.deepEqual(
      set.listeners.map((listener) => [listener.name, ...toldOf(listener)]),
      isTaken ? [["more", ...good]] : [],
    );
    const answer = fabric.ask("more", "/", { address, host: `${one}.test` });
    // Without a route it is 404; where no ListenerSet is taken, nobody listens.
    if (taken.length === 0) await assert.rejects(answer, /ECONNREFUSED/);
    else assert.equal((await answer).status, 404);
  }
}

test("ListenerSetDefaultNotAllowed: a Gateway that says nothing takes none", () =>
  assertTaken("by-default", []));

test("ListenerSetAllowedNamespaceNone: nor does one that says so", () => assertTaken("none", []));

test("ListenerSetAllowedNamespaceSame: those of the Gateway's namespace", () =>
  assertTaken("same", ["infra"]));

test("ListenerSetAllowedNamespaceSelector: those of namespaces with the labels", () =>
  assertTaken("selecting", ["chosen"]));

test("ListenerSetAllowedNamespaceAll: those of every namespace", () =>
  assertTaken("all", ["infra", "chosen", "other"]));

test("ListenerSetHostnameConflict: the Gateway keeps its host, then the first ListenerSet", async () => {
  const { status } = await gatewayOf("hostname-conflict");
  assert.deepEqual([...toldOf(status), ...status.listeners.flatMap(toldOf)], [...good, ...good, ...good]);
  assert.equal(status.attachedListenerSets, 2);
  assert.deepEqual(toldOf(await setOf("infra/hostname-1")), partlyValid);
  assert.deepEqual(toldOf(await setOf("infra/hostname-2")), notValid);
  assert.deepEqual(toldOf(await setOf("infra/hostname-3")), partlyValid);
  assert.deepEqual(toldOf(await setOf("infra/hostname-4")), notValid);
  const free = [...good, "Conflicted=False NoConflicts"];
  const lost = conflicted("HostnameConflict");
  assert.deepEqual(await listenerConditions("infra/hostname-1", "set-1"), free);
  assert.deepEqual(await listenerConditions("infra/hostname-1", "of-gateway"), lost);
  assert.deepEqual(await listenerConditions("infra/hostname-1", "of-set"), free);
  assert.deepEqual(await listenerConditions("infra/hostname-2", "of-gateway"), lost);
  assert.deepEqual(await listenerConditions("infra/hostname-3", "set-3"), free);
  assert.deepEqual(await listenerConditions("infra/hostname-3", "of-set"), lost);
  assert.deepEqual(await listenerConditions("infra/hostname-4", "of-set"), lost);
  const address = await addressOf("hostname-conflict");
  const served = async (host: string) => (await fabric.ask("http", "/", { address, host })).servedBy;
  assert.deepEqual(
    await Promise.all(["of-gateway.test", "set-1.test", "of-set.test", "set-3.test"].map(served)),
    ["infra/v1", "infra/v1", "infra/v1", "infra/v2"],
  );
});

test("ListenerSetHostnameConflict: a ListenerSet learns nothing of who else belongs to the Gateway", async () => {
  const { listeners } = await setOf("infra/hostname-4");
  const { message } = listeners[0]!.conditions.find(({ type }) => type === "Conflicted")!;
  assert.match(
    message,
    /hostname of-set\.test are those of a ListenerSet of Gateway infra\/hostname-conflict/,
  );
  assert.doesNotMatch(message, /hostname-1/);
});

test("ListenerSetProtocolConflict: a port keeps the protocol that it has by precedence", async () => {
  const { status } = await gatewayOf("protocol-conflict");
  assert.deepEqual(toldOf(status), good);
  assert.equal(status.attachedListenerSets, 1);
  assert.deepEqual(toldOf(await setOf("infra/protocol-1")), partlyValid);
  assert.deepEqual(toldOf(await setOf("infra/protocol-2")), notValid);
  assert.deepEqual(await listenerConditions("infra/protocol-1", "set-1"), [
    ...good,
    "Conflicted=False NoConflicts",
  ]);
  const lost = conflicted("ProtocolConflict");
  assert.deepEqual(await listenerConditions("infra/protocol-1", "tcp"), lost);
  assert.deepEqual(await listenerConditions("infra/protocol-2", "tcp"), lost);
});

test("ListenerSetListenerPrecedence: the older ListenerSet goes before one of a lower name", async () => {
  const at = (hostname: string) => httpListener("http", fabric.ports.http, { hostname });
  fabric.put("aged", [
    gateway("infra/aged", [at("own.test")], allowListeners("Same")),
    listenerSet("infra/aged-a", "aged", [at("claimed.test")], { creationTimestamp: "2026-02-01T00:00:00Z" }),
    listenerSet("infra/aged-b", "aged", [at("claimed.test")], { creationTimestamp: "2026-01-01T00:00:00Z" }),
  ]);
  await eventually(async () => {
    assert.deepEqual(toldOf(await setOf("infra/aged-b")), good);
    assert.deepEqual(toldOf(await setOf("infra/aged-a")), notValid);
  });
  // What the first gives up, the next has.
  fabric.put("aged", [
    gateway("infra/aged", [at("own.test")], allowListeners("Same")),
    listenerSet("infra/aged-a", "aged", [at("claimed.test")], { creationTimestamp: "2026-02-01T00:00:00Z" }),
  ]);
  await eventually(async () => assert.deepEqual(toldOf(await setOf("infra/aged-a")), good));
});

test("ListenerSetParentNotAccepted: with its Gateway a ListenerSet is not accepted", async () => {
  const set = await setOf("infra/of-not-accepted");
  assert.deepEqual(toldOf(set), ["Accepted=False ParentNotAccepted", "Programmed=False ParentNotProgrammed"]);
  assert.deepEqual(set.listeners.map(toldOf), [["Accepted=True Accepted", "Programmed=False Invalid"]]);
  assert.equal((await gatewayOf("not-accepted")).status.attachedListenerSets, 0);
});

test("ListenerSetParentNotAccepted: nor without its Gateway, whose removal takes its listeners away", async () => {
  const parent = gateway("infra/leaving", [httpListener("http", fabric.ports.http)], allowListeners("Same"));
  const set = listenerSet("infra/left", "leaving", [httpListener("more", fabric.ports.more)]);
  fabric.put("leaving", [parent, set]);
  await eventually(async () => assert.deepEqual(toldOf(await setOf("infra/left")), good));
  const address = await addressOf("leaving");
  assert.equal((await fabric.ask("more", "/", { address })).status, 404);
  fabric.put("leaving", [set]);
  await eventually(async () =>
    assert.deepEqual(toldOf(await setOf("infra/left")), [
      "Accepted=False ParentNotAccepted",
      "Programmed=False ParentNotProgrammed",
    ]),
  );
  await eventually(() => assert.rejects(fabric.ask("more", "/", { address }), /ECONNREFUSED/));
});

test("ListenerSetObservedGenerationBump: its conditions are of its own generation", async () => {
  const withPort = (port: number) => {
    fabric.put("bumped", [
      gateway("infra/bumped", [httpListener("http", fabric.ports.http)], allowListeners("Same")),
      listenerSet("infra/of-bumped", "bumped", [httpListener("more", port, { hostname: "a.test" })]),
    ]);
  };
  const isNow = (generation: number) =>
    eventually(async () => {
      const { metadata, status } = await fabric.read("listenersets", "infra/of-bumped");
      const conditions = [status, ...status.listeners].flatMap((one) => one.conditions);
      assert.equal(metadata.generation, generation);
      assert.deepEqual([...new Set(conditions.map((one) => one.observedGeneration))], [generation]);
    });
  withPort(fabric.ports.more);
  await isNow(1);
  withPort(fabric.ports.http);
  await isNow(2);
  assert.equal((await gatewayOf("bumped")).metadata.generation, 1);
});
