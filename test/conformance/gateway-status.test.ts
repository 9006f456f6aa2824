import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import {
  eventually,
  type Fabric,
  listenerOf,
  openFabric,
  type ReadCondition,
  told,
  toldOfRoute,
} from "./fabric.ts";
import { gateway, httpListener, httpsListener, type Manifest, prefix, route, rule } from "./manifests.ts";

type Port = "http" | "more";
let fabric: Fabric<Port>;

const httpRoute = { group: "gateway.networking.k8s.io", kind: "HTTPRoute" };
const grpcRoute = { ...httpRoute, kind: "GRPCRoute" };
const controllerName = "heddle.dev/gateway-controller";
const staticAddress = "127.83.7.1";

/** Each Gateway gets an address of its own, so all of them have the same ports. */
before(async () => {
  fabric = await openFabric<Port>({
    ports: ["http", "more"],
    services: ["infra/v1", "infra/v2"],
    args: ["--address-pool", "127.82.0.0/16"],
    resources: (ports) => [
      ...twins(ports.http),
      ...counted(ports),
      ...invalid(ports),
      gatewayClass("other", "other.example/controller"),
      gateway("infra/of-another", [httpListener("http", ports.http)], { gatewayClassName: "other" }),
      gateway("infra/fixed", [httpListener("http", ports.http)], {
        addresses: [{ type: "IPAddress", value: staticAddress }],
      }),
      route("infra/fixed", "fixed", [rule([prefix("/")], "v1")]),
      gateway("infra/empty-address", [httpListener("http", ports.http)], {
        addresses: [{ type: "IPAddress" }],
      }),
      route("infra/empty-address", "empty-address", [rule([prefix("/")], "v1")]),
    ],
  });
});
after(() => fabric[Symbol.asyncDispose]());

function gatewayClass(name: string, controller: string, more: Record<string, unknown> = {}): Manifest {
  return {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "GatewayClass",
    metadata: { name },
    spec: { controllerName: controller, ...more },
  };
}

function twins(port: number): Manifest[] {
  return ["v1", "v2"].flatMap((backend) => [
    gateway(`infra/twin-${backend}`, [httpListener("http", port)]),
    route(`infra/twin-${backend}`, `twin-${backend}`, [rule([prefix("/")], backend)]),
  ]);
}

function counted({ http: port, more }: Record<Port, number>): Manifest[] {
  const one = (name: string, hostname: string) =>
    route(`infra/${name}`, "counted", [rule([prefix("/")], "v1")], [hostname]);
  return [
    gateway("infra/counted", [
      httpListener("open", port, { hostname: "*.open.test" }),
      httpListener("selecting", port, {
        hostname: "*.selecting.test",
        allowedRoutes: {
          kinds: [httpRoute],
          namespaces: {
            from: "Selector",
            selector: { matchLabels: { "kubernetes.io/metadata.name": "infra" } },
          },
        },
      }),
      httpsListener("unresolved", more, [{ name: "no-such-secret" }], { hostname: "x.unresolved.test" }),
    ]),
    one("counted-1", "a.open.test"),
    one("counted-2", "b.open.test"),
    one("counted-3", "a.selecting.test"),
    one("counted-4", "x.unresolved.test"),
    one("counted-nowhere", "a.elsewhere.test"),
    route(
      "infra/counted-broken",
      "counted",
      [{ backendRefs: [{ name: "nonexistent", port: 80 }] }],
      ["c.open.test"],
    ),
  ];
}

function invalid({ http, more }: Record<Port, number>): Manifest[] {
  const kinds = (list: readonly Record<string, string>[]) => ({ allowedRoutes: { kinds: list } });
  const unknown = { group: "gateway.networking.k8s.io", kind: "InvalidRoute" };
  return [
    gateway("infra/only-unknown-kind", [httpListener("http", http, kinds([unknown]))]),
    gateway("infra/known-and-unknown-kind", [httpListener("http", http, kinds([unknown, httpRoute]))]),
    gateway("infra/tcp-kind", [httpListener("http", http, kinds([{ ...httpRoute, kind: "TCPRoute" }]))]),
    gateway("infra/custom-protocol", [
      { name: "custom", port: http, protocol: "example.com/custom" },
      httpListener("http", more),
    ]),
    gateway("infra/only-custom-protocol", [{ name: "custom", port: http, protocol: "example.com/custom" }]),
    gateway("infra/conflicted", [
      httpListener("plain", http),
      httpsListener("secure", http, [{ name: "no-such-secret" }]),
      httpListener("distinct", more),
    ]),
    route("infra/conflicted", "conflicted", [rule([prefix("/")], "v1")]),
    gateway("infra/parameters", [httpListener("http", http)], {
      infrastructure: { parametersRef: { group: "example.com", kind: "Nothing", name: "nothing" } },
    }),
    gateway("infra/backend-tls", [httpListener("http", http)], {
      tls: { backend: { clientCertificateRef: { name: "no-such-secret" } } },
    }),
  ];
}

