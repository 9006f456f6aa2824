import assert from "node:assert/strict";
import { test } from "node:test";
import { readApi } from "./index.ts";
import { checkRegex } from "./openapi-rig.suite.ts";

const operation = (change: object) => ({ openapi: "3.1.0", paths: { "/a": { post: change } } });
const schema = (value: unknown) =>
  operation({ requestBody: { content: { "application/json": { schema: value } } } });
const at = "#/paths/~1a/post/requestBody/content/application~1json/schema";

const mistakes: readonly (readonly [string, unknown, string, RegExp])[] = [
  ["no document", "[]", "#", /must be an object/],
  ["broken YAML", "a: [", "#", /neither JSON nor YAML/],
  ["Swagger 2", { swagger: "2.0" }, "#/openapi", /3\.0\.3 or 3\.1\.0/],
  ["a member __proto__", '{"openapi":"3.1.0","__proto__":{}}', "#", /__proto__/],
  [
    "a remote reference",
    schema({ $ref: "https://evil.example/x.json" }),
    `${at}/$ref`,
    /within the document/,
  ],
  ["a reference to a file", schema({ $ref: "other.yaml#/x" }), `${at}/$ref`, /within the document/],
  ["a reference to nothing", schema({ $ref: "#/components/schemas/X" }), `${at}/$ref`, /leads nowhere/],
  [
    "a reference to what is inherited",
    schema({ $ref: "#/constructor/prototype" }),
    `${at}/$ref`,
    /leads nowhere/,
  ],
  ["a type that is none", schema({ type: "text" }), `${at}/type`, /must be one of/],
  [
    "a bound that is no number",
    schema({ properties: { n: { minimum: "1" } } }),
    `${at}/properties/n/minimum`,
    /number/,
  ],
  ["a pattern with lookahead", schema({ pattern: "(?=a)b" }), `${at}/pattern`, /lookaround/],
  [
    "a pattern of names with a back-reference",
    schema({ patternProperties: { "(a)\\1": {} } }),
    `${at}/patternProperties/(a)\\1`,
    /regular expression/,
  ],
  ["an anchor", schema({ $dynamicRef: "#x" }), `${at}/$dynamicRef`, /not supported/],
  ["a schema that is a list", schema([]), at, /must be a schema/],
  ["a path without slash", { openapi: "3.1.0", paths: { a: {} } }, "#/paths/a", /begin with/],
  ["twins", { openapi: "3.1.0", paths: { "/{a}": {}, "/{b}": {} } }, "#/paths/~1{b}", /same path/],
  [
    "a path parameter that is not declared",
    { openapi: "3.1.0", paths: { "/{a}": { get: {} } } },
    "#/paths/~1{a}/get/parameters",
    /lacks the path parameter a/,
  ],
  ["a status that is none", operation({ responses: { ok: {} } }), "#/paths/~1a/post/responses/ok", /200/],
  [
    "a parameter in the body",
    operation({ parameters: [{ in: "body", name: "x" }] }),
    "#/paths/~1a/post/parameters/0/in",
    /path, query/,
  ],
  [
    "a variable without a value",
    { openapi: "3.1.0", servers: [{ url: "/{v}" }], paths: {} },
    "#/servers/0/url",
    /variable/,
  ],
];

for (const [title, document, path, message] of mistakes) {
  test(`a document's mistake is told with its place: ${title}`, () => {
    const text = typeof document === "string" ? document : JSON.stringify(document);
    const { api, findings } = readApi(text, checkRegex);
    assert.equal(api, null);
    const found = findings.find((one) => one.path === path);
    assert.ok(found !== undefined, JSON.stringify(findings));
    assert.match(found.message, message);
  });
}

test("references that lead to themselves end", () => {
  const { findings } = readApi(
    JSON.stringify({
      openapi: "3.0.0",
      paths: { "/a": { get: { parameters: [{ $ref: "#/components/parameters/A" }] } } },
      components: {
        parameters: { A: { $ref: "#/components/parameters/B" }, B: { $ref: "#/components/parameters/A" } },
      },
    }),
    checkRegex,
  );
  assert.match(findings[0]!.message, /reference to itself/);
});

test("aliases that multiply are counted as often as they stand", () => {
  const lines = ["openapi: 3.1.0", "a: &a [x, x, x, x, x, x, x, x, x, x]"];
  for (let level = 0; level < 8; level++) {
    const before = String.fromCharCode(97 + level);
    const name = String.fromCharCode(98 + level);
    lines.push(`${name}: &${name} [${Array.from({ length: 10 }, () => `*${before}`).join(", ")}]`);
  }
  const { api, findings } = readApi(lines.join("\n"), checkRegex);
  assert.equal(api, null);
  assert.match(findings[0]!.message, /neither JSON nor YAML|objects and lists/);
});
