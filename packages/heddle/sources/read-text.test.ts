import assert from "node:assert/strict";
import { test } from "node:test";
import type { Reading } from "./reading.ts";
import { readText, TextMemo } from "./read-text.ts";

function read(text: string, memo: TextMemo = new TextMemo()): Reading {
  const steps = readText(text, "a.yaml", memo);
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

const backend = (name: string, url = "http://127.0.0.1:1") =>
  `---\napiVersion: heddle.dev/v1alpha1\nkind: Backend\nmetadata: { name: ${name} }\nspec:\n  url: ${url}\n`;

test("gives resources with the places of their fields in the whole file", () => {
  const { resources, rejected, unreadable } = read(backend("a") + backend("b"));
  assert.deepEqual([rejected, unreadable], [[], []]);
  assert.deepEqual(
    resources.map(({ key }) => key),
    ["heddle.dev/Backend/default/a", "heddle.dev/Backend/default/b"],
  );
  assert.deepEqual(resources[1]!.origin.position("spec.url"), { line: 12, column: 3 });
});

test("a document that did not change is the same object, also when it moved", () => {
  const memo = new TextMemo();
  const first = read(backend("a") + backend("b"), memo);
  const second = read(backend("new") + backend("a") + backend("b", "http://127.0.0.1:2"), memo);
  assert.equal(second.resources[1]!.resource, first.resources[0]!.resource);
  assert.notEqual(second.resources[2]!.resource, first.resources[1]!.resource);
  assert.deepEqual(second.resources[1]!.origin.position("spec.url"), { line: 12, column: 3 });
});

test("a document that is not valid is rejected under its name, others go on", () => {
  const { resources, rejected } = read(backend("a") + backend("bad", "ftp://x"));
  assert.deepEqual(
    resources.map(({ resource }) => resource.metadata.name),
    ["a"],
  );
  assert.equal(rejected[0]!.key, "heddle.dev/Backend/default/bad");
  assert.equal(rejected[0]!.problems[0]!.path, "spec.url");
});

test("what does not say what it is has no key", () => {
  const { rejected } = read(
    "apiVersion: v1\nkind: Nonsense\nmetadata: { name: a }\n---\n- 1\n---\nkind: Secret\n",
  );
  assert.deepEqual(
    rejected.map(({ key, kind }) => [key, kind]),
    [
      [undefined, "Nonsense"],
      [undefined, ""],
      [undefined, "Secret"],
    ],
  );
});

test("text that cannot be read is placed in the whole file", () => {
  const { resources, unreadable } = read(`${backend("a")}---\na: [1\n`);
  assert.equal(resources.length, 1);
  assert.equal(unreadable[0]!.fileName, "a.yaml");
  assert.ok(unreadable[0]!.line! >= 8, JSON.stringify(unreadable));
});
