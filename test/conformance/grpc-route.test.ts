import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { makeCertificateAuthority } from "@heddle/testkit";
import { eventually, type Fabric, openFabric, toldOfRoute } from "./fabric.ts";
import {
  EchoClient,
  echoService,
  openGrpcEcho,
  status,
  type CallOptions,
  type GrpcEcho,
} from "./grpc-echo.ts";
import {
  endpoint,
  gateway,
  grant,
  httpListener,
  httpsListener,
  type Manifest,
  prefix,
  route,
  rule,
  service,
  tlsSecret,
  to,
} from "./manifests.ts";

type Spec = Record<string, unknown>;

let fabric: Fabric<"http" | "https" | "many">;
let echoes: Record<string, GrpcEcho>;
let ca: string;
const clients: EchoClient[] = [];

function grpcRoute(
  name: string,
  rules: readonly Spec[] | undefined,
  hostnames: readonly string[],
  parent: string | readonly Spec[] = "edge",
  more: Spec = {},
): Manifest {
  const made = route(name, parent, [], hostnames);
  const spec = { ...(made["spec"] as Spec), rules, ...more };
  return { ...made, kind: "GRPCRoute", spec };
}

const method = (name: string, more: Spec = {}) => ({
  method: { service: echoService, method: name },
  ...more,
});
const header = (name: string, value: string, type?: string) => ({ name, value, ...(type && { type }) });
const one = (backend: string, more: Spec = {}) => ({ backendRefs: [to(backend)], ...more });

/** A policy for the Service of its name. */
const backendTls = (name: string, hostname: string): Manifest => ({
  apiVersion: "gateway.networking.k8s.io/v1",
  kind: "BackendTLSPolicy",
  metadata: { namespace: "infra", name },
  spec: {
    targetRefs: [{ group: "", kind: "Service", name }],
    validation: { hostname, caCertificateRefs: [{ group: "", kind: "ConfigMap", name: "roots" }] },
  },
});

before(async () => {
  const opened = await Promise.all(["v1", "v2", "v3"].map((name) => openGrpcEcho(name)));
  echoes = Object.fromEntries(opened.map((echo) => [echo.name, echo]));
  const authority = await makeCertificateAuthority();
  ca = authority.cert;
  const leaf = await authority.issue({ names: ["secure.test", "*.secure.test"] });
  const secret = await openGrpcEcho("secret", 0, await authority.issue({ names: ["calls.example.com"] }));
  echoes["secret"] = secret;
  fabric = await openFabric({
    ports: ["http", "https", "many"],
    services: ["infra/web"],
    resources: (ports) => [
      gateway("infra/edge", [
        httpListener("http", ports.http),
        httpsListener("https", ports.https, [{ name: "leaf" }], { hostname: "*.secure.test" }),
      ]),
      gateway(
        "infra/many",
        ["bar.com", "foo.bar.com", "*.bar.com", "*.foo.com"].map((hostname, at) =>
          httpListener(`listener-${at + 1}`, ports.many, { hostname }),
        ),
      ),
      tlsSecret("infra/leaf", leaf),
      ...opened.flatMap(({ name, port }) => [service(`infra/${name}`), endpoint(`infra/${name}`, port)]),
      ...["secret", "misnamed"].flatMap((name) => [
        service(`infra/${name}`),
        endpoint(`infra/${name}`, secret.port),
        grpcRoute(`infra/${name}`, [one(name)], [`${name}.test`]),
      ]),
      backendTls("secret", "calls.example.com"),
      backendTls("misnamed", "other.example.com"),
      {
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: { namespace: "infra", name: "roots" },
        data: { "ca.crt": ca },
      },
      service("infra/none"),
      service("infra/pair"),
      endpoint("infra/pair", echoes["v1"]!.port, "a"),
      endpoint("infra/pair", echoes["v2"]!.port, "b"),
      service("other/v3"),
      endpoint("other/v3", echoes["v3"]!.port),
      grant("other/any", { kind: "GRPCRoute", namespace: "infra" }, { kind: "Service" }),
      ...routes(),
    ],
  });
});

after(async () => {
  for (const client of clients) client.close();
  await fabric?.[Symbol.asyncDispose]();
  for (const echo of Object.values(echoes ?? {})) echo.close();
});

