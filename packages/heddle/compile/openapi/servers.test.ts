import assert from "node:assert/strict";
import { test } from "node:test";
import { OpenApiRig } from "./openapi-rig.suite.ts";

const get = { get: { responses: {} } };

const rows: readonly (readonly [string, object, readonly string[], readonly string[]])[] = [
  ["no server: the root", { paths: { "/a": get } }, ["/a"], ["/v1/a"]],
  [
    "several, with hosts, without, and with a slash at the end",
    { servers: [{ url: "https://x.example/v1/" }, { url: "/v2" }, { url: "/" }], paths: { "/a": get } },
    ["/v1/a", "/v2/a", "/a"],
    ["/v3/a", "/v1"],
  ],
  [
    "variables: every value that they may have",
    {
      servers: [
        {
          url: "https://{env}.x.example:{port}/{base}",
          variables: {
            env: { default: "prod" },
            port: { default: "443" },
            base: { enum: ["v1", "v2"], default: "v2" },
          },
        },
      ],
      paths: { "/a": get },
    },
    ["/v1/a", "/v2/a"],
    ["/v3/a", "/a"],
  ],
  [
    "a variable without a list: its default",
    { servers: [{ url: "/{base}", variables: { base: { default: "v2/x" } } }], paths: { "/a": get } },
    ["/v2/x/a"],
    ["/v1/a"],
  ],
  [
    "those of a path in place of the document's, and those of an operation in place of both",
    {
      servers: [{ url: "/v1" }],
      paths: {
        "/a": { ...get, servers: [{ url: "/v2" }] },
        "/b": { get: { responses: {}, servers: [{ url: "/v3" }] } },
        "/c": get,
      },
    },
    ["/v2/a", "/v3/b", "/v1/c"],
    ["/v1/a", "/v1/b", "/v2/b"],
  ],
];

for (const [title, document, good, bad] of rows)
  test(`servers: ${title}`, async () => {
    const rig = new OpenApiRig({ openapi: "3.1.0", info: {}, ...document });
    for (const path of good) assert.equal((await rig.request(path)).status, 0, path);
    for (const path of bad) assert.equal((await rig.request(path)).status, 404, path);
  });

const needs = (name: string) => ({ schema: { type: "object", required: [name] } });

for (const [type, status] of [
  ["application/json", 0],
  ["Application/JSON; charset=UTF-8", 0],
  ["application/problem+json", 400],
  ["text/plain", 415],
  ["application", 415],
] as const)
  test(`content types: ${type} is ${status === 0 ? "taken" : `answered ${status}`}`, async () => {
    const content = { "application/json": needs("exact"), "application/*": needs("range") };
    const rig = new OpenApiRig({
      openapi: "3.1.0",
      info: {},
      paths: { "/": { post: { requestBody: { content }, responses: {} } } },
    });
    const asked = { body: '{"exact":1}', headers: [["content-type", type]] } as const;
    assert.equal((await rig.request("/", asked)).status, status);
  });
