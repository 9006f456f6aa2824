import assert from "node:assert/strict";
import { test } from "node:test";
import { parseDocuments, validateResource } from "../index.ts";

function problemsOf(spec: unknown): string[] {
  const document = { apiVersion: "heddle.dev/v1alpha1", kind: "Filter", metadata: { name: "f" }, spec };
  return validateResource(document).problems.map(({ path, message }) => `${path}: ${message}`);
}

test("a module is a path that says so, or the name of an npm module", () => {
  for (const module of [
    "./a.ts",
    "../a/b.ts",
    "./a b.ts",
    "shop",
    "@shop/filters",
    "@shop/filters/audit",
    "a/b.js",
  ])
    assert.deepEqual(problemsOf({ module }), [], module);
  const hostile = [
    "",
    "/etc/passwd",
    "file:///etc/passwd",
    "data:text/javascript,process.exit()",
    "node:fs",
    "http://evil.example/x.js",
    "./a.ts?x",
    "./a.ts#x",
    "./%2e%2e/a.ts",
    ".\\a.ts",
    "./a\0.ts",
    "./a\n.ts",
    "..",
    ".hidden",
    "@shop",
    "shop/",
    "a//b",
  ];
  for (const module of hostile) {
    const problems = problemsOf({ module });
    assert.equal(problems.length, 1, module);
    assert.match(problems[0]!, /^spec\.module: /, module);
  }
});

test("a configuration has no names that change what objects are, at any depth (threats 41)", () => {
  const config = (text: string) => problemsOf({ module: "./a.ts", config: JSON.parse(text) as unknown });
  assert.deepEqual(config('{ "a": [{ "b": null }], "constructors": 1 }'), []);
  for (const [text, path] of [
    ['{ "__proto__": { "isAdmin": true } }', "spec.config.__proto__"],
    ['{ "a": [{ "constructor": {} }] }', "spec.config.a[0].constructor"],
    ['{ "a": { "prototype": 1 } }', "spec.config.a.prototype"],
    ['["a"]', "spec.config"],
    ['"a"', "spec.config"],
  ]) {
    const problems = config(text!);
    assert.equal(problems.length, 1, text);
    assert.ok(
      problems[0]!.startsWith(`${path}: must be an object, without fields named __proto__`),
      problems[0],
    );
  }
  const deep = `${'{"a":'.repeat(40)}1${"}".repeat(40)}`;
  assert.match(config(deep)[0]!, /at most 32 deep/);
  assert.equal(({} as { isAdmin?: boolean }).isAdmin, undefined);
});

test("the same in YAML", () => {
  const text = `apiVersion: heddle.dev/v1alpha1
kind: Filter
metadata: { name: f }
spec: { module: ./a.ts, config: { list: [{ __proto__: { isAdmin: true } }] } }
`;
  const { documents } = parseDocuments(text, "f.yaml");
  const { resource, problems } = validateResource(documents[0]?.value);
  assert.equal(resource, undefined);
  assert.match(problems[0]!.message, /without fields named __proto__/);
});

test("the rest of a Filter is bounded", () => {
  const module = "./a.ts";
  for (const spec of [
    { module, budget: "11s" },
    { module, export: "not-a-name" },
    { module, backends: [{ as: "a", name: "x" }] },
    { module, backends: [{ as: "A", name: "x", port: 1 }] },
    { module, data: [{ as: "a", name: "x", key: "../y" }] },
    { module, data: [{ as: "a", kind: "Service", name: "x", key: "y" }] },
    { module, confg: {} },
  ]) {
    assert.equal(problemsOf(spec).length, 1, JSON.stringify(spec));
  }
});
