import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import http from "node:http";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { brotliCompressSync, gunzipSync, gzipSync } from "node:zlib";
import { listenOnFreePort, startHeddle } from "@heddle/testkit";
import { backend, certificate, route } from "./hostile/setup/resources.ts";
import { openWays, type WayAnswer, type WayPorts, type WayRequest } from "./ways.ts";

const KEY = "a-key-that-was-made-elsewhere-0123456789";
const digest = createHash("sha256").update(KEY).digest("hex");

const gateway = ({ http: port, https }: WayPorts): string => `---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: edge }
spec:
  gatewayClassName: heddle
  listeners:
    - { name: http, protocol: HTTP, port: ${port} }
    - { name: https, protocol: HTTPS, port: ${https}, tls: { certificateRefs: [{ name: leaf }] } }
---
apiVersion: v1
kind: Secret
metadata: { name: api-keys }
type: heddle.dev/api-keys
stringData: { one: '{"hash":"sha256:${digest}","consumer":"mobile","scopes":["read"]}' }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: texts }
data:
  api: |
    openapi: 3.1.0
    servers: [{ url: /openapi }]
    paths:
      /orders:
        post:
          parameters:
            - { name: X-Tenant, in: header, required: true, schema: { type: string } }
          requestBody: { required: true, content: { application/json: { schema: { type: object, required: [item] } } } }
          responses: { "200": { description: good } }
`;

/** Each acts on the route of its own name. */
const policies: Readonly<Record<string, readonly [kind: string, spec: string]>> = {
  key: [
    "AccessPolicy",
    `authentication: { apiKeys: { secrets: { names: [api-keys] }, format: Any } }
  authorization:
    rules:
      - { action: Allow, principal: { subjects: [mobile], scopes: [read] }, headers: [{ name: X-Role, values: [user] }] }
      - { action: Deny, headers: [{ name: Host, values: [admin.shop.example] }] }
      - { action: Deny, paths: [{ value: /key/secret }] }`,
  ],
  guard: [
    "AccessPolicy",
    `csrf: {}
  request: { maxBodyBytes: 100, contentTypes: [application/json] }
  securityHeaders: {}`,
  ],
  limit: [
    "RateLimitPolicy",
    `limits:
    - { name: by-user, slidingWindow: { quota: 2, window: 1h }, key: [{ from: Header, name: X-User }], whenKeyMissing: Deny }
    - { name: by-host, fixedWindow: { quota: 1, unit: Month }, key: [{ from: Header, name: X-User }],
        match: { headers: [{ name: Host, value: slow.shop.example }] } }`,
  ],
  json: ["ContentPolicy", "decompression: {}\n  json: { maxDepth: 4, maxBytes: 50000 }"],
  openapi: ["ContentPolicy", "openApi: { document: { configMap: { name: texts, key: api } } }"],
  zip: ["ContentPolicy", "compression: {}"],
  unzip: ["ContentPolicy", "decompression: { maxBytes: 1000000 }"],
  cache: ["ContentPolicy", "cache: {}"],
  transform: [
    "ContentPolicy",
    `transform:
    rules:
      - path: /transform/{id}
        request:
          method: POST
          headers: { set: [{ name: X-Id, value: "\${path.id} at \${request.host}" }] }
          json: { set: [{ pointer: /id, value: "\${path.id}" }] }
        response: { json: { remove: [/headers] } }`,
  ],
  static: [
    "ContentPolicy",
    `staticResponse:
    responses:
      - { match: { headers: [{ name: Host, value: api.shop.example }] }, body: { content: { text: api } } }
      - { match: { methods: [POST] }, status: 201, body: { content: { text: made } } }`,
  ],
  graphql: ["ContentPolicy", "graphql: { maxDepth: 2 }"],
  pages: [
    "ContentPolicy",
    'errorPages: { of: All, pages: [{ statuses: [5xx], format: HTML, content: { text: "<p>sorry</p>" } }] }',
  ],
};

const policy = (name: string, [kind, spec]: (typeof policies)[string]): string => `---
apiVersion: heddle.dev/v1alpha1
kind: ${kind}
metadata: { name: ${name} }
spec:
  targetRefs: [{ kind: HTTPRoute, name: ${name} }]
  ${spec}
`;

interface Row {
  readonly title: string;
  readonly request: WayRequest;
  readonly status: number;
  /** What else must hold of the answer. */
  readonly holds?: (answer: WayAnswer) => void;
}

const row = (
  title: string,
  request: WayRequest,
  status: number,
  holds: (answer: WayAnswer) => void = () => {},
): Row => ({ title, request, status, holds });