const gatewayOf = (name: string) => fabric.read("gateways", `infra/${name}`);

async function addressOf(name: string): Promise<string> {
  const { status } = await gatewayOf(name);
  assert.equal(status.addresses.length, 1);
  assert.equal(status.addresses[0]?.type, "IPAddress");
  return status.addresses[0]?.value ?? "";
}

/** The Gateway's Accepted and Programmed. */
async function conditionsOf(name: string): Promise<string[]> {
  const { conditions } = (await gatewayOf(name)).status;
  return [told(conditions, "Accepted"), told(conditions, "Programmed")];
}

async function listenerConditions(name: string, listener: string): Promise<Record<string, string>> {
  const { conditions } = listenerOf(await gatewayOf(name), listener);
  return Object.fromEntries(conditions.map(({ type, status, reason }) => [type, `${status} ${reason}`]));
}

const isServed = async (address: string, port: Port = "http") =>
  fabric.ask(port, "/", { address }).then(
    ({ servedBy }) => servedBy === "infra/v1",
    () => false,
  );

const good = ["Accepted=True Accepted", "Programmed=True Programmed"];

test("GatewayClassSupportedFeatures: accepted, of a known version, with its features sorted", async () => {
  const { status } = await fabric.read("gatewayclasses", "heddle");
  assert.equal(told(status.conditions, "Accepted"), "Accepted=True Accepted");
  assert.equal(told(status.conditions, "SupportedVersion"), "SupportedVersion=True SupportedVersion");
  const names = status.supportedFeatures.map(({ name }) => name);
  assert.deepEqual(names, names.toSorted());
  assert.ok(names.includes("HTTPRoute") && names.includes("Gateway") && names.includes("ReferenceGrant"));
});

test("GatewayClassObservedGenerationBump: a change is counted, and every condition tells of it", async () => {
  fabric.put("class", [gatewayClass("bumped", controllerName, { description: "one" })]);
  const generations = async () => {
    const { metadata, status } = await fabric.read("gatewayclasses", "bumped");
    return [metadata.generation, ...status.conditions.map((one) => one.observedGeneration)];
  };
  await eventually(async () => assert.deepEqual(await generations(), [1, 1, 1]));
  fabric.put("class", [gatewayClass("bumped", controllerName, { description: "two" })]);
  await eventually(async () => assert.deepEqual(await generations(), [2, 2, 2]));
});

test("GatewayOfAnotherClass: what another controller serves is left alone", async () => {
  const found = await gatewayOf("of-another");
  const ours = (found.status?.conditions ?? []).filter(({ status }) => status !== "Unknown");
  assert.deepEqual(ours, []);
});

test("HTTPRouteMultipleGateways: Gateways with the same port have their own addresses and routes", async () => {
  for (const backend of ["v1", "v2"]) {
    assert.deepEqual(await conditionsOf(`twin-${backend}`), good);
    const address = await addressOf(`twin-${backend}`);
    assert.match(address, /^127\.82\./);
    const answer = await fabric.ask("http", "/", { address });
    assert.equal(answer.servedBy, `infra/${backend}`);
  }
  assert.notEqual(await addressOf("twin-v1"), await addressOf("twin-v2"));
});

test("GatewayWithAttachedRoutes: accepted routes are counted, by listener, whatever the listener's own state", async () => {
  const found = await gatewayOf("counted");
  const counts = found.status.listeners.map(({ name, attachedRoutes }) => [name, attachedRoutes]);
  assert.deepEqual(counts, [
    ["open", 3],
    ["selecting", 1],
    ["unresolved", 1],
  ]);
  assert.equal(
    (await listenerConditions("counted", "unresolved"))["ResolvedRefs"],
    "False InvalidCertificateRef",
  );
  for (const { name, supportedKinds } of found.status.listeners)
    assert.deepEqual(supportedKinds, name === "selecting" ? [httpRoute] : [httpRoute, grpcRoute], name);
  const nowhere = await fabric.read("httproutes", "infra/counted-nowhere");
  assert.equal(toldOfRoute(nowhere, "Accepted"), "Accepted=False NoMatchingListenerHostname");
});

