import assert from "node:assert/strict";
import { test } from "node:test";
import { measureCpuMs } from "@heddle/testkit";
import { OpenApiRig, type Asked, type Verdict } from "./openapi-rig.suite.ts";

const shop = `
openapi: 3.0.3
info: { title: shop, version: "1" }
servers: [{ url: "https://api.shop.example/v1" }]
paths:
  /orders:
    parameters: [{ $ref: "#/components/parameters/Tenant" }]
    get:
      parameters:
        - { name: limit, in: query, schema: { type: integer, minimum: 1, maximum: 100 } }
        - { name: state, in: query, schema: { type: array, items: { type: string, enum: [open, paid] } } }
        - { name: ids, in: query, explode: false, schema: { type: array, items: { type: integer } } }
        - { name: filter, in: query, style: deepObject, schema: { type: object, properties: { min: { type: number } }, additionalProperties: false } }
        - { name: session, in: cookie, schema: { type: string, pattern: "^[a-f0-9]+$" } }
        - { name: q, in: query, content: { application/json: { schema: { type: object, required: [a] } } } }
      responses:
        "200":
          description: them
          headers: { X-Total: { required: true, schema: { type: integer } } }
          content: { application/json: { schema: { type: array, items: { $ref: "#/components/schemas/Order" } } } }
        4XX: { description: not }
    post:
      requestBody:
        required: true
        content:
          application/json: { schema: { $ref: "#/components/schemas/Order" } }
          application/x-www-form-urlencoded:
            schema: { type: object, required: [item], properties: { item: { type: string }, count: { type: integer }, tag: { type: array, items: { type: string } } }, additionalProperties: false }
          text/plain: { schema: { type: string, maxLength: 5 } }
      responses: { "201": { description: made } }
  /orders/{id}:
    parameters: [{ name: id, in: path, required: true, schema: { type: integer } }]
    get: { responses: { default: { description: it } } }
  /orders/latest:
    get: { responses: { default: { description: it } } }
  /files/{name}.{ext}:
    get:
      parameters:
        - { name: name, in: path, required: true, schema: { type: string } }
        - { name: ext, in: path, required: true, schema: { type: string, enum: [png, tar.gz] } }
      responses: { default: { description: it } }
components:
  parameters:
    Tenant: { name: X-Tenant, in: header, required: true, schema: { type: string, minLength: 2 } }
  securitySchemes: { key: { type: apiKey, in: query, name: api_key } }
  schemas:
    Order:
      type: object
      required: [id, item, secret]
      additionalProperties: false
      properties:
        id: { type: integer, readOnly: true }
        item: { type: string, minLength: 1 }
        note: { type: string, nullable: true }
        price: { type: number, minimum: 0, exclusiveMinimum: true }
        secret: { type: string, writeOnly: true }
        parts: { type: array, uniqueItems: true, maxItems: 3, items: { $ref: "#/components/schemas/Order" } }
`;