function routes(): Manifest[] {
  return [
    grpcRoute(
      "infra/exact-matching",
      [one("v1", { matches: [method("Echo")] }), one("v2", { matches: [method("EchoTwo")] })],
      ["exact.test"],
    ),
    grpcRoute(
      "infra/named",
      [
        one("v1", { name: "named-rule", matches: [method("Echo")] }),
        one("v2", { matches: [method("EchoTwo")] }),
      ],
      ["named.test"],
    ),
    grpcRoute(
      "infra/headers",
      [
        one("v1", { matches: [{ headers: [header("version", "one")] }] }),
        one("v2", { matches: [{ headers: [header("version", "two")] }] }),
        one("v1", { matches: [{ headers: [header("version", "two"), header("color", "orange")] }] }),
        one("v1", {
          matches: [{ headers: [header("color", "blue")] }, { headers: [header("color", "green")] }],
        }),
        one("v2", { matches: [{ headers: [header("color", "(red|yellow)", "RegularExpression")] }] }),
      ],
      ["headers.test"],
    ),
    grpcRoute(
      "infra/precedence",
      [
        one("v3", { matches: [{ method: { method: "Echo" } }] }),
        one("v2", { matches: [{ method: { service: echoService } }] }),
        one("v1", { matches: [method("EchoTwo")] }),
        one("v3", {
          matches: [{ method: { type: "RegularExpression", service: ".*echo.*", method: "Echo.*" } }],
        }),
      ],
      ["precedence.test"],
    ),
    grpcRoute(
      "infra/modifiers",
      [
        {
          filters: [
            {
              type: "RequestHeaderModifier",
              requestHeaderModifier: {
                set: [{ name: "X-Set", value: "set" }],
                add: [{ name: "X-Add", value: "added" }],
                remove: ["X-Remove"],
              },
            },
            {
              type: "ResponseHeaderModifier",
              responseHeaderModifier: { set: [{ name: "X-Answer", value: "yes" }] },
            },
          ],
          backendRefs: [
            to("v1", {
              filters: [
                {
                  type: "RequestHeaderModifier",
                  requestHeaderModifier: { set: [{ name: "X-Backend", value: "v1" }] },
                },
              ],
            }),
          ],
        },
      ],
      ["modifiers.test"],
    ),
    grpcRoute(
      "infra/mirrored",
      [one("v1", { filters: [{ type: "RequestMirror", requestMirror: { backendRef: to("v2") } }] })],
      ["mirrored.test"],
    ),
    grpcRoute(
      "infra/weighted",
      [{ backendRefs: [to("v1", { weight: 70 }), to("v2", { weight: 30 }), to("v3", { weight: 0 })] }],
      ["weighted.test"],
    ),
    grpcRoute("infra/weightless", [{ backendRefs: [to("v1", { weight: 0 })] }], ["weightless.test"]),
    grpcRoute("infra/missing", [one("no-such")], ["missing.test"]),
    grpcRoute("infra/half", [{ backendRefs: [to("v1"), to("no-such")] }], ["half.test"]),
    grpcRoute("infra/idle", [one("none")], ["idle.test"]),
    grpcRoute("infra/far", [one("other/v3")], ["far.test"]),
    grpcRoute(
      "infra/sticky",
      [one("pair", { sessionPersistence: { sessionName: "sticky", type: "Cookie" } })],
      ["sticky.test"],
    ),
    grpcRoute("infra/secure", [one("v2")], ["calls.secure.test"]),
    ...["bar.com", "foo.bar.com"].map((_, at) =>
      grpcRoute(
        `infra/listener-${at + 1}`,
        [one(`v${at + 1}`)],
        [],
        [{ name: "many", sectionName: `listener-${at + 1}` }],
      ),
    ),
    grpcRoute(
      "infra/listener-3",
      [one("v3")],
      [],
      [
        { name: "many", sectionName: "listener-3" },
        { name: "many", sectionName: "listener-4" },
      ],
    ),
    grpcRoute("infra/any-call", [one("v1")], ["any.test"]),
    grpcRoute("infra/no-rules", undefined, ["no-rules.test"]),
  ];
}

function client(authority: string, port: "http" | "https" | "many" = "http"): EchoClient {
  const made = new EchoClient(fabric.ports[port], authority, port === "https" ? { ca } : {});
  clients.push(made);
  return made;
}

