import assert from "node:assert/strict";
import { generateKeyPairSync, sign, type KeyObject } from "node:crypto";
import { test } from "node:test";
import { openEchoServer, startHeddle, type Echo } from "@heddle/testkit";
import { certificate } from "./hostile/setup/resources.ts";
import { openWays, type Way, type WayPorts } from "./ways.ts";

const own = generateKeyPairSync("ed25519");
const other = generateKeyPairSync("ed25519");
const jwks = JSON.stringify({ keys: [{ ...own.publicKey.export({ format: "jwk" }), kid: "one" }] });

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");

function makeToken(claims: object = {}, key: KeyObject = own.privateKey, header: object = {}): string {
  const exp = Math.floor(Date.now() / 1000) + 300;
  const payload = { iss: "https://id.example", sub: "alice", aud: "shop", exp, ...claims };
  const input = `${encode({ alg: "EdDSA", kid: "one", ...header })}.${encode(payload)}`;
  return `${input}.${sign(null, Buffer.from(input), key).toString("base64url")}`;
}

const authentication = `
  authentication:
    jwt:
      issuers:
        - issuer: https://id.example
          keys: { ref: { name: keys } }
          audiences: [shop]
          claimHeaders: [{ header: X-User, claim: sub }]
  authorization:
    rules:
      - { action: Allow, principal: { subjects: [alice] }, notPaths: [{ value: /admin }] }
      - { action: Allow, claims: [{ claim: roles, values: [admin] }] }
      - { action: Deny, headers: [{ name: X-Tenant, values: [evil] }] }
      - { action: Deny, headers: [{ name: Host, values: [admin.shop.example] }] }
      - { action: Deny, methods: [DELETE], notClientAddresses: [192.0.2.0/24] }`;

const places = ["edge", "plain", "wide"] as const;
type Place = (typeof places)[number];

const gateway = (name: Place, { http, https }: WayPorts): string => `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: ${name} }
spec:
  gatewayClassName: ${name === "wide" ? "wide" : "heddle"}
  listeners:
    - { name: http, protocol: HTTP, port: ${http} }
    - { name: https, protocol: HTTPS, port: ${https}, tls: { certificateRefs: [{ name: leaf }] } }
---`;

/** The same guard by three ways: of a Gateway, of the Service that another's route leads to, of the class of a third. */
const configuration = (ports: Record<Place, WayPorts>, backend: number): string => `
${places.map((name) => gateway(name, ports[name])).join("")}
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: { name: wide }
spec: { controllerName: heddle.dev/gateway-controller }
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: edge }
spec: { parentRefs: [{ name: edge }, { name: wide }], rules: [{ backendRefs: [{ name: open, port: 80 }] }] }
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: plain }
spec: { parentRefs: [{ name: plain }], rules: [{ backendRefs: [{ name: guarded, port: 80 }] }] }
---
apiVersion: heddle.dev/v1alpha1
kind: AccessPolicy
metadata: { name: guard }
spec:
  targetRefs: [{ kind: Gateway, name: edge }, { kind: Service, name: guarded }]${authentication}
---
apiVersion: heddle.dev/v1alpha1
kind: AccessPolicy
metadata: { name: guard, namespace: heddle-system }
spec:
  targetRefs: [{ kind: GatewayClass, name: wide }]${authentication}
---
apiVersion: heddle.dev/v1alpha1
kind: AccessPolicy
metadata: { name: elsewhere }
spec:
  targetRefs: [{ kind: GatewayClass, name: wide }]
  authentication: { anonymous: Allow }
---
apiVersion: v1
kind: Secret
metadata: { name: keys, namespace: heddle-system }
stringData: { jwks.json: '${jwks}' }
---
apiVersion: v1
kind: Secret
metadata: { name: keys }
stringData: { jwks.json: '${jwks}' }
${["open", "guarded"]
  .map(
    (name) => `---
apiVersion: v1
kind: Service
metadata: { name: ${name} }
spec: { ports: [{ name: http, port: 80 }] }
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: ${name}, labels: { kubernetes.io/service-name: ${name} } }
addressType: IPv4
ports: [{ name: http, port: ${backend} }]
endpoints: [{ addresses: [127.0.0.1] }]
`,
  )
  .join("")}`;

interface Asked {
  readonly path?: string;
  readonly method?: string;
  readonly authority?: string;
}

interface Answer {
  readonly status: number;
  readonly challenge: string | undefined;
  /** What the backend saw, where it was asked. */
  readonly seen: Echo["headers"] | null;
}

async function ask(
  way: Way,
  ports: WayPorts,
  headers: readonly string[],
  asked: Asked = {},
): Promise<Answer> {
  const { status, headers: got, body } = await way.ask(ports, { ...asked, headers });
  return {
    status,
    challenge: got["www-authenticate"],
    seen: status === 200 ? (JSON.parse(body.toString()) as Echo).headers : null,
  };
}