const tenant: Asked = { headers: [["x-tenant", "acme"]] };
const rows: readonly (readonly [string, string, Asked, Verdict])[] = [
  ["all is well", "/v1/orders?limit=5&state=open&state=paid&ids=1,2&filter[min]=1.5&api_key=x", tenant, ok()],
  ["an unknown path", "/v1/nothing", tenant, bad(404)],
  ["a path without the base", "/orders", tenant, bad(404)],
  ["an unknown method", "/v1/orders/1", { method: "DELETE" }, bad(405)],
  ["HEAD as GET", "/v1/orders", { ...tenant, method: "HEAD" }, ok()],
  ["text before parameters", "/v1/orders/latest", {}, ok()],
  ["a path parameter", "/v1/orders/12", {}, ok()],
  ["a path parameter of another type", "/v1/orders/x", {}, bad(400, "path id: must be integer")],
  ["a broken escape in a path", "/v1/orders/%E4", {}, bad(400, "path id: has a broken escape")],
  [
    "several in one segment",
    "/v1/files/a.b.tar.gz",
    {},
    bad(400, "path ext: must be equal to one of the allowed values"),
  ],
  ["and well", "/v1/files/a.png", {}, ok()],
  ["a header is missing", "/v1/orders", {}, bad(400, "header x-tenant: is missing")],
  [
    "a header is short",
    "/v1/orders",
    { headers: [["x-tenant", "a"]] },
    bad(400, "header x-tenant: must NOT have fewer than 2 characters"),
  ],
  [
    "a header stands twice",
    "/v1/orders",
    {
      headers: [
        ["x-tenant", "acme"],
        ["x-tenant", "evil"],
      ],
    },
    bad(400, "header x-tenant: is given twice"),
  ],
  ["a number too large", "/v1/orders?limit=101", tenant, bad(400, "query limit: must be <= 100")],
  ["no number", "/v1/orders?limit=1e1x", tenant, bad(400, "query limit: must be integer")],
  ["hexadecimal is no number", "/v1/orders?limit=0x10", tenant, bad(400, "query limit: must be integer")],
  ["a scalar twice", "/v1/orders?limit=1&limit=200", tenant, bad(400, "query limit: is given twice")],
  [
    "a scalar twice, once escaped",
    "/v1/orders?limit=1&%6Cimit=200",
    tenant,
    bad(400, "query limit: is given twice"),
  ],
  [
    "an item of a list",
    "/v1/orders?state=open&state=gone",
    tenant,
    bad(400, "query state #/1: must be equal to one of the allowed values"),
  ],
  ["an item of an unexploded list", "/v1/orders?ids=1,x", tenant, bad(400, "query ids #/1: must be integer")],
  ["an unknown parameter", "/v1/orders?debug=1", tenant, bad(400, "query debug: is not known")],
  [
    "a parameter named as what objects inherit",
    "/v1/orders?constructor=1&__proto__=2",
    tenant,
    bad(400, "query constructor: is not known", "query __proto__: is not known"),
  ],
  [
    "a deep object of another type",
    "/v1/orders?filter[min]=x",
    tenant,
    bad(400, "query filter #/min: must be number"),
  ],
  [
    "a deep object with __proto__",
    "/v1/orders?filter[__proto__]=x",
    tenant,
    bad(400, "query filter: is given twice"),
  ],
  [
    "a deep object with one too many",
    "/v1/orders?filter[max]=1",
    tenant,
    bad(400, "query filter #/max: is not known"),
  ],
  ["a parameter in JSON", '/v1/orders?q={"a":1}', tenant, ok()],
  ["a parameter in broken JSON", "/v1/orders?q={", tenant, bad(400, "query q: is no JSON")],
  ["a parameter in JSON that lacks a member", "/v1/orders?q={}", tenant, bad(400, "query q #/a: is missing")],
  [
    "a cookie",
    "/v1/orders",
    { headers: [...tenant.headers!, ["cookie", "a=b; session=zz"]] },
    bad(400, "cookie session: must match the pattern of the document"),
  ],
  [
    "a cookie twice",
    "/v1/orders",
    { headers: [...tenant.headers!, ["cookie", "session=aa; session=bb"]] },
    bad(400, "cookie session: is given twice"),
  ],
  [
    "a body where there is none",
    "/v1/orders",
    { ...tenant, method: "GET", body: "x" },
    bad(400, "body: must not be there"),
  ],
  ["no body", "/v1/orders", { ...tenant, method: "POST" }, bad(400, "body: is missing")],
  ["a body of another type", "/v1/orders", post("x", "image/png"), bad(415)],
  [
    "two content types",
    "/v1/orders",
    {
      body: "{}",
      headers: [...tenant.headers!, ["content-type", "text/plain"], ["content-type", "application/json"]],
    },
    bad(400, "header content-type: is given twice"),
  ],
  [
    "a coded body",
    "/v1/orders",
    { body: "x", headers: [...tenant.headers!, ["content-encoding", "gzip"]] },
    bad(415),
  ],
  ["a body that is too large", "/v1/orders", post("x".repeat(70_000)), bad(413)],
  [
    "a good body",
    "/v1/orders",
    post('{"item":"tea","secret":"s","note":null,"price":1,"parts":[{"item":"x","secret":"y"}]}'),
    ok(),
  ],
  ["a member is missing", "/v1/orders", post('{"secret":"s"}'), bad(400, "body #/item: is missing")],
  [
    "an inherited member is none",
    "/v1/orders",
    post('{"item":"tea","secret":"s","toString":1}'),
    bad(400, "body #/toString: is not known"),
  ],
  [
    "a member too many",
    "/v1/orders",
    post('{"item":"tea","secret":"s","x/y":1}'),
    bad(400, "body #/x~1y: is not known"),
  ],
  [
    "a read-only member",
    "/v1/orders",
    post('{"id":1,"item":"tea","secret":"s"}'),
    bad(400, "body #/id: must not be here: it is read-only in requests, or write-only in responses"),
  ],
  [
    "a bound of its own dialect",
    "/v1/orders",
    post('{"item":"tea","secret":"s","price":0}'),
    bad(400, "body #/price: must be > 0"),
  ],
  [
    "deep in it",
    "/v1/orders",
    post('{"item":"tea","secret":"s","parts":[{"item":"","secret":""}]}'),
    bad(400, "body #/parts/0/item: must NOT have fewer than 1 characters"),
  ],
  [
    "equal items",
    "/v1/orders",
    post('{"item":"tea","secret":"s","parts":[{"item":"a","secret":"b"},{"secret":"b","item":"a"}]}'),
    bad(400, "body #/parts: must not have two equal items"),
  ],
  ["no JSON", "/v1/orders", post("{item:1}"), bad(400, "body: is no JSON")],
  [
    "a member twice",
    "/v1/orders",
    post('{"item":"a","secret":"s","item":"b"}'),
    bad(400, "body: has a member twice in one object"),
  ],
  [
    "a member twice, once escaped",
    "/v1/orders",
    post('{"item":"a","secret":"s","\\u0069tem":"b"}'),
    bad(400, "body: has a member twice in one object"),
  ],
  [
    "__proto__",
    "/v1/orders",
    post('{"item":"a","secret":"s","__proto__":{"id":1}}'),
    bad(400, "body: has a member __proto__"),
  ],
  [
    "__proto__, escaped",
    "/v1/orders",
    post('{"item":"a","secret":"s","\\u005f_proto__":{"id":1}}'),
    bad(400, "body: has a member __proto__"),
  ],
  [
    "nested too deep",
    "/v1/orders",
    post(`${"[".repeat(5_000)}${"]".repeat(5_000)}`),
    bad(400, "body: is nested deeper than 32"),
  ],
  [
    "not in UTF-8",
    "/v1/orders",
    post("{}", "application/json; charset=utf-16"),
    bad(400, "body: must be in UTF-8"),
  ],
  [
    "a form",
    "/v1/orders",
    post("item=green+tea&count=2&tag=a&tag=b", "application/x-www-form-urlencoded"),
    ok(),
  ],
  [
    "a form of another type",
    "/v1/orders",
    post("item=tea&count=x", "application/x-www-form-urlencoded"),
    bad(400, "body #/count: must be integer"),
  ],
  [
    "a form with a field twice",
    "/v1/orders",
    post("item=tea&item=coffee", "application/x-www-form-urlencoded"),
    bad(400, "body item: is given twice, or is no name"),
  ],
  [
    "a form with one too many",
    "/v1/orders",
    post("item=tea&admin=1", "application/x-www-form-urlencoded"),
    bad(400, "body #/admin: is not known"),
  ],
  ["a text", "/v1/orders", post("hello", "text/plain"), ok()],
  [
    "a long text",
    "/v1/orders",
    post("hello!", "text/plain; charset=utf-8"),
    bad(400, "body #: must NOT have more than 5 characters"),
  ],
];

