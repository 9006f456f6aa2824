import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import {
  type IssuedCertificate,
  makeCertificateAuthority,
  type TestCertificateAuthority,
} from "@heddle/testkit";
import { eventually, type Fabric, listenerOf, openFabric, told } from "./fabric.ts";
import { gateway, grant, httpsListener, type Manifest, prefix, route, rule, tlsSecret } from "./manifests.ts";
import type { Answer, Ask } from "./send.ts";

type Port = "https" | "secrets" | "misdirected";
let fabric: Fabric<Port>;
let authority: TestCertificateAuthority;

const redirectTo = (requestRedirect: Record<string, unknown>) => [
  { type: "RequestRedirect", requestRedirect },
];

before(async () => {
  authority = await makeCertificateAuthority();
  const [exact, wildcard, deep, any] = await Promise.all(
    ["www.example.org", "*.example.org", "*.deep.example.org", "any.test"].map((name) =>
      authority.issue({ names: [name] }),
    ),
  );
  fabric = await openFabric<Port>({
    ports: ["https", "secrets", "misdirected"],
    services: ["infra/v1", "infra/v2", "infra/v3"],
    resources: (ports) => [
      tlsSecret("infra/exact", exact!),
      tlsSecret("infra/wildcard", wildcard!),
      tlsSecret("infra/deep", deep!),
      tlsSecret("infra/any", any!),
      ...terminating(ports.https),
      ...secrets(ports.secrets, any!),
      ...misdirected(ports.misdirected),
    ],
  });
});
after(() => fabric[Symbol.asyncDispose]());

function terminating(port: number): Manifest[] {
  return [
    gateway("infra/edge", [
      httpsListener("org", port, [{ name: "exact" }, { name: "wildcard" }, { name: "deep" }], {
        hostname: "*.example.org",
      }),
      httpsListener("any", port, [{ name: "any" }]),
    ]),
    route(
      "infra/org",
      [{ name: "edge", sectionName: "org" }],
      [
        rule([prefix("/")], "v1"),
        { matches: [prefix("/to-http")], filters: redirectTo({ scheme: "http" }) },
        { matches: [prefix("/to-http-8080")], filters: redirectTo({ scheme: "http", port: 8080 }) },
        { matches: [prefix("/to-443")], filters: redirectTo({ port: 443 }) },
        { matches: [prefix("/to-host")], filters: redirectTo({ hostname: "other.org" }) },
      ],
    ),
    route("infra/any", [{ name: "edge", sectionName: "any" }], [rule([prefix("/")], "v2")]),
  ];
}

/** A Gateway for each way in which a certificate may be referred to. */
function secrets(port: number, certificate: IssuedCertificate): Manifest[] {
  const named = (name: string, ref: Record<string, unknown>) => [
    gateway(`infra/${name}`, [httpsListener("https", port, [ref], { hostname: `${name}.test` })]),
    route(`infra/${name}`, name, [rule([prefix("/")], "v1")]),
  ];
  const abroad = (name: string, ns: string) => ({ name, namespace: ns });
  const broken = { apiVersion: "v1", kind: "Secret", type: "kubernetes.io/tls" };
  return [
    ...named("own", { name: "any" }),
    ...named("nonexistent", { name: "no-such-secret" }),
    ...named("malformed", { name: "malformed" }),
    ...named("unsupported-group", { group: "wrong.example", kind: "Secret", name: "any" }),
    ...named("unsupported-kind", { group: "", kind: "ConfigMap", name: "any" }),
    ...named("granted-all", abroad("certificate", "all")),
    ...named("granted-one", abroad("certificate", "one")),
    ...named("not-granted", abroad("certificate", "missing")),
    ...named("wrong-grant", abroad("certificate", "wrong")),
    ...["all", "one", "missing", "wrong"].map((ns) => tlsSecret(`${ns}/certificate`, certificate)),
    {
      ...broken,
      metadata: { name: "malformed", namespace: "infra" },
      data: { "tls.crt": "SGVsbG8K", "tls.key": "SGVsbG8K" },
    },
    grant("all/grant", { kind: "Gateway", namespace: "infra" }, { kind: "Secret" }),
    grant("one/grant", { kind: "Gateway", namespace: "infra" }, { kind: "Secret", name: "certificate" }),
    grant("wrong/kind", { kind: "HTTPRoute", namespace: "infra" }, { kind: "Secret" }),
    grant("wrong/namespace", { kind: "Gateway", namespace: "web" }, { kind: "Secret" }),
    grant("wrong/name", { kind: "Gateway", namespace: "infra" }, { kind: "Secret", name: "other" }),
    grant("wrong/to-kind", { kind: "Gateway", namespace: "infra" }, { kind: "Service" }),
  ];
}