const json = (body: string, path: string, ...headers: string[]): WayRequest => ({
  method: "POST",
  path,
  body,
  headers: ["content-type", "application/json", ...headers],
});
const zipped = (path: string, body: Uint8Array, coding: string, type = "application/json"): WayRequest => ({
  method: "POST",
  path,
  body,
  headers: ["content-type", type, "content-encoding", coding],
});
const says = (text: string) => (answer: WayAnswer) => assert.equal(answer.body.toString(), text);
const has = (name: string, value: string | RegExp) => (answer: WayAnswer) =>
  assert.match(String(answer.headers[name]), typeof value === "string" ? new RegExp(`^${value}$`) : value);
const got = (answer: WayAnswer): { method: string; body: string; headers: Record<string, string> } =>
  JSON.parse(answer.body.toString());

const user = ["x-api-key", KEY, "x-role", "user"];
const query = (text: string): string => JSON.stringify({ query: text });

/** In their order; `way` is a name that no other way of speaking has. */
const table = (way: string): readonly Row[] => [
  row("no key", { path: "/key" }, 401, has("www-authenticate", /^ApiKey /)),
  row("the key", { path: "/key", headers: user }, 200, (answer) =>
    assert.equal(got(answer).headers["x-api-key"], undefined),
  ),
  row("another key", { path: "/key", headers: ["x-api-key", "b", "x-role", "user"] }, 401),
  row("the key twice", { path: "/key", headers: [...user, "X-Api-Key", KEY] }, 401),
  row("no role", { path: "/key", headers: ["x-api-key", KEY] }, 403),
  row("two roles", { path: "/key", headers: [...user, "x-role", "admin"] }, 403),
  row("two roles in a list", { path: "/key", headers: ["x-api-key", KEY, "x-role", "user, admin"] }, 403),
  row("another host", { path: "/key", authority: "api.shop.example", headers: user }, 200),
  row("the host that is denied", { path: "/key", authority: "Admin.shop.example:1", headers: user }, 403),
  row("the path that is denied", { path: "/x/../key/%73ecret/", headers: user }, 403),
  row("a page of another site", { ...json("{}", "/guard", "sec-fetch-site", "cross-site") }, 403),
  row("a page of this one", { ...json("{}", "/guard", "sec-fetch-site", "same-origin") }, 200, (answer) =>
    has("x-content-type-options", "nosniff")(answer),
  ),
  row("a page of another origin", { ...json("{}", "/guard", "origin", "https://evil.example") }, 403),
  row(
    "another type",
    { method: "POST", path: "/guard", body: "a", headers: ["content-type", "text/plain"] },
    415,
  ),
  row("two types", { ...json("{}", "/guard", "content-type", "text/plain") }, 415),
  row("too much", json(`"${"x".repeat(200)}"`, "/guard"), 413),
  row("a user", { path: "/limit", headers: ["x-user", way] }, 200, has("ratelimit", /"by-user";r=1/)),
  row("again", { path: "/limit", headers: ["x-user", way] }, 200),
  row("too often", { path: "/limit", headers: ["X-User", way] }, 429, has("retry-after", /^\d+$/)),
  row("nobody", { path: "/limit" }, 429),
  row("two users", { path: "/limit", headers: ["x-user", `a ${way}`, "x-user", "b"] }, 429),
  row(
    "a slow host",
    { path: "/limit", authority: "slow.shop.example", headers: ["x-user", `c ${way}`] },
    200,
  ),
  row("again", { path: "/limit", authority: "SLOW.shop.example:80", headers: ["x-user", `c ${way}`] }, 429),
  row("JSON", json('{"a":[1]}', "/json"), 200, (answer) => assert.equal(got(answer).body, '{"a":[1]}')),
  row("compressed", zipped("/json", gzipSync('{"a":[1]}'), "gzip"), 200, (answer) =>
    assert.equal(got(answer).body, '{"a":[1]}'),
  ),
  row("too deep", json("[[[[[1]]]]]", "/json"), 400),
  row("too deep, compressed", zipped("/json", gzipSync("[[[[[1]]]]]"), "gzip"), 400),
  row("a name twice", json('{"a":1,"\\u0061":2}', "/json"), 400),
  row("cut short", json('{"a":', "/json"), 400),
  row("too large", json(`"${"x".repeat(60_000)}"`, "/json"), 413),
  row("an order", json('{"item":1}', "/openapi/orders", "x-tenant", "a"), 200),
  row("an order without its item", json("{}", "/openapi/orders", "x-tenant", "a"), 400, (answer) =>
    assert.match(answer.body.toString(), /item/),
  ),
  row("an order of no tenant", json('{"item":1}', "/openapi/orders"), 400),
  row("no operation", { path: "/openapi/orders", headers: ["x-tenant", "a"] }, 405, has("allow", "POST")),
  row("no path", { path: "/openapi/x" }, 404),
  row("a page", { path: "/zip/page", headers: ["accept-encoding", "gzip"] }, 200, (answer) => {
    assert.equal(answer.headers["content-encoding"], "gzip");
    assert.equal(gunzipSync(answer.body).length, 20_000);
  }),
  row("its head", { method: "HEAD", path: "/zip/page", headers: ["accept-encoding", "gzip"] }, 200),
  row("a page as it is", { path: "/zip/page" }, 200, (answer) => assert.equal(answer.body.length, 20_000)),
  row("an upload", zipped("/unzip", gzipSync("plain"), "gzip", "text/plain"), 200, (answer) =>
    assert.equal(got(answer).body, "plain"),
  ),
  row("a bomb", zipped("/unzip", brotliCompressSync(Buffer.alloc(5_000_000)), "br", "text/plain"), 413),
  row("no gzip", zipped("/unzip", Buffer.from("plain"), "gzip", "text/plain"), 400),
  row("another coding", zipped("/unzip", Buffer.from("plain"), "x-own", "text/plain"), 415),
  row("to be stored", { path: `/cache/${way}` }, 200, has("cache-status", /stored/)),
  row("from the store", { path: `/cache/${way}` }, 200, has("cache-status", /^heddle; hit/)),
  row("as it is known", { path: `/cache/${way}`, headers: ["if-none-match", '"1"'] }, 304),
  row("a part", { path: `/cache/${way}`, headers: ["range", "bytes=0-0"] }, 206, says("{")),
  row(
    "of another host",
    { path: `/cache/${way}`, authority: "api.shop.example" },
    200,
    has("cache-status", /stored/),
  ),
  row("to be changed", { ...json('{"a":1}', "/transform/7"), method: "PUT" }, 200, (answer) => {
    const { headers, method, body } = got(answer);
    assert.deepEqual([headers, method, body], [undefined, "POST", '{"a":1,"id":"7"}']);
  }),
  row("no JSON to be changed", { ...json("{", "/transform/7"), method: "PUT" }, 400),
  row("by host", { path: "/static", authority: "api.shop.example" }, 200, says("api")),
  row("by host, with a port", { path: "/static", authority: "API.shop.example:8443" }, 200, says("api")),
  row("by method", { method: "POST", path: "/static", body: "much ".repeat(50_000) }, 201, says("made")),
  row("neither", { path: "/static" }, 200, (answer) => assert.equal(got(answer).method, "GET")),
  row("an operation", json(query("{ a { b } }"), "/graphql"), 200),
  row("one too deep", json(query("{ a { b { c } } }"), "/graphql"), 400, (answer) =>
    assert.ok(Array.isArray(JSON.parse(answer.body.toString()).errors)),
  ),
  row("introspection", json(query("{ __schema { types { name } } }"), "/graphql"), 400),
  row("by GET", { path: `/graphql?query=${encodeURIComponent("{ a { b { c } } }")}` }, 400),
  row("an error", { path: "/pages/500" }, 500, says("<p>sorry</p>")),
];

