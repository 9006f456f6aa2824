import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Fabric, listenerOf, openFabric, toldOfRoute } from "./fabric.ts";
import { gateway, httpListener, type Manifest, prefix, route, rule } from "./manifests.ts";
import { seen } from "./send.ts";

type Port = "intersection" | "narrowed" | "matching" | "isolation" | "one" | "two" | "plain";
let fabric: Fabric<Port>;

const serve = (backend: string) => [{ backendRefs: [{ name: backend, port: 8080 }] }];
const all = [prefix("/")];

before(async () => {
  fabric = await openFabric<Port>({
    ports: ["intersection", "narrowed", "matching", "isolation", "one", "two", "plain"],
    services: ["infra/v1", "infra/v2", "infra/v3"],
    resources: (ports) => [
      ...intersection(ports.intersection),
      ...narrowed(ports.narrowed),
      ...matching(ports.matching),
      ...isolation(ports.isolation),
      ...byPort(ports.one, ports.two),
      gateway("infra/plain", [httpListener("http", ports.plain)]),
      route("infra/host-exact", "plain", serve("v1"), ["foo.bar.com"]),
      route("infra/host-long", "plain", serve("v2"), ["*.bar.com"]),
      route("infra/host-short", "plain", serve("v3"), ["*.com"]),
      route("infra/host-deep", "plain", [rule([prefix("/deep")], "v3")], ["*.deep.bar.com"]),
      route("infra/several", "plain", serve("v1"), ["one.org", "two.org", "*.three.org"]),
    ],
  });
});
after(() => fabric[Symbol.asyncDispose]());

function intersection(port: number): Manifest[] {
  const on = (sectionName: string) => [{ name: "intersection", sectionName }];
  const paths = (backend: string) => [rule([prefix(`/${backend}`)], backend)];
  return [
    gateway("infra/intersection", [
      httpListener("very-specific", port, { hostname: "very.specific.com" }),
      httpListener("wildcard", port, { hostname: "*.wildcard.io" }),
      httpListener("any-wildcard", port, { hostname: "*.anotherwildcard.io" }),
    ]),
    route("infra/specific-to-specific", on("very-specific"), paths("v1"), [
      "non.matching.com",
      "*.nonmatchingwildcard.io",
      "very.specific.com",
    ]),
    route("infra/specific-to-wildcard", on("wildcard"), paths("v2"), [
      "non.matching.com",
      "wildcard.io",
      "foo.wildcard.io",
      "bar.wildcard.io",
      "foo.bar.wildcard.io",
    ]),
    route("infra/wildcard-to-specific", on("very-specific"), paths("v3"), [
      "non.matching.com",
      "*.specific.com",
    ]),
    route("infra/wildcard-to-wildcard", on("any-wildcard"), paths("v1"), ["*.anotherwildcard.io"]),
    route("infra/no-intersection", "intersection", paths("v2"), [
      "specific.but.wrong.com",
      "wildcard.io",
      "*.specific.org",
    ]),
  ];
}

/** The wider hostname belongs to the older route: age decides between equal ones only. */
function narrowed(port: number): Manifest[] {
  const made = (name: string, day: string, backend: string, section: string, hostname: string): Manifest => {
    const one = route(`infra/${name}`, [{ name: "narrowed", sectionName: section }], serve(backend), [
      hostname,
    ]);
    return { ...one, metadata: { ...one.metadata, creationTimestamp: `2026-01-${day}T00:00:00Z` } };
  };
  return [
    gateway("infra/narrowed", [
      httpListener("exact", port, { hostname: "abc.example.com" }),
      httpListener("wildcard", port, { hostname: "*.example.org" }),
    ]),
    made("narrowed-any", "01", "v1", "exact", "*.com"),
    made("narrowed-wildcard", "02", "v2", "exact", "*.example.com"),
    made("narrowed-exact", "03", "v3", "exact", "abc.example.com"),
    made("narrowed-less", "01", "v1", "wildcard", "*.org"),
    made("narrowed-more", "02", "v2", "wildcard", "*.example.org"),
  ];
}

function matching(port: number): Manifest[] {
  const on = (sectionName: string) => [{ name: "matching", sectionName }];
  return [
    gateway("infra/matching", [
      httpListener("listener-1", port, { hostname: "bar.com" }),
      httpListener("listener-2", port, { hostname: "foo.bar.com" }),
      httpListener("listener-3", port, { hostname: "*.bar.com" }),
      httpListener("listener-4", port, { hostname: "*.foo.com" }),
    ]),
    route("infra/backend-v1", on("listener-1"), serve("v1")),
    route("infra/backend-v2", on("listener-2"), serve("v2")),
    route("infra/backend-v3", [...on("listener-3"), ...on("listener-4")], serve("v3")),
  ];
}