function misdirected(port: number): Manifest[] {
  const on = (sectionName: string) => [{ name: "misdirected", sectionName }];
  return [
    gateway("infra/misdirected", [
      httpsListener("exact", port, [{ name: "exact" }], { hostname: "www.example.org" }),
      httpsListener("wildcard", port, [{ name: "wildcard" }], { hostname: "*.example.org" }),
      httpsListener("other", port, [{ name: "any" }], { hostname: "any.test" }),
    ]),
    route("infra/to-exact", on("exact"), [rule([prefix("/")], "v1")]),
    route("infra/to-wildcard", on("wildcard"), [rule([prefix("/")], "v2")]),
    route("infra/to-other", on("other"), [rule([prefix("/")], "v3")]),
  ];
}

const ask = (port: Port, servername: string, target = "/", options: Ask = {}): Promise<Answer> =>
  fabric.ask(port, target, { host: servername, tls: { servername, ca: authority.cert }, ...options });

test("HTTPRouteHTTPSListener: TLS ends at the listener, and the route is reached by host", async () => {
  assert.equal((await ask("https", "www.example.org")).servedBy, "infra/v1");
  assert.equal((await ask("https", "unknown.test")).servedBy, "infra/v2");
  const answer = await ask("https", "www.example.org");
  const scheme = answer.echo?.headers.find(([name]) => name.toLowerCase() === "x-forwarded-proto")?.[1];
  assert.equal(scheme, "https");
  const edge = await fabric.read("gateways", "infra/edge");
  for (const name of ["org", "any"]) {
    const { conditions, attachedRoutes } = listenerOf(edge, name);
    assert.deepEqual(
      [
        told(conditions, "Accepted"),
        told(conditions, "Programmed"),
        told(conditions, "ResolvedRefs"),
        attachedRoutes,
      ],
      ["Accepted=True Accepted", "Programmed=True Programmed", "ResolvedRefs=True ResolvedRefs", 1],
    );
  }
});

test("HTTPListenerMultipleTLSCertsLongestSNIMatching: the longest name that matches is served", async () => {
  const names = async (servername: string) => (await ask("https", servername)).certificateNames;
  assert.equal(await names("www.example.org"), "DNS:www.example.org");
  assert.equal(await names("api.example.org"), "DNS:*.example.org");
  assert.equal(await names("one.deep.example.org"), "DNS:*.deep.example.org");
  assert.equal(await names("any.test"), "DNS:any.test");
});

test("HTTPRouteRedirectPortAndSchemeOverHTTPS: the listener's port, or that of the scheme", async () => {
  const location = async (target: string) => (await ask("https", "www.example.org", target)).headers.location;
  assert.equal(await location("/to-http"), "http://www.example.org/to-http");
  assert.equal(await location("/to-http-8080"), "http://www.example.org:8080/to-http-8080");
  assert.equal(await location("/to-443"), "https://www.example.org/to-443");
  assert.equal(await location("/to-host"), `https://other.org:${fabric.ports.https}/to-host`);
});

test("HTTPRouteHTTPSListenerDetectMisdirectedRequests: a host of another listener is answered with 421", async () => {
  const served = async (servername: string, host: string) =>
    (await ask("misdirected", servername, "/", { host })).servedBy;
  assert.equal(await served("www.example.org", "www.example.org"), "infra/v1");
  assert.equal(await served("api.example.org", "api.example.org"), "infra/v2");
  assert.equal(await served("any.test", "any.test"), "infra/v3");
  // Of one listener: no other has a better claim.
  assert.equal(await served("api.example.org", "other.example.org"), "infra/v2");
  // A more specific one has, or only another one has.
  assert.equal(await served("api.example.org", "www.example.org"), 421);
  assert.equal(await served("www.example.org", "api.example.org"), 421);
  assert.equal(await served("www.example.org", "any.test"), 421);
  // The fallback listener has every host that no other has.
  const fallback = async (servername: string, host: string) =>
    (await ask("https", servername, "/", { host })).servedBy;
  assert.equal(await fallback("www.example.org", "unknown.test"), 421);
  assert.equal(await fallback("unknown.test", "www.example.org"), 421);
  assert.equal(await fallback("unknown.test", "also-unknown.test"), "infra/v2");
  // None has.
  assert.equal(await served("www.example.org", "unknown.test"), 404);
});

