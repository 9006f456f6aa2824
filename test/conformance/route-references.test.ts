import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { eventually, type Fabric, listenerOf, openFabric, told, toldOfRoute } from "./fabric.ts";
import {
  endpoint,
  gateway,
  grant,
  httpListener,
  type Manifest,
  namespace,
  prefix,
  route,
  rule,
  service,
  to,
} from "./manifests.ts";

type Port = "http" | "spaces";
let fabric: Fabric<Port>;

const all = [prefix("/")];
const hostOf = (name: string) => [`${name}.test`];
const on = (name: string) => [{ name, namespace: "infra" }];

before(async () => {
  fabric = await openFabric<Port>({
    ports: ["http", "spaces"],
    services: ["infra/v1", "infra/v2", "web/v1", "web/v2", "apps/v1"],
    resources: ({ http, spaces }, servers) => [
      gateway("infra/edge", [httpListener("http", http)]),
      gateway("infra/spaces", [
        httpListener("all", spaces, { hostname: "all.test", allowedRoutes: { namespaces: { from: "All" } } }),
        httpListener("same", spaces, { hostname: "same.test" }),
        httpListener("selected", spaces, {
          hostname: "selected.test",
          allowedRoutes: { namespaces: { from: "Selector", selector: { matchLabels: { tier: "web" } } } },
        }),
      ]),
      namespace("web", { tier: "web" }),
      ...parents(),
      ...backends(),
      ...services((name) => servers[name]!.port),
    ],
  });
});
after(() => fabric[Symbol.asyncDispose]());

function parents(): Manifest[] {
  const tlsRoute: Manifest = {
    ...route("infra/tls", [{ name: "edge" }], [{ backendRefs: [to("v1")] }]),
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "TLSRoute",
  };
  return [
    route("web/cross", on("spaces"), [rule(all, "v1")]),
    route("apps/cross", on("spaces"), [rule([prefix("/apps")], "v1")]),
    route("infra/own", "spaces", [rule([prefix("/own")], "v1")]),
    route("web/stranger", on("edge"), [rule(all, "v1")], hostOf("stranger")),
    { ...tlsRoute, spec: { ...(tlsRoute["spec"] as object), hostnames: hostOf("tls") } },
    route("infra/to-nothing", "no-such-gateway", [rule(all, "v1")], hostOf("to-nothing")),
  ];
}

function backends(): Manifest[] {
  const across = (name: string, rules: Record<string, unknown>[]) =>
    route(`infra/${name}`, "edge", rules, hostOf(name));
  return [
    across("granted", [rule(all, "web/v1")]),
    across("half-granted", [rule([prefix("/v1")], "web/v1"), rule([prefix("/v2")], "web/v2")]),
    across("not-granted", [rule(all, "apps/v1")]),
    across("unknown-kind", [{ backendRefs: [{ kind: "NonExistent", name: "v1", port: 8080 }] }]),
    across("unknown-group", [
      { backendRefs: [{ group: "other.example", kind: "Service", name: "v1", port: 8080 }] },
    ]),
    across("no-such-service", [{ backendRefs: [to("nonexistent")] }]),
    across("no-such-port", [{ backendRefs: [{ name: "v1", port: 8081 }] }]),
    across("two-rules", [rule([prefix("/good")], "v1"), rule([prefix("/bad")], "nonexistent")]),
    across("half", [{ backendRefs: [to("v1"), to("nonexistent")] }]),
    across("no-backends", [{ matches: all }]),
    across("zero", [{ backendRefs: [to("v1", { weight: 0 }), to("v2", { weight: 0 })] }]),
    grant("web/from-infra", { kind: "HTTPRoute", namespace: "infra" }, { kind: "Service", name: "v1" }),
    // Grants that look alike and are for something else.
    grant("apps/other-namespace", { kind: "HTTPRoute", namespace: "web" }, { kind: "Service" }),
    grant("apps/other-kind", { kind: "GRPCRoute", namespace: "infra" }, { kind: "Service" }),
    grant("apps/other-target", { kind: "HTTPRoute", namespace: "infra" }, { kind: "Secret" }),
    grant("apps/other-name", { kind: "HTTPRoute", namespace: "infra" }, { kind: "Service", name: "v2" }),
    grant("infra/wrong-place", { kind: "HTTPRoute", namespace: "infra" }, { kind: "Service" }),
  ];
}