function isolation(port: number): Manifest[] {
  const on = (sectionName: string) => [{ name: "isolation", sectionName }];
  const listeners = [
    ["empty-hostname", undefined, "v1"],
    ["wildcard-example-com", "*.example.com", "v2"],
    ["wildcard-foo-example-com", "*.foo.example.com", "v3"],
    ["abc-foo-example-com", "abc.foo.example.com", "v1"],
  ] as const;
  return [
    gateway(
      "infra/isolation",
      listeners.map(([name, hostname]) =>
        httpListener(name, port, hostname === undefined ? {} : { hostname }),
      ),
    ),
    ...listeners.map(([name, , backend]) =>
      route(`infra/${name}`, on(name), [rule([prefix(`/${name}`)], backend)]),
    ),
  ];
}

function byPort(one: number, two: number): Manifest[] {
  return [
    gateway("infra/ports", [httpListener("one", one), httpListener("two", two)]),
    route("infra/port-one", [{ name: "ports", port: one }], [rule([prefix("/one")], "v1")]),
    route(
      "infra/port-two",
      [{ name: "ports", port: two, sectionName: "two" }],
      [rule([prefix("/two")], "v2")],
    ),
    route("infra/port-all", "ports", [rule([prefix("/all")], "v3")]),
    route("infra/port-wrong", [{ name: "ports", port: 8123 }], [rule(all, "v1")]),
    route("infra/port-not-of-section", [{ name: "ports", port: two, sectionName: "one" }], [rule(all, "v1")]),
    route("infra/no-such-section", [{ name: "ports", sectionName: "three" }], [rule(all, "v1")]),
    route(
      "infra/one-of-two",
      [
        { name: "ports", sectionName: "one" },
        { name: "ports", sectionName: "three" },
      ],
      [rule([prefix("/one-of-two")], "v2")],
    ),
  ];
}

/** `host/path` of requests, and who should answer them. */
async function expectServed(
  port: Port,
  cases: readonly (readonly [string, string | number])[],
): Promise<void> {
  const answers = await Promise.all(
    cases.map(([url]) => {
      const at = url.indexOf("/");
      return fabric.ask(port, url.slice(at), { host: url.slice(0, at) });
    }),
  );
  assert.deepEqual(
    cases.map(([url], at) => `${url} → ${answers[at]!.servedBy}`),
    cases.map(
      ([url, expected]) => `${url} → ${typeof expected === "number" ? expected : `infra/${expected}`}`,
    ),
  );
}

test("HTTPRouteHostnameIntersection: hostnames of the route that the listener has not are ignored", async () => {
  await expectServed("intersection", [
    ["very.specific.com/v1", "v1"],
    ["very.specific.com:1234/v1", "v1"],
    ["VERY.Specific.com/v1", "v1"],
    ["very.specific.com/non-matching-prefix", 404],
    ["non.matching.com/v1", 404],
    ["foo.nonmatchingwildcard.io/v1", 404],
    ["foo.wildcard.io/v2", "v2"],
    ["bar.wildcard.io/v2", "v2"],
    ["foo.bar.wildcard.io/v2", "v2"],
    ["wildcard.io/v2", 404],
    ["other.wildcard.io/v2", 404],
    ["very.specific.com/v3", "v3"],
    ["other.specific.com/v3", 404],
    ["specific.com/v3", 404],
    ["one.anotherwildcard.io/v1", "v1"],
    ["one.two.anotherwildcard.io/v1", "v1"],
    ["anotherwildcard.io/v1", 404],
    ["specific.but.wrong.com/v2", 404],
  ]);
});

test("HTTPRouteNoMatchingListenerHostname: without an intersection the route is not accepted", async () => {
  const found = await fabric.read("httproutes", "infra/no-intersection");
  assert.equal(toldOfRoute(found, "Accepted"), "Accepted=False NoMatchingListenerHostname");
  const edge = await fabric.read("gateways", "infra/intersection");
  assert.equal(listenerOf(edge, "very-specific").attachedRoutes, 2);
  assert.equal(listenerOf(edge, "wildcard").attachedRoutes, 1);
});