/** ResolvedRefs and Programmed of the only listener. */
async function listenerConditions(name: string): Promise<string[]> {
  const { conditions } = listenerOf(await fabric.read("gateways", `infra/${name}`), "https");
  return [told(conditions, "ResolvedRefs"), told(conditions, "Programmed")];
}

const good = ["ResolvedRefs=True ResolvedRefs", "Programmed=True Programmed"];
const invalid = ["ResolvedRefs=False InvalidCertificateRef", "Programmed=False Invalid"];
const notPermitted = ["ResolvedRefs=False RefNotPermitted", "Programmed=False Invalid"];

/** Whether a handshake for that host leads to the route. */
async function isServed(name: string): Promise<boolean> {
  return ask("secrets", `${name}.test`).then(
    ({ servedBy }) => servedBy === "infra/v1",
    () => false,
  );
}

test("GatewayInvalidTLSConfiguration: certificates that are missing, malformed or of another kind", async () => {
  assert.deepEqual(await listenerConditions("own"), good);
  assert.equal(await isServed("own"), true);
  for (const name of ["nonexistent", "malformed", "unsupported-group", "unsupported-kind"]) {
    assert.deepEqual(await listenerConditions(name), invalid, name);
    assert.equal(await isServed(name), false, name);
    const found = await fabric.read("gateways", `infra/${name}`);
    assert.equal(told(found.status.conditions, "Programmed"), "Programmed=False Invalid", name);
  }
});

test("GatewaySecretReferenceGrantAllInNamespace: a grant for all Secrets of the namespace", async () => {
  assert.deepEqual(await listenerConditions("granted-all"), good);
  assert.equal(await isServed("granted-all"), true);
});

test("GatewaySecretReferenceGrantSpecific: a grant for one Secret", async () => {
  assert.deepEqual(await listenerConditions("granted-one"), good);
  assert.equal(await isServed("granted-one"), true);
});

test("GatewaySecretMissingReferenceGrant: without a grant a Secret of another namespace is not used", async () => {
  assert.deepEqual(await listenerConditions("not-granted"), notPermitted);
  assert.equal(await isServed("not-granted"), false);
});

test("GatewaySecretInvalidReferenceGrant: grants for something else are none", async () => {
  assert.deepEqual(await listenerConditions("wrong-grant"), notPermitted);
  assert.equal(await isServed("wrong-grant"), false);
});

test("GatewaySecretReferenceGrantAtRunTime: a grant that comes and goes takes the listener with it", async () => {
  fabric.put("grant", [grant("missing/late", { kind: "Gateway", namespace: "infra" }, { kind: "Secret" })]);
  await eventually(async () => assert.equal(await isServed("not-granted"), true));
  await eventually(async () => assert.deepEqual(await listenerConditions("not-granted"), good));
  fabric.remove("grant");
  await eventually(async () => assert.equal(await isServed("not-granted"), false));
  await eventually(async () => assert.deepEqual(await listenerConditions("not-granted"), notPermitted));
});

test("GatewayOverlappingTLSConfig: listeners whose host names overlap say so", async () => {
  const found = await fabric.read("gateways", "infra/misdirected");
  const overlap = (name: string) => told(listenerOf(found, name).conditions, "OverlappingTLSConfig");
  assert.equal(overlap("exact"), "OverlappingTLSConfig=True OverlappingHostnames");
  assert.equal(overlap("wildcard"), "OverlappingTLSConfig=True OverlappingHostnames");
  assert.equal(overlap("other"), "no OverlappingTLSConfig");
});

test("GatewaySecretUpdated: another certificate in the Secret is served to new connections", async () => {
  const put = async (name: string) =>
    fabric.put("rotated", [
      tlsSecret("infra/rotated", await authority.issue({ names: [name] })),
      gateway("infra/rotated", [
        httpsListener("https", fabric.ports.secrets, [{ name: "rotated" }], { hostname: "rotated.test" }),
      ]),
      route("infra/rotated", "rotated", [rule([prefix("/")], "v1")]),
    ]);
  const names = async () => (await ask("secrets", "rotated.test")).certificateNames;
  for (const name of ["rotated.test", "*.test"]) {
    await put(name);
    await eventually(async () => assert.equal(await names(), `DNS:${name}`));
  }
});