/** Kinds of Services, their slices leading to the echo servers of others. */
function services(portOf: (name: string) => number): Manifest[] {
  const across = (name: string) => route(`infra/${name}`, "edge", [rule(all, name)], hostOf(name));
  const notReady = endpoint("infra/starting", portOf("infra/v2"));
  return [
    across("headless"),
    service("infra/headless", {}, { clusterIP: "None" }),
    endpoint("infra/headless", portOf("infra/v1")),
    across("load-balancer"),
    service("infra/load-balancer", {}, { type: "LoadBalancer" }),
    endpoint("infra/load-balancer", portOf("infra/v1")),
    across("node-port"),
    service("infra/node-port", { nodePort: 30_080 }, { type: "NodePort" }),
    endpoint("infra/node-port", portOf("infra/v1")),
    across("two-slices"),
    service("infra/two-slices", { targetPort: "http" }),
    endpoint("infra/two-slices", portOf("infra/v1"), "a"),
    endpoint("infra/two-slices", portOf("infra/v2"), "b"),
    across("without-endpoints"),
    service("infra/without-endpoints"),
    across("starting"),
    service("infra/starting"),
    { ...notReady, endpoints: [{ addresses: ["127.0.0.1"], conditions: { ready: false } }] },
    across("external"),
    service("infra/external", {}, { type: "ExternalName", externalName: "example.com" }),
    across("mysql-only"),
    service("infra/mysql-only", { appProtocol: "mysql" }),
    across("with-tls-policy"),
    service("infra/with-tls-policy"),
    endpoint("infra/with-tls-policy", portOf("infra/v1")),
    {
      apiVersion: "gateway.networking.k8s.io/v1",
      kind: "BackendTLSPolicy",
      metadata: { name: "strict", namespace: "infra" },
      spec: {
        targetRefs: [{ group: "", kind: "Service", name: "with-tls-policy" }],
        validation: { hostname: "v1.test", wellKnownCACertificates: "System" },
      },
    },
    across("udp-only"),
    service("infra/udp-only", { protocol: "UDP" }),
  ];
}

const servedBy = async (name: string, target = "/") =>
  (await fabric.ask("http", target, { host: `${name}.test` })).servedBy;

/** Accepted and ResolvedRefs of a route of namespace `infra`. */
async function conditionsOf(name: string): Promise<string[]> {
  const found = await fabric.read("httproutes", name.includes("/") ? name : `infra/${name}`);
  return [toldOfRoute(found, "Accepted"), toldOfRoute(found, "ResolvedRefs")];
}

const accepted = "Accepted=True Accepted";
const resolved = "ResolvedRefs=True ResolvedRefs";

test("HTTPRouteCrossNamespace: listeners take routes of all, the same or selected namespaces", async () => {
  const served = async (host: string, target: string) =>
    (await fabric.ask("spaces", target, { host })).servedBy;
  assert.deepEqual(await conditionsOf("web/cross"), [accepted, resolved]);
  assert.deepEqual(await conditionsOf("apps/cross"), [accepted, resolved]);
  assert.equal(await served("all.test", "/"), "web/v1");
  assert.equal(await served("all.test", "/apps"), "apps/v1");
  assert.equal(await served("all.test", "/own"), "infra/v1");
  assert.equal(await served("same.test", "/"), 404);
  assert.equal(await served("same.test", "/own"), "infra/v1");
  assert.equal(await served("selected.test", "/"), "web/v1");
  assert.equal(await served("selected.test", "/apps"), "web/v1", "not that of namespace apps");
  const found = await fabric.read("gateways", "infra/spaces");
  const counts = ["all", "same", "selected"].map((name) => listenerOf(found, name).attachedRoutes);
  assert.deepEqual(counts, [3, 1, 1]);
});