test("HTTPRouteListenerHostnameMatching: the most specific listener of a port has the request", async () => {
  await expectServed("matching", [
    ["bar.com/", "v1"],
    ["foo.bar.com/", "v2"],
    ["baz.bar.com/", "v3"],
    ["boo.bar.com/", "v3"],
    ["multiple.prefixes.bar.com/", "v3"],
    ["multiple.prefixes.foo.com/", "v3"],
    ["foo.com/", 404],
    ["no.matching.host/", 404],
  ]);
});

test("GatewayHTTPListenerIsolation: routes of one listener are not reached by requests of another", async () => {
  const names = ["empty-hostname", "wildcard-example-com", "wildcard-foo-example-com", "abc-foo-example-com"];
  const hosts = {
    "bar.com": names[0],
    "bar.example.com": names[1],
    "foo.example.com": names[1],
    "bar.foo.example.com": names[2],
    "abc.foo.example.com": names[3],
  };
  const backends = ["v1", "v2", "v3", "v1"];
  await expectServed(
    "isolation",
    Object.entries(hosts).flatMap(([host, owner]) =>
      names.map((name, at) => [`${host}/${name}`, name === owner ? backends[at]! : 404] as const),
    ),
  );
});

test("HTTPRouteListenerPortMatching: a parentRef's port selects the listeners of that port", async () => {
  await expectServed("one", [
    ["a.test/one", "v1"],
    ["a.test/two", 404],
    ["a.test/all", "v3"],
    ["a.test/one-of-two", "v2"],
  ]);
  await expectServed("two", [
    ["a.test/one", 404],
    ["a.test/two", "v2"],
    ["a.test/all", "v3"],
    ["a.test/one-of-two", 404],
  ]);
  const edge = await fabric.read("gateways", "infra/ports");
  assert.equal(listenerOf(edge, "one").attachedRoutes, 3);
  assert.equal(listenerOf(edge, "two").attachedRoutes, 2);
});

test("HTTPRouteInvalidParentRefNotMatchingListenerPort: no listener has that port", async () => {
  const found = await fabric.read("httproutes", "infra/port-wrong");
  assert.equal(toldOfRoute(found, "Accepted"), "Accepted=False NoMatchingParent");
});

test("HTTPRouteInvalidParentRefSectionNameNotMatchingPort: the section has another port", async () => {
  const found = await fabric.read("httproutes", "infra/port-not-of-section");
  assert.equal(toldOfRoute(found, "Accepted"), "Accepted=False NoMatchingParent");
});

test("HTTPRouteInvalidParentRefNotMatchingSectionName: no listener has that name", async () => {
  const found = await fabric.read("httproutes", "infra/no-such-section");
  assert.equal(toldOfRoute(found, "Accepted"), "Accepted=False NoMatchingParent");
  const half = await fabric.read("httproutes", "infra/one-of-two");
  assert.equal(toldOfRoute(half, "Accepted", "one"), "Accepted=True Accepted");
  assert.equal(toldOfRoute(half, "Accepted", "three"), "Accepted=False NoMatchingParent");
  assert.deepEqual(
    half.status.parents.map(({ controllerName }) => controllerName),
    ["heddle.dev/gateway-controller", "heddle.dev/gateway-controller"],
  );
});

test("HTTPRouteHostnamePrecedence: exact before wildcard, longer wildcard before shorter", async () => {
  await expectServed("plain", [
    ["foo.bar.com/", "v1"],
    ["foo.bar.com:8080/", "v1"],
    ["x.bar.com/", "v2"],
    ["x.y.bar.com/", "v2"],
    ["bar.com/", "v3"],
    ["x.deep.bar.com/deep", "v3"],
    ["com/", 404],
    ["one.org/", "v1"],
    ["two.org/", "v1"],
    ["x.three.org/", "v1"],
    ["three.org/", 404],
  ]);
});

test("HTTPRouteMultipleRoutesAttachmentSameHostnameIntersection: the route that says more of the host has it", async () => {
  await expectServed("narrowed", [
    ["abc.example.com/", "v3"],
    ["other.example.com/", 404],
    ["abc.example.org/", "v2"],
    ["example.org/", 404],
    ["other.org/", 404],
  ]);
});

test("HTTPRouteHostHeaderForwarded: the backend gets the Host header as it came, port, case and all", async () => {
  const hostSeen = async (host: string) => seen(await fabric.ask("plain", "/", { host }), "host");
  assert.deepEqual(await hostSeen("foo.bar.com"), ["foo.bar.com"]);
  assert.deepEqual(await hostSeen("foo.bar.com:8080"), ["foo.bar.com:8080"]);
  assert.deepEqual(await hostSeen("Foo.bar.com:8080"), ["Foo.bar.com:8080"]);
});
