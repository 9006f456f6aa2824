import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Fabric, listenerOf, openFabric, type ReadResource, told, toldOf } from "./fabric.ts";
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

type Spec = Record<string, unknown>;
const toSet = (name: string, more: Spec = {}): Spec => ({ kind: "ListenerSet", name, ...more });
const at = (name: string, port: number, more: Spec = {}): Spec =>
  httpListener(name, port, { hostname: `${name}.test`, ...more });
const routesFrom = (from: string, selector?: Spec): Spec => ({
  allowedRoutes: { namespaces: { from, ...(selector && { selector }) } },
});
const httpRoute = { group: "gateway.networking.k8s.io", kind: "HTTPRoute" };

before(async () => {
  fabric = await openFabric<Port>({
    ports: ["http", "more"],
    services: ["infra/v1", "infra/v2", "infra/v3", "chosen/v1", "other/v1", "team/v1"],
    args: ["--address-pool", "127.85.0.0/16"],
    resources: (ports) => [
      namespace("chosen", { routes: "welcome" }),
      ...httpRouting(ports),
      ...allowedRoutes(ports.http),
      ...dualParents(ports),
    ],
  });
});
after(() => fabric[Symbol.asyncDispose]());

function httpRouting({ http, more }: Record<Port, number>): Manifest[] {
  const parent = "routing";
  return [
    gateway(`infra/${parent}`, [at("gateway-1", http), at("gateway-2", http)], allowListeners("Same")),
    listenerSet("infra/routing-1", parent, [at("set-1-1", http), at("set-1-2", more)]),
    listenerSet("infra/routing-2", parent, [at("set-2-1", http), at("set-2-2", http)]),
    route(
      "infra/all",
      [{ name: parent }, toSet("routing-1"), toSet("routing-2")],
      [rule([prefix("/all")], "v1")],
    ),
    route("infra/gateway", parent, [rule([prefix("/gateway")], "v2")]),
    route(
      "infra/gateway-section",
      [{ name: parent, sectionName: "gateway-1" }],
      [rule([prefix("/gateway-section")], "v3")],
    ),
    route("infra/set-1", [toSet("routing-1")], [rule([prefix("/set-1")], "v2")]),
    route(
      "infra/set-1-section",
      [toSet("routing-1", { sectionName: "set-1-1" })],
      [rule([prefix("/set-1-section")], "v3")],
    ),
    route("infra/set-1-port", [toSet("routing-1", { port: more })], [rule([prefix("/set-1-port")], "v3")]),
    route("infra/set-2", [toSet("routing-2")], [rule([prefix("/set-2")], "v2")]),
  ];
}

function allowedRoutes(port: number): Manifest[] {
  const from = (space: string, path: string) =>
    route(`${space}/${path}`, [toSet("allowed", { namespace: "infra" })], [rule([prefix(`/${path}`)], "v1")]);
  return [
    gateway("infra/allowed", [at("own", port)], allowListeners("All")),
    listenerSet("infra/allowed", "allowed", [
      at("all", port, routesFrom("All")),
      at("same", port, routesFrom("Same")),
      at("selector", port, routesFrom("Selector", { matchLabels: { routes: "welcome" } })),
    ]),
    from("infra", "in-same"),
    from("chosen", "in-selected"),
    from("other", "in-other"),
    // `Same` is the namespace of the ListenerSet.
    listenerSet("team/abroad", "infra/allowed", [at("abroad", port)]),
    route("team/beside", [toSet("abroad")], [rule([prefix("/beside")], "v1")]),
    route(
      "infra/in-gateways",
      [toSet("abroad", { namespace: "team" })],
      [rule([prefix("/in-gateways")], "v1")],
    ),
    listenerSet("infra/kinds", "allowed", [
      at("http-only", port, { allowedRoutes: { kinds: [httpRoute] } }),
      at("tcp-too", port, { allowedRoutes: { kinds: [httpRoute, { ...httpRoute, kind: "TCPRoute" }] } }),
      {
        name: "tls",
        port,
        protocol: "TLS",
        tls: { mode: "Passthrough" },
        allowedRoutes: { kinds: [httpRoute] },
      },
    ]),
    route("infra/of-kind", [toSet("kinds")], [rule([prefix("/of-kind")], "v1")]),
  ];
}

function dualParents({ http }: Record<Port, number>): Manifest[] {
  return [
    gateway("infra/dual", [at("gw-dual", http)], allowListeners("Same")),
    listenerSet("infra/dual-set", "dual", [at("ls-dual", http)]),
    route("infra/dual-both", [{ name: "dual" }, toSet("dual-set")], [rule([prefix("/both")], "v1")]),
    route(
      "infra/dual-one",
      [{ name: "dual", sectionName: "ls-dual" }, toSet("dual-set", { sectionName: "ls-dual" })],
      [rule([prefix("/one")], "v2")],
    ),
    route("infra/only-gateway", [{ name: "dual", sectionName: "ls-dual" }], [rule([prefix("/only")], "v2")]),
  ];
}

const addressOf = async (name: string) =>
  (await fabric.read("gateways", `infra/${name}`)).status.addresses[0]!.value;

async function served(gatewayName: string, port: Port, host: string, path: string): Promise<string | number> {
  const address = await addressOf(gatewayName);
  return (await fabric.ask(port, path, { address, host: `${host}.test` })).servedBy;
}

/** The routes that each listener has by its status. */
async function attachedRoutes(plural: string, name: string): Promise<[string, number][]> {
  const { status } = await fabric.read(plural, name);
  return status.listeners.map((one) => [one.name, one.attachedRoutes]);
}