function ok(): Verdict {
  return { status: 0, errors: [] };
}
function bad(status: number, ...errors: string[]): Verdict {
  return { status, errors };
}
function post(body: string, type = "application/json"): Asked {
  return { body, headers: [...tenant.headers!, ["content-type", type]] };
}

for (const [title, target, asked, expected] of rows) {
  test(`a request: ${title}`, async () => {
    const verdict = await new OpenApiRig(shop).request(target, asked);
    assert.deepEqual(verdict, expected);
  });
}

test("a dry run counts, and lets pass", async () => {
  const rig = new OpenApiRig(shop, { requests: "DryRun" });
  assert.deepEqual(await rig.request("/v1/nothing"), ok());
  assert.deepEqual(await rig.request("/v1/orders", post("{}")), ok());
  assert.deepEqual(await rig.request("/v1/orders", post("x".repeat(70_000))), ok());
  assert.deepEqual(rig.events, ["would-refuse", "valid", "would-refuse", "would-refuse"]);
});

test("what is unknown may be let through", async () => {
  const rig = new OpenApiRig(shop, {
    allowsUnknownPaths: true,
    allowsUnknownQuery: true,
    allowsReadOnly: true,
  });
  assert.deepEqual(await rig.request("/v1/nothing"), ok());
  assert.deepEqual(await rig.request("/v1/orders?debug=1", tenant), ok());
  assert.deepEqual(await rig.request("/v1/orders", post('{"id":1,"item":"tea","secret":"s"}')), ok());
});