const bearer = (token: string): string[] => ["authorization", `Bearer ${token}`];

/** What is sent, and the verdict. */
const table: readonly (readonly [string, () => string[], number, asked?: Asked])[] = [
  ["nothing", () => [], 401],
  ["a good token", () => bearer(makeToken()), 200],
  ["a good token again", () => bearer(makeToken()), 200],
  ["signed by another", () => bearer(makeToken({}, other.privateKey)), 401],
  ["expired", () => bearer(makeToken({ exp: 1 })), 401],
  ["another audience", () => bearer(makeToken({ aud: "bank" })), 401],
  ["another issuer", () => bearer(makeToken({ iss: "https://evil.example" })), 401],
  ["alg none", () => bearer(makeToken({}, own.privateKey, { alg: "none" }).replace(/[^.]*$/, "")), 401],
  ["an unknown key", () => bearer(makeToken({}, own.privateKey, { kid: "two" })), 401],
  ["opaque", () => bearer("abc"), 401],
  ["basic", () => ["authorization", "Basic YTpi"], 401],
  ["two tokens", () => [...bearer(makeToken()), ...bearer(makeToken())], 401],
  ["somebody else", () => bearer(makeToken({ sub: "bob" })), 403],
  ["the admin page", () => bearer(makeToken()), 403, { path: "/admin" }],
  ["the admin page, written otherwise", () => bearer(makeToken()), 403, { path: "/x/..//%61dmin/" }],
  ["the admin page, as some backends read it", () => bearer(makeToken()), 403, { path: "/ADMIN;x" }],
  [
    "the admin page, by an admin",
    () => bearer(makeToken({ sub: "bob", roles: ["admin"] })),
    200,
    { path: "/admin" },
  ],
  ["a tenant", () => [...bearer(makeToken()), "x-tenant", "good"], 200],
  ["a bad tenant", () => [...bearer(makeToken()), "x-tenant", "evil"], 403],
  ["two tenants", () => [...bearer(makeToken()), "x-tenant", "good", "X-Tenant", "evil"], 403],
  ["tenants in a list", () => [...bearer(makeToken()), "x-tenant", "good, evil"], 403],
  ["a method from outside", () => bearer(makeToken()), 403, { method: "DELETE" }],
  [
    "a method from a place that is only said",
    () => [...bearer(makeToken()), "x-forwarded-for", "192.0.2.1"],
    403,
    { method: "DELETE" },
  ],
  ["another host", () => bearer(makeToken()), 200, { authority: "api.shop.example" }],
  ["a host that is not for all", () => bearer(makeToken()), 403, { authority: "admin.shop.example" }],
  ["that host, at some port", () => bearer(makeToken()), 403, { authority: "ADMIN.shop.example:8443" }],
  ["that host, with a dot", () => bearer(makeToken()), 403, { authority: "admin.shop.example." }],
  ["a token and basic", () => [...bearer(makeToken()), "Authorization", "Basic YTpi"], 401],
];

test("the same policy on a Gateway, a Service and a class gives the same verdicts, whichever HTTP is spoken", async (t) => {
  await using ways = await openWays();
  await using backend = await openEchoServer();
  await using heddle = await startHeddle({
    ports: places.flatMap((name) => [`${name}-http`, `${name}-https`] as const),
    files: (ports) => ({
      "shop.yaml": configuration(portsOf(ports), backend.port),
      "leaf.yaml": certificate("leaf", ways.certificate),
    }),
    args: ["--workers", "2"],
  });
  const ports = Object.values(portsOf(heddle.ports));
  for (const way of ways.all)
    await t.test(way.name, async () => {
      for (const [title, headers, expected, asked] of table) {
        const sent = headers();
        const answers = await Promise.all(ports.map((at) => ask(way, at, sent, asked)));
        assert.deepEqual(
          answers.map(({ status }) => status),
          [expected, expected, expected],
          title,
        );
        for (const { challenge } of answers)
          assert.equal(challenge?.startsWith("Bearer ") ?? false, expected === 401, title);
      }
      for (const at of ports) {
        const spoofed = await ask(way, at, [...bearer(makeToken()), "x-user", "root", "X-USER", "root"]);
        const users = spoofed.seen!.filter(([name]) => name.toLowerCase() === "x-user");
        assert.deepEqual(
          users.map(([, value]) => value),
          ["alice"],
        );
      }
    });
  const metrics = await (await fetch(`${heddle.api}/metrics`)).text();
  assert.match(metrics, /heddle_filter_events_total\{filter="jwt",event="accepted"\} [1-9]/);
});

function portsOf(ports: Record<`${Place}-${keyof WayPorts}`, number>): Record<Place, WayPorts> {
  const at = (name: Place): WayPorts => ({ http: ports[`${name}-http`], https: ports[`${name}-https`] });
  return { edge: at("edge"), plain: at("plain"), wide: at("wide") };
}