test("HTTPRouteInvalidCrossNamespaceParentRef: a listener of the same namespace only refuses the route", async () => {
  const found = await fabric.read("httproutes", "web/stranger");
  assert.equal(toldOfRoute(found, "Accepted"), "Accepted=False NotAllowedByListeners");
  assert.equal(await servedBy("stranger"), 404);
});

test("HTTPRouteDisallowedKind: an HTTP listener takes no TLSRoute", async () => {
  const edge = await fabric.read("gateways", "infra/edge");
  assert.deepEqual(listenerOf(edge, "http").supportedKinds, [
    { group: "gateway.networking.k8s.io", kind: "HTTPRoute" },
    { group: "gateway.networking.k8s.io", kind: "GRPCRoute" },
  ]);
  const found = await fabric.read("tlsroutes", "infra/tls");
  assert.match(toldOfRoute(found, "Accepted"), /^Accepted=False /);
});

test("HTTPRouteParentNotThere: a route to a Gateway that does not exist gets no status", async () => {
  const found = await fabric.read("httproutes", "infra/to-nothing");
  assert.deepEqual(found.status.parents, []);
  assert.equal(await servedBy("to-nothing"), 404);
});

test("HTTPRouteInvalidBackendRefUnknownKind: 500, and InvalidKind", async () => {
  for (const name of ["unknown-kind", "unknown-group"]) {
    assert.deepEqual(await conditionsOf(name), [accepted, "ResolvedRefs=False InvalidKind"]);
    assert.equal(await servedBy(name), 500);
  }
});

test("HTTPRouteInvalidCrossNamespaceBackendRef: 500, and RefNotPermitted", async () => {
  assert.deepEqual(await conditionsOf("not-granted"), [accepted, "ResolvedRefs=False RefNotPermitted"]);
  assert.equal(await servedBy("not-granted"), 500);
});

test("HTTPRouteInvalidReferenceGrant: grants for another namespace, kind, name or place grant nothing", async () => {
  const found = await fabric.read("httproutes", "infra/not-granted");
  const condition = found.status.parents[0]?.conditions.find(({ type }) => type === "ResolvedRefs");
  assert.match(condition?.message ?? "", /spec\.rules\[0\]\.backendRefs\[0\]: .*ReferenceGrant/);
});

test("HTTPRouteInvalidNonExistentBackendRef: 500, and BackendNotFound", async () => {
  for (const name of ["no-such-service", "no-such-port"]) {
    assert.deepEqual(await conditionsOf(name), [accepted, "ResolvedRefs=False BackendNotFound"]);
    assert.equal(await servedBy(name), 500);
  }
  assert.deepEqual(await conditionsOf("two-rules"), [accepted, "ResolvedRefs=False BackendNotFound"]);
  assert.equal(await servedBy("two-rules", "/good"), "infra/v1");
  assert.equal(await servedBy("two-rules", "/bad"), 500);
});

test("HTTPRouteInvalidBackendRefShare: the share of an invalid backend gets 500", async () => {
  const served = await Promise.all(Array.from({ length: 200 }, () => servedBy("half")));
  const failed = served.filter((one) => one === 500).length;
  assert.ok(failed >= 60 && failed <= 140, `${failed} of 200`);
  assert.equal(served.filter((one) => one === "infra/v1").length, 200 - failed);
});

test("HTTPRouteNoBackends: a rule without backends and filters answers 500", async () => {
  assert.deepEqual(await conditionsOf("no-backends"), [accepted, resolved]);
  assert.equal(await servedBy("no-backends"), 500);
});

test("HTTPRouteAllBackendsWeightZero: nothing is forwarded, 500", async () => {
  assert.deepEqual(await conditionsOf("zero"), [accepted, resolved]);
  assert.equal(await servedBy("zero"), 500);
});