/** Who answered, or the status. */
async function ask(authority: string, options: CallOptions = {}, port?: "http" | "https" | "many") {
  const { code, reply } = await client(authority, port).call({}, options);
  return reply?.servedBy ?? status[code];
}

test("GRPCExactMethodMatching: calls go by service and method, others are UNIMPLEMENTED", async () => {
  assert.equal(await ask("exact.test"), "v1");
  assert.equal(await ask("exact.test", { method: "EchoTwo" }), "v2");
  assert.equal(await ask("exact.test", { method: "EchoThree" }), "UNIMPLEMENTED");
  assert.equal(await ask("exact.test", { service: "other.Service" }), "UNIMPLEMENTED");
});

test("GRPCRouteNamedRule: rules may have names", async () => {
  assert.equal(await ask("named.test"), "v1");
  assert.equal(await ask("named.test", { method: "EchoTwo" }), "v2");
});

test("GRPCRouteHeaderMatching: all headers of one match, any match of a rule", async () => {
  const cases: [Record<string, string>, string][] = [
    [{ version: "one" }, "v1"],
    [{ version: "two" }, "v2"],
    [{ version: "two", color: "orange" }, "v1"],
    [{ version: "two", color: "blue" }, "v2"],
    [{ color: "orange" }, "UNIMPLEMENTED"],
    [{ "some-other-header": "one" }, "UNIMPLEMENTED"],
    [{ color: "blue" }, "v1"],
    [{ color: "green" }, "v1"],
    [{ color: "red" }, "v2"],
    [{ color: "yellow" }, "v2"],
    [{ color: "purple" }, "UNIMPLEMENTED"],
  ];
  for (const [metadata, who] of cases) {
    assert.equal(await ask("headers.test", { metadata }), who, JSON.stringify(metadata));
  }
});

test("GRPCRouteMatchPrecedence: the service counts before the method, exact values before patterns", async () => {
  assert.equal(await ask("precedence.test"), "v2");
  assert.equal(await ask("precedence.test", { method: "EchoTwo" }), "v1");
  assert.equal(await ask("precedence.test", { service: "a.Service", method: "EchoTwo" }), "UNIMPLEMENTED");
});

test("GRPCRouteListenerHostnameMatching: each listener has its own routes", async () => {
  const cases: [string, string][] = [
    ["bar.com", "v1"],
    ["foo.bar.com", "v2"],
    ["baz.bar.com", "v3"],
    ["boo.bar.com", "v3"],
    ["multiple.prefixes.bar.com", "v3"],
    ["multiple.prefixes.foo.com", "v3"],
    ["foo.com", "UNIMPLEMENTED"],
    ["no.matching.host", "UNIMPLEMENTED"],
  ];
  for (const [authority, who] of cases) assert.equal(await ask(authority, {}, "many"), who, authority);
});

test("GRPCRouteRequestHeaderModifier: headers are set, added and removed, of the rule and of the backend", async () => {
  const metadata = { "x-set": "old", "x-add": "first", "x-remove": "x" };
  const { reply, headers } = await client("modifiers.test").call({}, { metadata });
  assert.deepEqual(reply?.metadata["x-set"], ["set"]);
  assert.deepEqual(reply?.metadata["x-add"]?.join(), "first,added");
  assert.equal(reply?.metadata["x-remove"], undefined);
  assert.deepEqual(reply?.metadata["x-backend"], ["v1"]);
  assert.deepEqual(headers["x-answer"], ["yes"]);
});

test("GRPCRouteRequestMirror: a copy of the call reaches the mirror", async () => {
  const tag = { "x-tag": "mirrored" };
  const { reply } = await client("mirrored.test").call({ text: "once" }, { metadata: tag });
  assert.equal(reply?.servedBy, "v1");
  await eventually(() => {
    const copies = echoes["v2"]!.calls.filter(({ metadata }) => metadata["x-tag"]?.[0] === "mirrored");
    assert.equal(copies.length, 1);
  });
});

test("GRPCRouteWeight: calls are shared by weight", async () => {
  const one = client("weighted.test");
  const counts: Record<string, number> = { v1: 0, v2: 0, v3: 0 };
  for (let i = 0; i < 300; i++) counts[(await one.call()).reply!.servedBy]! += 1;
  assert.equal(counts["v3"], 0);
  assert.ok(Math.abs(counts["v1"]! - 210) < 40, JSON.stringify(counts));
});

