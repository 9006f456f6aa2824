import assert from "node:assert/strict";
import { test } from "node:test";
import { startHeddle } from "@heddle/testkit";
import { gateway, openServer, service } from "./site.ts";

const configuration = (port: number, backend: number): string => `
${gateway(port)}${service("web", backend)}---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: web }
spec:
  parentRefs: [{ name: edge }]
  rules:
    - { name: api, matches: [{ path: { value: /v1 } }], backendRefs: [{ name: web, port: 80 }] }
    - { name: rest }
---
apiVersion: heddle.dev/v1alpha1
kind: ContentPolicy
metadata: { name: edge }
spec:
  targetRefs: [{ kind: Gateway, name: edge }]
  staticResponse:
    responses: [{ match: { paths: [{ value: /robots.txt }] }, body: { content: { text: "User-agent: *" } } }]
  errorPages:
    pages:
      - { statuses: [5xx], format: Problem }
      - { statuses: [5xx], format: HTML, content: { configMap: { name: texts, key: page } } }
---
apiVersion: heddle.dev/v1alpha1
kind: ContentPolicy
metadata: { name: api }
spec:
  targetRefs: [{ kind: HTTPRoute, name: web, sectionName: api }]
  openApi: { document: { configMap: { name: texts, key: api } }, responses: { mode: Enforce } }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: texts }
data:
  page: "<p>\${response.status} at \${request.path}</p>"
  api: |
    openapi: 3.1.0
    servers: [{ url: /v1 }]
    paths:
      /orders:
        post:
          requestBody: { required: true, content: { application/json: { schema: { $ref: "#/components/schemas/Order" } } } }
          responses: { "200": { content: { application/json: { schema: { $ref: "#/components/schemas/Order" } } } } }
    components:
      schemas:
        Order: { type: object, required: [item], properties: { item: { type: string } }, additionalProperties: false }
`;

test("an OpenAPI document, static responses and error pages, in a running Heddle", async () => {
  const asked: string[] = [];
  await using server = await openServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += String(chunk);
    asked.push(body);
    response.setHeader("content-type", "application/json");
    response.end(body.includes("bad-answer") ? '{"item":1}' : body);
  });
  await using heddle = await startHeddle({
    ports: ["edge"],
    files: ({ edge }) => ({ "shop.yaml": configuration(edge, server.port) }),
    args: ["--workers", "1"],
  });
  const at = `http://127.0.0.1:${heddle.ports.edge}`;
  const post = (body: string, path = "/v1/orders") =>
    fetch(`${at}${path}`, { method: "POST", body, headers: { "content-type": "application/json" } });

  const good = await post('{"item":"tea"}');
  assert.deepEqual([good.status, await good.text()], [200, '{"item":"tea"}']);

  const bad = await post('{"item":7}');
  assert.equal(bad.status, 400);
  assert.equal(bad.headers.get("content-type"), "application/problem+json");
  const problem = (await bad.json()) as { errors: unknown };
  assert.deepEqual(problem.errors, [{ in: "body", pointer: "#/item", detail: "must be string" }]);
  assert.equal((await post("{}", "/v1/nothing")).status, 404);
  assert.equal((await fetch(`${at}/v1/orders`)).status, 405);
  assert.deepEqual(asked, ['{"item":"tea"}'], "what was refused never got there");

  const answered = await post('{"item":"bad-answer"}');
  assert.equal(answered.status, 502);
  assert.match(await answered.text(), /#\/item must be string/);

  const robots = await fetch(`${at}/robots.txt`);
  assert.deepEqual([robots.status, await robots.text()], [200, "User-agent: *"]);

  const page = await fetch(`${at}/<b>`, { headers: { accept: "text/html" } });
  assert.equal(page.status, 500);
  assert.equal(await page.text(), "<p>500 at /%3Cb%3E</p>");
  const other = await fetch(`${at}/x`, { headers: { accept: "application/json" } });
  assert.equal(((await other.json()) as { status: number }).status, 500);
});
