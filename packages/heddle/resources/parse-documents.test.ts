import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parseDocuments } from "./parse-documents.ts";

function values(text: string): unknown[] {
  const { documents, problems } = parseDocuments(text, "x.yaml");
  assert.deepEqual(problems, []);
  return documents.map(({ value }) => value);
}

function problems(text: string): string[] {
  return parseDocuments(text, "x.yaml").problems.map(
    ({ fileName, line, column, message }) => `${fileName}:${line}:${column}: ${message}`,
  );
}

describe("parseDocuments", () => {
  test("reads several documents, and no empty ones", () => {
    assert.deepEqual(values("---\na: 1\n---\n# nothing\n---\nb: 2\n...\n"), [{ a: 1 }, { b: 2 }]);
    assert.deepEqual(values(""), []);
    assert.deepEqual(values("# a comment\n"), []);
  });

  test("reads JSON, indented with tabs too", () => {
    assert.deepEqual(values('{\n\t"a": [1, "b"],\n\t"c": {"d": null}\n}\n'), [
      { a: [1, "b"], c: { d: null } },
    ]);
  });

  test("gives the items of lists one by one", () => {
    assert.deepEqual(values("kind: List\napiVersion: v1\nitems:\n- a: 1\n- b: 2\n"), [{ a: 1 }, { b: 2 }]);
    assert.deepEqual(values("kind: HTTPRouteList\nitems: []\n"), []);
    assert.deepEqual(values("kind: List\n"), [{ kind: "List" }]);
  });

  test("resolves aliases and merge keys", () => {
    assert.deepEqual(values("a: &x {b: 1}\nc: *x\nd:\n  <<: *x\n  e: 2\n"), [
      { a: { b: 1 }, c: { b: 1 }, d: { b: 1, e: 2 } },
    ]);
  });

  test("words that YAML 1.1 took for booleans and times stay text", () => {
    assert.deepEqual(values("a: yes\nb: on\nc: 2026-01-31\n"), [{ a: "yes", b: "on", c: "2026-01-31" }]);
  });
});

describe("positions", () => {
  const text = `# a gateway
kind: Gateway
spec:
  listeners:
    - name: http
      port: 80
    - { name: tls, port: 443 }
  "quoted key":
    a/b: c
---
kind: List
items:
  - metadata:
      labels:
        app.io/name: x
`;
  const { documents } = parseDocuments(text, "x.yaml");
  const at = (index: number, path: string) => {
    const { line, column } = documents[index]!.position(path);
    return `${line}:${column}`;
  };

  test("lead to the key of a field and to the start of an item", () => {
    assert.equal(at(0, "kind"), "2:1");
    assert.equal(at(0, "spec.listeners[0].port"), "6:7");
    assert.equal(at(0, "spec.listeners[1]"), "7:7");
    assert.equal(at(0, "spec.listeners[1].port"), "7:20");
    assert.equal(at(0, 'spec["quoted key"]["a/b"]'), "9:5");
  });

  test("of what is not written lead to the nearest parent that is", () => {
    assert.equal(at(0, "spec.listeners[0].protocol"), "5:7");
    assert.equal(at(0, "spec.gatewayClassName"), "3:1");
    assert.equal(at(0, "metadata.name"), "2:1");
    assert.equal(at(0, "spec.listeners[7].port"), "4:3");
    assert.equal(at(0, ""), "2:1");
  });

  test("of an item of a list lead into the list", () => {
    assert.equal(at(1, 'metadata.labels["app.io/name"]'), "15:9");
    assert.equal(at(1, ""), "13:5");
  });

  test("lead through aliases", () => {
    const aliased = parseDocuments("a: &x\n  b: 1\nc: *x\n", "x.yaml").documents[0]!;
    assert.deepEqual(aliased.position("c.b"), { line: 2, column: 3 });
  });
});