test("GRPCRouteAllBackendsWeightZero: calls are UNAVAILABLE", async () => {
  assert.equal(await ask("weightless.test"), "UNAVAILABLE");
});

test("GRPCRouteInvalidBackendRef: its share of calls is UNAVAILABLE, and the route says so", async () => {
  assert.equal(await ask("missing.test"), "UNAVAILABLE");
  const found = await fabric.read("grpcroutes", "infra/missing");
  assert.equal(toldOfRoute(found, "Accepted"), "Accepted=True Accepted");
  assert.equal(toldOfRoute(found, "ResolvedRefs"), "ResolvedRefs=False BackendNotFound");
  const half = client("half.test");
  const seen = new Set<string>();
  for (let i = 0; i < 60; i++) seen.add((await half.call()).reply?.servedBy ?? "none");
  assert.deepEqual([...seen].sort(), ["none", "v1"]);
});

test("GRPCRouteServiceWithoutEndpoints: calls are UNAVAILABLE", async () => {
  const { code, details } = await client("idle.test").call();
  assert.equal(code, status.UNAVAILABLE);
  assert.match(details, /no ready endpoint \(HDL_NO_ENDPOINTS\)/);
});

test("GRPCRouteReferenceGrant: a grant for GRPCRoutes lets them use Services of another namespace", async () => {
  assert.equal(await ask("far.test"), "v3");
});

test("GRPCRouteSessionPersistenceCookie: calls with the cookie go to the endpoint that gave it", async () => {
  const sticky = client("sticky.test");
  const first = await sticky.call();
  const cookie = first.headers["set-cookie"]?.[0] ?? "";
  assert.match(cookie, /^sticky=/);
  assert.doesNotMatch(cookie, /Expires|Max-Age/i);
  const metadata = { cookie: cookie.split(";")[0]! };
  for (let i = 0; i < 10; i++) {
    assert.equal((await sticky.call({}, { metadata })).reply?.servedBy, first.reply?.servedBy);
  }
});

test("GRPCRouteHTTPSListener: calls come by ALPN", async () => {
  assert.equal(await ask("calls.secure.test", {}, "https"), "v2");
});

test("GRPCRouteBackendTLSPolicy: calls go over TLS, to servers whose certificate has the name", async () => {
  assert.equal(await ask("secret.test"), "secret");
  assert.equal(await ask("misnamed.test"), "UNAVAILABLE");
});

test("GRPCRouteMatchesEveryCall: a rule without matches takes all calls, and nothing else", async () => {
  assert.equal(await ask("any.test"), "v1");
  const page = await fabric.ask("http", "/", { host: "any.test" });
  assert.equal(page.status, 404);
  assert.equal(await ask("no-rules.test"), "UNIMPLEMENTED");
});

test("GRPCRouteHostnameConflict: of an HTTPRoute and a GRPCRoute for one host exactly one is accepted", async () => {
  // Of one age: the name that comes first decides.
  const edge = [{ name: "edge", sectionName: "http" }];
  const pages = route("infra/a-pages", edge, [rule([prefix("/")], "web")], ["shared.test"]);
  const calls = grpcRoute("infra/calls", [one("v1")], ["*.test"], edge);
  fabric.put("conflict", [pages, calls]);
  await eventually(async () => {
    const found = await fabric.read("grpcroutes", "infra/calls");
    assert.equal(toldOfRoute(found, "Accepted"), "Accepted=False HostnameConflict");
    assert.match(found.status.parents[0]!.conditions[0]!.message, /HTTPRoute infra\/a-pages for \*\.test/);
    const kept = await fabric.read("httproutes", "infra/a-pages");
    assert.equal(toldOfRoute(kept, "Accepted"), "Accepted=True Accepted");
  });
  assert.equal((await fabric.ask("http", "/", { host: "shared.test" })).status, 200);
  fabric.put("conflict", [
    { ...pages, spec: { ...(pages["spec"] as Spec), hostnames: ["apart.example"] } },
    calls,
  ]);
  await eventually(async () => {
    const found = await fabric.read("grpcroutes", "infra/calls");
    assert.equal(toldOfRoute(found, "Accepted"), "Accepted=True Accepted");
  });
  await eventually(async () => assert.equal(await ask("shared.test"), "v1"));
});