test("a base path in place of the servers'", async () => {
  const rig = new OpenApiRig(shop, { basePath: "/api" });
  assert.deepEqual(await rig.request("/api/orders/1"), ok());
  assert.equal((await rig.request("/v1/orders/1")).status, 404);
});

test("responses: status, headers, type and body", async () => {
  const rig = new OpenApiRig(shop);
  const total = [["x-total", "1"]] as const;
  const order = '[{"id":1,"item":"tea"}]';
  const get = async (answered: Parameters<OpenApiRig["response"]>[1]) =>
    rig.response("/v1/orders", answered, tenant);
  assert.deepEqual(await get({ status: 200, headers: total, body: order }), ok());
  assert.deepEqual(await get({ status: 404, body: "{}" }), ok());
  assert.deepEqual(await get({ status: 200, body: order }), bad(502, "header x-total: is missing"));
  const html = [...total, ["content-type", "text/html"]] as const;
  assert.deepEqual(
    await get({ status: 200, headers: html, body: "x" }),
    bad(502, "header content-type: is not one of those that are described"),
  );
  assert.deepEqual(
    await get({ status: 200, headers: total, body: '[{"id":1,"item":"tea","secret":"s"}]' }),
    bad(502, "body #/0/secret: must not be here: it is read-only in requests, or write-only in responses"),
  );
  assert.deepEqual(
    await get({ status: 200, headers: total, body: '[{"item":"tea"}]' }),
    bad(502, "body #/0/id: is missing"),
  );
  const strict = new OpenApiRig(shop, { allowsUnknownStatuses: false });
  assert.equal((await strict.response("/v1/orders", { status: 500 }, tenant)).status, 502);
});

const v31 = {
  openapi: "3.1.0",
  info: {},
  paths: {
    "/tree": {
      post: {
        requestBody: { content: { "application/json": { schema: { $ref: "#/components/schemas/Tree" } } } },
        responses: {},
      },
    },
    "/x": {
      get: {
        parameters: [{ name: "v", in: "query", schema: { type: ["integer", "null"], exclusiveMinimum: 3 } }],
        responses: {},
      },
    },
  },
  components: {
    schemas: {
      Tree: {
        type: "object",
        properties: {
          name: { const: "n" },
          left: { $ref: "#/components/schemas/Tree" },
          at: { format: "date-time" },
        },
        patternProperties: { "^x-": true },
        unevaluatedProperties: false,
      },
    },
  },
};