describe("text that cannot be read", () => {
  test("gives the line", () => {
    assert.match(problems("a: 1\nb: [1, 2\nc: 3\n")[0]!, /^x\.yaml:3:1: /);
    assert.match(problems("a: 1\n b: 2\n")[0]!, /^x\.yaml:\d:\d: /);
    assert.match(problems("a: *unknown\n")[0]!, /^x\.yaml:1:\d: .*unknown/);
  });

  test("a key given twice is refused", () => {
    assert.deepEqual(problems("a: 1\nb:\n  c: 1\n  c: 2\n"), ["x.yaml:4:3: Map keys must be unique"]);
    assert.equal(problems('{"a": 1, "a": 2}').length, 1);
  });

  test("does not take the documents beside it along", () => {
    const file = parseDocuments("a: 1\n---\nb: 1\nb: 2\n---\nc: 3\n", "x.yaml");
    assert.deepEqual(
      file.documents.map(({ value }) => value),
      [{ a: 1 }, { c: 3 }],
    );
    assert.equal(file.problems.length, 1);
  });

  test("aliases of aliases are cut before they fill memory", () => {
    const levels = Array.from({ length: 12 }, (_, level) => {
      const items =
        level === 0
          ? Array.from({ length: 10 }, () => "x")
          : Array.from({ length: 10 }, () => `*a${level - 1}`);
      return `a${level}: &a${level} [${items.join(", ")}]`;
    });
    assert.match(problems(levels.join("\n"))[0]!, /alias/i);
  });

  test("aliases of what holds nothing are counted too", () => {
    const empty = `a: &a [${Array.from({ length: 20 }, () => "[]").join(", ")}]`;
    const uses = Array.from({ length: 200 }, (_, i) => `k${i}: *a`);
    assert.match(problems([empty, ...uses].join("\n"))[0]!, /alias/i);
  });

  test("an alias stands for the last anchor of its name before it", () => {
    assert.deepEqual(values("a: &x 1\nb: *x\nc: &x 2\nd: *x\n"), [{ a: 1, b: 1, c: 2, d: 2 }]);
    assert.deepEqual(values("a: &x {b: &y 1, c: *y}\nd: *x\n"), [{ a: { b: 1, c: 1 }, d: { b: 1, c: 1 } }]);
    assert.match(problems("a: *x\nb: &x 1\n")[0]!, /Unresolved alias/);
  });

  test("many anchors, aliases and keys are read in a time that grows with the text", () => {
    const lines = Array.from({ length: 50_000 }, (_, i) => `k${i}: &a${i} v\nl${i}: *a${i}`);
    const from = performance.now();
    assert.equal(Object.keys(values(lines.join("\n"))[0] as object).length, 100_000);
    // Each alias looked at all anchors, and each key at all keys before it: that took minutes.
    assert.ok(performance.now() - from < 30_000);
  });

  test("a bottomless nest is a problem, not a crash", () => {
    const nested = "nested deeper than 200 levels, which no resource is";
    assert.deepEqual(problems("[".repeat(200_000)), [`x.yaml:1:201: ${nested}`]);
    assert.deepEqual(problems(`${"{a: ".repeat(20_000)}1${"}".repeat(20_000)}`).length, 1);
    assert.deepEqual(problems("- ".repeat(20_000)).length, 1);
    const { documents } = parseDocuments(`a: 1\n---\n${"[".repeat(300)}`, "x.yaml");
    assert.deepEqual(
      documents.map(({ value }) => value),
      [{ a: 1 }],
    );
    assert.deepEqual(problems("[".repeat(150) + "]".repeat(150)), []);
  });

  test("a text full of mistakes gives no more problems than anybody reads", () => {
    assert.equal(problems("&a ".repeat(500)).length, 100);
  });

  test("a text over the limit is refused with the limit", () => {
    assert.deepEqual(problems(`# ${"x".repeat(8 * 1024 * 1024)}`), [
      "x.yaml:1:1: file has 8388610 characters, limit 8388608; split it",
    ]);
  });

  test("neither bytes nor a prototype get through", () => {
    assert.ok(problems("a: \u0000b: [").length > 0);
    const [value] = values('{"__proto__": {"polluted": 1}}') as [object];
    assert.equal(({} as Record<string, unknown>)["polluted"], undefined);
    assert.deepEqual(Object.keys(value), ["__proto__"]);
  });
});
