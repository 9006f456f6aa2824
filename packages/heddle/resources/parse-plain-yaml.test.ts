import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import * as fc from "fast-check";
import { parseAllDocuments } from "yaml";
import { parsePlainYaml } from "./parse-plain-yaml.ts";

/** What the reader of all YAML reads; null where it finds a mistake, or no document or several. */
function readWithAll(text: string): { value: unknown } | null {
  const documents = parseAllDocuments(text, { merge: true, prettyErrors: false });
  if (!Array.isArray(documents) || documents.length !== 1 || documents[0]!.errors.length > 0) return null;
  return { value: documents[0]!.toJS() };
}

const route = `# routes of the shop
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata:
  name: shop   # by its host
  labels:
    app.kubernetes.io/name: shop

spec:
  parentRefs:
  - name: edge
    port: 8080
  hostnames:
    - "shop.example"
    - '*.shop.example'
  rules:
    - name: all
      timeouts: {}
`;

test("what it reads is what the reader of all YAML reads", () => {
  for (const text of [
    route,
    "a: 1",
    "---\na: 1\n",
    "---\n\n# b\n- c\n",
    "- a\n- - b\n  - c: d\n    e: f\n-\n  g: h\n",
    "a: 10s\nb: 1h30m\nc: 127.0.0.1\nd: 10.0.0.0/8\ne: 1.2.3.4:80\nf: 1.25\ng: -7\nh: 0\n",
    "a: null\nb: Null\n",
    "a: true\nb: False\nc: yes\nd: no\ne: on\nf: y\n",
    "a: http://b.example:80/c?d=e&f\nb: a#b\nc: it's\nd: x, y (z)\n",
    "a:\n- b\nc:\n  - d\n",
    "a:\nb: []\nc: {}\nd:\n  e:\n",
    '"a": "b: c # d"\ne: 1\n',
    "a: [b, 1, 10s, \"c, d\", 1.2.3.4]\nb: { c: d , e: 1.5, f: 'g: h' }\nc: [ ]\nd: {  }\n",
    "a:\n    b:\n     c: 1\n",
  ]) {
    const read = parsePlainYaml(text);
    assert.ok(read !== undefined, text);
    assert.deepEqual(read, readWithAll(text), text);
  }
});

test("what can be read in two ways, or is wrong, is left alone", () => {
  for (const text of [
    "",
    "# nothing\n",
    "a",
    "a: b\n  c\n",
    "a: b\n  - c\n",
    "a: b\n  c: d\n",
    "a:\n  b: 1\n c: 2\n",
    "- a\n  b: c\n",
    "a: 1\na: 2\n",
    "a: b: c\n",
    "a: |\n  b\n",
    "a: >-\n  b\n",
    "a: &b c\nd: *b\n",
    "a: *b\n",
    "a: !!str 1\n",
    "<<: {}\n",
    "a: [[1]]\n",
    "a: {b: {c: d}}\n",
    "a: [b, c,]\n",
    "a: [b: c]\n",
    "a: {b}\n",
    "a: {b: }\n",
    "a: [b\n  , c]\n",
    "a: {null: b}\n",
    "? a\n",
    "a: 0x10\n",
    "a: 0o7\n",
    "a: 007\n",
    "a: 1e3\n",
    "a: 1_000\n",
    "a: +1\n",
    "a: .5\n",
    "a: .inf\n",
    "a: 2026-01-01\n",
    "a: 1234567890123456\n",
    'a: "b\\n"\n',
    "a: 'it''s'\n",
    'a: "b\n  c"\n',
    "a:\tb\n",
    "a: b\r\n",
    "a: é\n",
    "--- \na: 1\n",
    "---\n---\na: 1\n",
    "# a\n---\nb: 1\n",
    "a: 1\n---\nb: 2\n",
    "a: 1\n...\n",
    "%YAML 1.2\n",
    "__proto__: 1\n",
    "a:\n  - __proto__: 1\n",
    "null: 1\n",
    "true: 1\n",
    "1: a\n",
    `${" ".repeat(200)}a: 1\n`,
    `${"- ".repeat(400)}a\n`,
  ]) {
    assert.equal(parsePlainYaml(text), undefined, text);
  }
});

