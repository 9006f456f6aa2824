import assert from "node:assert/strict";
import { generateKeyPairSync, sign, type KeyObject } from "node:crypto";
import http from "node:http";
import { test } from "node:test";
import { openEchoServer, startHeddle, type Echo } from "@heddle/testkit";

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
      - { action: Deny, methods: [DELETE], notClientAddresses: [192.0.2.0/24] }`;

/** The same guard by three ways: of a Gateway, of the Service that another's route leads to, of the class of a third. */
const configuration = (ports: { edge: number; plain: number; wide: number }, backend: number): string => `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: edge }
spec: { gatewayClassName: heddle, listeners: [{ name: http, protocol: HTTP, port: ${ports.edge} }] }
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: plain }
spec: { gatewayClassName: heddle, listeners: [{ name: http, protocol: HTTP, port: ${ports.plain} }] }
---
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: { name: wide }
spec: { controllerName: heddle.dev/gateway-controller }
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: wide }
spec: { gatewayClassName: wide, listeners: [{ name: http, protocol: HTTP, port: ${ports.wide} }] }
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

interface Answer {
  readonly status: number;
  readonly challenge: string | undefined;
  /** What the backend saw, where it was asked. */
  readonly seen: Echo["headers"] | null;
}

function ask(port: number, headers: readonly string[], path = "/", method = "GET"): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = http.request({
      port,
      path,
      method,
      headers: ["host", "shop.example", ...headers],
      agent: false,
    });
    request.on("error", reject);
    request.on("response", async (response) => {
      let body = "";
      for await (const chunk of response) body += chunk;
      const status = response.statusCode!;
      resolve({
        status,
        challenge: response.headers["www-authenticate"],
        seen: status === 200 ? (JSON.parse(body) as Echo).headers : null,
      });
    });
    request.end();
  });
}

const bearer = (token: string): string[] => ["authorization", `Bearer ${token}`];

/** What is sent, and the verdict. */
const table: readonly (readonly [string, () => string[], number, path?: string, method?: string])[] = [
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
  ["the admin page", () => bearer(makeToken()), 403, "/admin"],
  ["the admin page, written otherwise", () => bearer(makeToken()), 403, "/x/..//%61dmin/"],
  ["the admin page, as some backends read it", () => bearer(makeToken()), 403, "/ADMIN;x"],
  ["the admin page, by an admin", () => bearer(makeToken({ sub: "bob", roles: ["admin"] })), 200, "/admin"],
  ["a tenant", () => [...bearer(makeToken()), "x-tenant", "good"], 200],
  ["a bad tenant", () => [...bearer(makeToken()), "x-tenant", "evil"], 403],
  ["two tenants", () => [...bearer(makeToken()), "x-tenant", "good", "X-Tenant", "evil"], 403],
  ["tenants in a list", () => [...bearer(makeToken()), "x-tenant", "good, evil"], 403],
  ["a method from outside", () => bearer(makeToken()), 403, "/", "DELETE"],
  [
    "a method from a place that is only said",
    () => [...bearer(makeToken()), "x-forwarded-for", "192.0.2.1"],
    403,
    "/",
    "DELETE",
  ],
  ["a token and basic", () => [...bearer(makeToken()), "Authorization", "Basic YTpi"], 401],
];

test("the same policy on a Gateway, on a Service and on a class of Gateways gives the same verdicts", async () => {
  await using backend = await openEchoServer();
  await using heddle = await startHeddle({
    ports: ["edge", "plain", "wide"],
    files: (ports) => ({ "shop.yaml": configuration(ports, backend.port) }),
    args: ["--workers", "2"],
  });
  const ports = [heddle.ports.edge, heddle.ports.plain, heddle.ports.wide];
  for (const [title, headers, expected, path, method] of table) {
    const sent = headers();
    const answers = await Promise.all(ports.map((port) => ask(port, sent, path, method)));
    assert.deepEqual(
      answers.map(({ status }) => status),
      [expected, expected, expected],
      title,
    );
    for (const { challenge } of answers)
      assert.equal(challenge?.startsWith("Bearer ") ?? false, expected === 401, title);
  }
  for (const port of ports) {
    const spoofed = await ask(port, [...bearer(makeToken()), "x-user", "root", "X-USER", "root"]);
    const users = spoofed.seen!.filter(([name]) => name.toLowerCase() === "x-user");
    assert.deepEqual(
      users.map(([, value]) => value),
      ["alice"],
    );
  }
  const metrics = await (await fetch(`${heddle.api}/metrics`)).text();
  assert.match(metrics, /heddle_filter_events_total\{filter="jwt",event="accepted"\} [1-9]/);
});