test("GatewayInvalidRouteKind: kinds that are not known are named, those that are known remain", async () => {
  for (const [name, kinds] of [
    ["only-unknown-kind", []],
    ["tcp-kind", []],
    ["known-and-unknown-kind", [httpRoute]],
  ] as const) {
    assert.deepEqual(listenerOf(await gatewayOf(name), "http").supportedKinds, kinds, name);
    assert.equal((await listenerConditions(name, "http"))["ResolvedRefs"], "False InvalidRouteKinds", name);
  }
  assert.equal((await listenerConditions("known-and-unknown-kind", "http"))["Programmed"], "True Programmed");
});

test("GatewayInvalidListenersUnsupportedProtocol: the listener is not accepted, the others are", async () => {
  assert.deepEqual(await conditionsOf("custom-protocol"), [
    "Accepted=True ListenersNotValid",
    "Programmed=True Programmed",
  ]);
  const custom = await listenerConditions("custom-protocol", "custom");
  assert.equal(custom["Accepted"], "False UnsupportedProtocol");
  assert.match(custom["Programmed"] ?? "", /^False /);
  assert.deepEqual(listenerOf(await gatewayOf("custom-protocol"), "custom").supportedKinds, []);
  assert.equal((await listenerConditions("custom-protocol", "http"))["Accepted"], "True Accepted");
  assert.deepEqual(await conditionsOf("only-custom-protocol"), [
    "Accepted=False ListenersNotValid",
    "Programmed=False Invalid",
  ]);
});

test("GatewayListenersConflicted: all listeners that are not distinct lose, the others are served", async () => {
  for (const name of ["plain", "secure"]) {
    const conditions = await listenerConditions("conflicted", name);
    assert.equal(conditions["Conflicted"], "True ProtocolConflict", name);
    assert.equal(conditions["Accepted"], "False ProtocolConflict", name);
  }
  assert.equal((await listenerConditions("conflicted", "distinct"))["Conflicted"], "False NoConflicts");
  const found = await gatewayOf("conflicted");
  const accepted = found.status.conditions.find(({ type }) => type === "Accepted");
  assert.deepEqual([accepted?.status, accepted?.reason], ["True", "ListenersNotValid"]);
  assert.match(accepted?.message ?? "", /plain, secure; accepted: distinct/);
  const address = await addressOf("conflicted");
  assert.equal(await isServed(address, "more"), true);
  assert.equal(await isServed(address, "http"), false);
});

test("GatewayInvalidParametersRef: parameters that are not there refuse the Gateway", async () => {
  assert.deepEqual(await conditionsOf("parameters"), [
    "Accepted=False InvalidParameters",
    "Programmed=False Invalid",
  ]);
});

test("GatewayInvalidTLSBackendConfiguration: a client certificate that does not resolve is said", async () => {
  const { conditions } = (await gatewayOf("backend-tls")).status;
  assert.equal(told(conditions, "ResolvedRefs"), "ResolvedRefs=False InvalidClientCertificateRef");
});

test("GatewayStaticAddresses: the address that is asked for, and a word where it cannot be had", async () => {
  assert.equal(await addressOf("fixed"), staticAddress);
  assert.deepEqual(await conditionsOf("fixed"), good);
  assert.equal(await isServed(staticAddress), true);
  const wanting = (addresses: readonly Record<string, string>[]) =>
    fabric.put("wanting", [
      gateway("infra/wanting", [httpListener("http", fabric.ports.http)], { addresses }),
    ]);
  const becomes = (...expected: string[]) =>
    eventually(async () => assert.deepEqual(await conditionsOf("wanting"), expected));
  const usable = { type: "IPAddress", value: "127.83.7.2" };
  wanting([usable, { type: "example.com/fake", value: "fake" }]);
  await becomes("Accepted=False UnsupportedAddress", "Programmed=False Invalid");
  // TEST-NET-1 (RFC 5737): no machine has it.
  wanting([usable, { type: "IPAddress", value: "192.0.2.1" }]);
  await becomes("Accepted=True Accepted", "Programmed=False AddressNotUsable");
  wanting([usable]);
  await becomes(...good);
  await eventually(async () => assert.equal(await addressOf("wanting"), "127.83.7.2"));
});

test("GatewayOptionalAddressValue: an address without a value is assigned", async () => {
  const address = await addressOf("empty-address");
  assert.match(address, /^127\.82\./);
  assert.deepEqual(await conditionsOf("empty-address"), good);
  assert.equal(await isServed(address), true);
});

test("GatewayModifyListeners: listeners come and go at run time, with their sockets and routes", async () => {
  const listeners = (...names: Port[]) =>
    fabric.put("modified", [
      gateway(
        "infra/modified",
        names.map((name) => httpListener(name, fabric.ports[name])),
      ),
      route("infra/modified", "modified", [rule([prefix("/")], "v1")]),
    ]);
  const isNow = (...names: Port[]) =>
    eventually(async () => {
      const { status } = await gatewayOf("modified");
      assert.deepEqual(
        status.listeners.map(({ name, attachedRoutes }) => [name, attachedRoutes]),
        names.map((name) => [name, 1]),
      );
      const address = await addressOf("modified");
      const served = await Promise.all([isServed(address, "http"), isServed(address, "more")]);
      assert.deepEqual(served, [names.includes("http"), names.includes("more")]);
    });
  listeners("http");
  await isNow("http");
  listeners("http", "more");
  await isNow("http", "more");
  listeners("more");
  await isNow("more");
});