test("a text of whatever length is done with in a time that grows with it", () => {
  const length = 250_000;
  const spaces = " ".repeat(length);
  for (const text of [
    `${spaces}\t`,
    `a:${spaces}\t`,
    `a: b${spaces}\t`,
    `a: [${spaces}x`,
    `a: [b${spaces}x`,
    `a: {${spaces}x`,
    `a: {b:${spaces}\t`,
    `a: {b: c${spaces}x`,
    `-${spaces}\t`,
    `${"- ".repeat(length / 2)}\t`,
    `a: ${"b ".repeat(length / 2)}\t`,
    `a: ${"b:".repeat(length / 2)}\t`,
    `a: [${"b, ".repeat(length / 3)}\t`,
    `a: {${"b: c, ".repeat(length / 6)}\t`,
    `a: ${"1m1ms".repeat(length / 5)}x`,
    `a: "${"b".repeat(length)}`,
  ]) {
    const { user } = process.cpuUsage();
    assert.equal(parsePlainYaml(text), undefined);
    const ms = (process.cpuUsage().user - user) / 1_000;
    assert.ok(ms < 1_000, `${JSON.stringify(text.slice(0, 10))}: ${ms} ms of CPU`);
  }
});

const plainScalars = [
  "a",
  "b c",
  "1",
  "10s",
  "1.5",
  "1.2.3.4",
  "null",
  "true",
  "http://a/b",
  '"q: r"',
  "'s'",
  "-3",
];
const moreScalars = [
  "[]",
  "{}",
  "a#b",
  "x:y",
  "[a, 1]",
  "{ a: b, c: 10s }",
  "007",
  "1e3",
  "~",
  "*a",
  "&a",
  "|",
];
const oddScalars = ["a: b", "'it''s'", "", "-", "# b", "[[a]]", "0x1", "? a", "!a"];
const scalar = fc.constantFrom(...plainScalars, ...moreScalars, ...oddScalars);
const content = fc.oneof(
  fc
    .tuple(fc.constantFrom("", "- ", "- - ", "-  "), fc.constantFrom("a", "b", "c", '"d"', "null"), scalar)
    .map(([items, name, text]) => `${items}${name}: ${text}`),
  fc.tuple(fc.constantFrom("- ", "- - ", ""), scalar).map(([items, text]) => items + text),
  fc.constantFrom("", "# x", "---", "-", "- -", "a:", "- a:"),
);
const lines = fc.array(
  fc.tuple(fc.integer({ min: 0, max: 5 }), content, fc.constantFrom("", "", " ", " # y")),
  { maxLength: 6 },
);

test("whatever lines it takes, the reader of all YAML reads the same in them", () => {
  let taken = 0;
  const property = fc.property(lines, (parts) => {
    const text = parts.map(([indent, line, end]) => " ".repeat(indent) + line + end).join("\n");
    const read = parsePlainYaml(text);
    if (read === undefined) return;
    taken++;
    assert.deepEqual(read, readWithAll(text));
  });
  fc.assert(property, { numRuns: 20_000 });
  assert.ok(taken > 200, `${taken}`);
});

test("the documents of the examples are plain, but for those with texts of several lines and the like", () => {
  const folder = path.resolve(import.meta.dirname, "../../../examples");
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) =>
    name.endsWith(".yaml"),
  );
  const documents = files
    .filter((name) => !name.includes("node_modules"))
    .flatMap((name) => readFileSync(path.join(folder, name), "utf8").split(/^---\n/m));
  let plain = 0;
  for (const text of documents) {
    const read = parsePlainYaml(text);
    if (read === undefined) continue;
    plain++;
    assert.deepEqual(read, readWithAll(text), text);
  }
  assert.ok(plain > documents.length / 2, `${plain} of ${documents.length}`);
});