test("3.1: lists of types, const, patterns of names, cyclic references", async () => {
  const rig = new OpenApiRig(v31);
  assert.deepEqual(await rig.request("/x?v=4"), ok());
  assert.deepEqual(await rig.request("/x?v="), ok());
  assert.deepEqual(await rig.request("/x?v=3"), bad(400, "query v: must be > 3"));
  assert.deepEqual(await rig.request("/tree", { body: '{"name":"n","left":{"left":{"x-a":1}}}' }), ok());
  assert.deepEqual(
    await rig.request("/tree", { body: '{"left":{"left":{"name":"m"}}}' }),
    bad(400, "body #/left/left/name: must be equal to constant"),
  );
  assert.deepEqual(await rig.request("/tree", { body: '{"y":1}' }), bad(400, "body #/y: is not known"));
  assert.equal((await rig.request("/tree", { body: '{"at":"yesterday"}' })).status, 400);
});

const withSchema = (schema: object, schemas: object = {}) => ({
  openapi: "3.1.0",
  paths: { "/": { post: { requestBody: { content: { "application/json": { schema } } } } } },
  components: { schemas },
});

async function timed(document: object, body: string): Promise<{ ms: number; verdict: Verdict }> {
  const rig = new OpenApiRig(document, { maxBodyBytes: 16_777_216 });
  await rig.request("/", { body: "{}" });
  let verdict: Verdict | undefined;
  const ms = await measureCpuMs(async () => (verdict = await rig.request("/", { body })));
  return { ms, verdict: verdict! };
}

test("evil texts take no time: patterns, formats, equal items, recursive alternatives", async () => {
  const long = JSON.stringify(`${"a".repeat(50_000)}!`);
  for (const schema of [
    { pattern: "^(a+)+$" },
    { pattern: "(a|a)*b" },
    { format: "email" },
    { format: "uri" },
    { format: "byte" },
    { format: "date-time" },
  ]) {
    const { ms, verdict } = await timed(withSchema({ type: ["string", "object"], ...schema }), long);
    assert.equal(verdict.status, 400, JSON.stringify(schema));
    assert.ok(ms < 500, `${JSON.stringify(schema)}: ${ms} ms`);
  }
  const items = JSON.stringify(Array.from({ length: 100_000 }, (_, at) => ({ at })));
  const many = await timed(withSchema({ uniqueItems: true }), items);
  assert.deepEqual(many.verdict, ok());
  assert.ok(many.ms < 2_000, `${many.ms} ms`);
  const ref = { $ref: "#/components/schemas/Node" };
  const node = { type: "object", anyOf: [{ properties: { a: ref } }, { properties: { a: ref } }] };
  const deep = await timed(withSchema(ref, { Node: node }), `${'{"a":'.repeat(30)}1${"}".repeat(30)}`);
  assert.deepEqual(deep.verdict, bad(400, "body #: takes too much work to check"));
  assert.ok(deep.ms < 2_000, `${deep.ms} ms`);
});

test("a format that nobody knows, and one with a text at its bound", async () => {
  const known = [
    "uri",
    "uri-reference",
    "uri-template",
    "email",
    "hostname",
    "ipv6",
    "json-pointer",
    "duration",
    "uuid",
  ];
  for (const format of known) {
    for (const unit of ["a", "/", ".", "-", "%41", "{a}", "1:", "a@"]) {
      const { ms } = await timed(withSchema({ format }), JSON.stringify(unit.repeat(2_000 / unit.length)));
      assert.ok(ms < 200, `${format} of ${unit}: ${ms} ms`);
    }
  }
  assert.deepEqual((await timed(withSchema({ format: "shoe-size" }), '"x"')).verdict, ok());
});