test("HTTPRouteServiceTypes: headless and other types reach their endpoints, of all slices", async () => {
  for (const name of ["headless", "load-balancer", "node-port"]) {
    assert.deepEqual(await conditionsOf(name), [accepted, resolved]);
    assert.equal(await servedBy(name), "infra/v1", name);
  }
  const served = await Promise.all(Array.from({ length: 40 }, () => servedBy("two-slices")));
  assert.deepEqual([...new Set(served)].sort(), ["infra/v1", "infra/v2"]);
});

test("HTTPRouteServiceWithoutEndpoints: 503 while no endpoint is ready", async () => {
  for (const name of ["without-endpoints", "starting"]) {
    assert.deepEqual(await conditionsOf(name), [accepted, resolved]);
    assert.equal(await servedBy(name), 503);
  }
});

test("HTTPRouteExternalNameService: never forwarded to, 500", async () => {
  const [first, second] = await conditionsOf("external");
  assert.equal(first, accepted);
  assert.match(second ?? "", /^ResolvedRefs=False /);
  assert.equal(await servedBy("external"), 500);
});

test("HTTPRouteUnsupportedProtocol: a port that HTTP does not reach answers 500, with its reason", async () => {
  for (const name of ["mysql-only", "udp-only"]) {
    assert.deepEqual(await conditionsOf(name), [accepted, "ResolvedRefs=False UnsupportedProtocol"]);
    assert.equal(await servedBy(name), 500);
  }
});

test("HTTPRouteBackendTLSPolicy: a Service with a policy is not reached in the clear", async () => {
  assert.deepEqual(await conditionsOf("with-tls-policy"), [accepted, resolved]);
  assert.equal(await servedBy("with-tls-policy"), 502);
});

test("HTTPRoutePartiallyInvalidViaInvalidReferenceGrant: a grant for one Service is none for the other", async () => {
  assert.deepEqual(await conditionsOf("half-granted"), [accepted, "ResolvedRefs=False RefNotPermitted"]);
  assert.equal(await servedBy("half-granted", "/v1"), "web/v1");
  assert.equal(await servedBy("half-granted", "/v2"), 500);
});

test("HTTPRouteReferenceGrant: granted while the grant is there, also when it comes and goes at run time", async () => {
  assert.deepEqual(await conditionsOf("granted"), [accepted, resolved]);
  assert.equal(await servedBy("granted"), "web/v1");
  const late = grant("apps/late", { kind: "HTTPRoute", namespace: "infra" }, { kind: "Service", name: "v1" });
  fabric.put("late", [late]);
  await eventually(async () => assert.equal(await servedBy("not-granted"), "apps/v1"));
  await eventually(async () => assert.deepEqual(await conditionsOf("not-granted"), [accepted, resolved]));
  fabric.remove("late");
  await eventually(async () => assert.equal(await servedBy("not-granted"), 500));
  await eventually(async () =>
    assert.deepEqual(await conditionsOf("not-granted"), [accepted, "ResolvedRefs=False RefNotPermitted"]),
  );
  assert.equal(await servedBy("granted"), "web/v1");
});

test("HTTPRouteObservedGenerationBump: a change is counted, and every condition tells of it", async () => {
  fabric.put("bump", [route("infra/bump", "edge", [rule(all, "v1")], hostOf("bump"))]);
  await eventually(async () => assert.equal(await servedBy("bump"), "infra/v1"));
  const first = await fabric.read("httproutes", "infra/bump");
  assert.equal(first.metadata.generation, 1);
  fabric.put("bump", [route("infra/bump", "edge", [rule(all, "v2")], hostOf("bump"))]);
  await eventually(async () => {
    const found = await fabric.read("httproutes", "infra/bump");
    assert.equal(found.metadata.generation, 2);
    const conditions = found.status.parents.flatMap((one) => one.conditions);
    assert.ok(conditions.length >= 2 && conditions.every((one) => one.observedGeneration === 2));
    assert.equal(told(conditions, "Accepted"), accepted);
  });
  await eventually(async () => assert.equal(await servedBy("bump"), "infra/v2"));
});