const acceptedBy = ({ status }: ReadResource): Record<string, string> =>
  Object.fromEntries(
    status.parents.map(({ parentRef, conditions }) => [parentRef.kind, told(conditions, "Accepted")]),
  );

test("ListenerSetHTTPRouting: a route has the listeners of the parents that it names, and no others", async () => {
  const hosts = ["gateway-1", "gateway-2", "set-1-1", "set-1-2", "set-2-1", "set-2-2"];
  const reached: Record<string, [string, string[]]> = {
    "/all": ["infra/v1", hosts],
    "/gateway": ["infra/v2", ["gateway-1", "gateway-2"]],
    "/gateway-section": ["infra/v3", ["gateway-1"]],
    "/set-1": ["infra/v2", ["set-1-1", "set-1-2"]],
    "/set-1-section": ["infra/v3", ["set-1-1"]],
    "/set-1-port": ["infra/v3", ["set-1-2"]],
    "/set-2": ["infra/v2", ["set-2-1", "set-2-2"]],
  };
  for (const [path, [backend, own]] of Object.entries(reached)) {
    for (const host of hosts) {
      const port = host === "set-1-2" ? "more" : "http";
      const expected = own.includes(host) ? backend : 404;
      assert.equal(await served("routing", port, host, path), expected, `${host} ${path}`);
    }
  }
  assert.equal((await fabric.read("gateways", "infra/routing")).status.attachedListenerSets, 2);
  assert.deepEqual(await attachedRoutes("gateways", "infra/routing"), [
    ["gateway-1", 3],
    ["gateway-2", 2],
  ]);
  assert.deepEqual(await attachedRoutes("listenersets", "infra/routing-1"), [
    ["set-1-1", 3],
    ["set-1-2", 3],
  ]);
  assert.deepEqual(await attachedRoutes("listenersets", "infra/routing-2"), [
    ["set-2-1", 2],
    ["set-2-2", 2],
  ]);
});

test("ListenerSetAllowedRoutesNamespaces: as each listener says, Same being the ListenerSet's namespace", async () => {
  assert.deepEqual(await attachedRoutes("listenersets", "infra/allowed"), [
    ["all", 3],
    ["same", 1],
    ["selector", 1],
  ]);
  const paths = ["in-same", "in-selected", "in-other"];
  const ask = (host: string) => Promise.all(paths.map((path) => served("allowed", "http", host, `/${path}`)));
  assert.deepEqual(await ask("all"), ["infra/v1", "chosen/v1", "other/v1"]);
  assert.deepEqual(await ask("same"), ["infra/v1", 404, 404]);
  assert.deepEqual(await ask("selector"), [404, "chosen/v1", 404]);
  assert.deepEqual(await attachedRoutes("listenersets", "team/abroad"), [["abroad", 1]]);
  assert.equal(await served("allowed", "http", "abroad", "/beside"), "team/v1");
  assert.equal(await served("allowed", "http", "abroad", "/in-gateways"), 404);
  assert.deepEqual(acceptedBy(await fabric.read("httproutes", "infra/in-gateways")), {
    ListenerSet: "Accepted=False NotAllowedByListeners",
  });
});

test("ListenerSetAllowedRoutesSupportedKinds: kinds that do not fit are named, the others taken", async () => {
  const set = await fabric.read("listenersets", "infra/kinds");
  const toldKinds = (name: string) => {
    const { supportedKinds, attachedRoutes: count, conditions } = listenerOf(set, name);
    return [told(conditions, "ResolvedRefs"), supportedKinds.map(({ kind }) => kind).join(), count];
  };
  assert.deepEqual(toldKinds("http-only"), ["ResolvedRefs=True ResolvedRefs", "HTTPRoute", 1]);
  assert.deepEqual(toldKinds("tcp-too"), ["ResolvedRefs=False InvalidRouteKinds", "HTTPRoute", 1]);
  assert.equal(toldKinds("tls")[0], "ResolvedRefs=False InvalidRouteKinds");
  assert.equal(toldKinds("tls")[1], "");
  assert.deepEqual(
    toldOf((await fabric.read("gateways", "infra/allowed")).status)[0],
    "Accepted=True Accepted",
  );
  assert.equal(await served("allowed", "http", "http-only", "/of-kind"), "infra/v1");
});

test("ListenerSetDualParentRefIndependence: what one parent says of a route is not the other's word", async () => {
  const accepted = "Accepted=True Accepted";
  assert.deepEqual(acceptedBy(await fabric.read("httproutes", "infra/dual-both")), {
    Gateway: accepted,
    ListenerSet: accepted,
  });
  assert.deepEqual(acceptedBy(await fabric.read("httproutes", "infra/dual-one")), {
    Gateway: "Accepted=False NoMatchingParent",
    ListenerSet: accepted,
  });
  assert.deepEqual(await attachedRoutes("listenersets", "infra/dual-set"), [["ls-dual", 2]]);
  assert.equal(await served("dual", "http", "gw-dual", "/both"), "infra/v1");
  assert.equal(await served("dual", "http", "ls-dual", "/both"), "infra/v1");
  assert.equal(await served("dual", "http", "ls-dual", "/one"), "infra/v2");
  assert.equal(await served("dual", "http", "gw-dual", "/one"), 404);
});

test("ListenerSetGatewayParentSectionNameNotFound: a ListenerSet's listener is no section of its Gateway", async () => {
  assert.deepEqual(acceptedBy(await fabric.read("httproutes", "infra/only-gateway")), {
    Gateway: "Accepted=False NoMatchingParent",
  });
  assert.equal(await served("dual", "http", "ls-dual", "/only"), 404);
});