test("GatewayUpdateListenerHostname: another host name is in force, and the old one is not", async () => {
  const withHostname = (hostname: string) =>
    fabric.put("renamed", [
      gateway("infra/renamed", [httpListener("http", fabric.ports.http, { hostname })]),
      route("infra/renamed", "renamed", [rule([prefix("/")], "v1")]),
    ]);
  const served = async (host: string) => {
    const address = await addressOf("renamed");
    return (await fabric.ask("http", "/", { address, host })).servedBy;
  };
  withHostname("one.test");
  await eventually(async () => assert.equal(await served("one.test"), "infra/v1"));
  assert.equal(await served("two.test"), 404);
  withHostname("two.test");
  await eventually(async () => assert.equal(await served("two.test"), "infra/v1"));
  assert.equal(await served("one.test"), 404);
});

test("GatewayObservedGenerationBump: a change is counted, every condition tells of it, and keeps its time", async () => {
  const put = (name: string) =>
    fabric.put("bump", [gateway("infra/bump", [httpListener(name, fabric.ports.http)])]);
  const conditions = async (): Promise<ReadCondition[]> => {
    const { status } = await gatewayOf("bump");
    return [...status.conditions, ...status.listeners.flatMap((one) => one.conditions)];
  };
  const hasReached = (generation: number) =>
    eventually(async () => {
      assert.equal((await gatewayOf("bump")).metadata.generation, generation);
      const observed = (await conditions()).map((one) => one.observedGeneration);
      assert.deepEqual([...new Set(observed)], [generation]);
      assert.deepEqual(await conditionsOf("bump"), good);
    });
  put("first");
  await hasReached(1);
  const before = (await conditions()).find(({ type }) => type === "Accepted");
  put("second");
  await hasReached(2);
  const later = (await conditions()).find(({ type }) => type === "Accepted");
  assert.equal(later?.lastTransitionTime, before?.lastTransitionTime, "its status did not change");
});

test("GatewayDefaultScope: a default Gateway takes the routes that ask for one", async () => {
  const { spec, ...rest } = route("infra/by-default", [], [rule([prefix("/")], "v1")], ["by-default.test"]);
  const asking = { ...rest, spec: { ...(spec as object), parentRefs: undefined, useDefaultGateways: "All" } };
  fabric.put("default-scope", [
    gateway("infra/default-scope", [httpListener("http", fabric.ports.http)], { defaultScope: "All" }),
    asking,
  ]);
  await eventually(async () => {
    const { parents } = (await fabric.read("httproutes", "infra/by-default")).status;
    assert.deepEqual(
      parents.map(({ parentRef, conditions }) => [parentRef.name, told(conditions, "Accepted")]),
      [["default-scope", "Accepted=True Accepted"]],
    );
  });
  const address = await addressOf("default-scope");
  const answer = await fabric.ask("http", "/", { address, host: "by-default.test" });
  assert.equal(answer.servedBy, "infra/v1");
});

test("GatewayRemoved: its sockets are closed, and its routes have no parent any more", async () => {
  const own = route("infra/orphan", "removed", [rule([prefix("/")], "v1")]);
  const whole = [gateway("infra/removed", [httpListener("http", fabric.ports.http)]), own];
  fabric.put("removed", whole);
  await eventually(async () => assert.equal(await isServed(await addressOf("removed")), true));
  const address = await addressOf("removed");
  fabric.put("removed", [own]);
  await eventually(async () => assert.equal(await isServed(address), false));
  await eventually(async () =>
    assert.deepEqual((await fabric.read("httproutes", "infra/orphan")).status?.parents ?? [], []),
  );
});

test("LaterKinds: what this version does not serve says so", async () => {
  const twoParents = route(
    "infra/two-parents",
    [{ name: "twin-v1" }, { kind: "Service", group: "", name: "v1" }],
    [rule([prefix("/two-parents")], "v1")],
  );
  fabric.put("later", [twoParents]);
  await eventually(async () => {
    const { parents } = (await fabric.read("httproutes", "infra/two-parents")).status;
    assert.deepEqual(
      parents.map(({ conditions }) => told(conditions, "Accepted")),
      ["Accepted=True Accepted", "Accepted=False UnsupportedValue"],
    );
  });
});