/** Answers with what it got, and as the path says. */
function openBackend() {
  const server = http.createServer(async (request, response) => {
    const body = await text(request).catch(() => null);
    // What was refused on its way breaks off here.
    if (body === null) return;
    if (request.url!.endsWith("/500")) response.statusCode = 500;
    if (request.url!.endsWith("/page")) {
      response.setHeader("content-type", "text/html");
      response.end("x".repeat(20_000));
      return;
    }
    response.setHeader("content-type", "application/json");
    response.setHeader("cache-control", "max-age=60");
    response.setHeader("etag", '"1"');
    response.end(JSON.stringify({ method: request.method, body, headers: request.headers }));
  });
  return { server, port: listenOnFreePort(server) };
}

test("policies give the same answers over HTTP/1.1 and HTTP/2, in clear text and over TLS", async (t) => {
  const { server, port } = openBackend();
  await using ways = await openWays();
  const backendPort = await port;
  try {
    await using heddle = await startHeddle({
      ports: ["http", "https"],
      files: (ports) => ({
        "site.yaml": [
          gateway(ports),
          certificate("leaf", ways.certificate),
          backend("app", backendPort),
          ...Object.keys(policies).map((name) =>
            route({ name, backend: "app", matches: [`{ path: { value: /${name} } }`] }),
          ),
          ...Object.entries(policies).map(([name, one]) => policy(name, one)),
        ].join(""),
      }),
    });
    for (const [at, way] of ways.all.entries())
      await t.test(way.name, async () => {
        const wrong: string[] = [];
        for (const { title, request, status, holds } of table(`way-${at}`)) {
          const answer = await way.ask(heddle.ports, request);
          try {
            assert.equal(answer.status, status);
            holds?.(answer);
          } catch (error) {
            const got = answer.body.toString("latin1").slice(0, 200);
            wrong.push(`${request.path} ${title}: ${(error as Error).message}\n${got}`);
          }
        }
        assert.equal(wrong.join("\n"), "");
      });
    const metrics = await (await fetch(`${heddle.api}/metrics`)).text();
    const own = metrics.split("\n").filter((line) => /HDL_INTERNAL.*[1-9]$/.test(line));
    assert.deepEqual(own, [], "nothing went wrong within");
  } finally {
    server.closeAllConnections();
    server.close();
  }
});
