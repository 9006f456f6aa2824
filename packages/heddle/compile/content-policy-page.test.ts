import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { kindNamed, parseDocuments, validateResource } from "../resources/index.ts";

const file = path.join(import.meta.dirname, "../../../docs/reference/content-policy.md");
const page = readFileSync(file, "utf8");

interface Node {
  readonly properties?: Readonly<Record<string, Node>>;
  readonly items?: Node;
}

/** Those of any reference to a bundle or a Secret. */
const references = /\.group$/;

function leaves(node: Node, at: string): string[] {
  const fields = Object.entries((node.items ?? node).properties ?? {});
  if (fields.length === 0) return [at];
  return fields.flatMap(([name, child]) => leaves(child, at === "" ? name : `${at}.${name}`));
}

test("the page has a row for each field of a ContentPolicy, and for no other", () => {
  const { schema } = kindNamed("ContentPolicy").versions[0]!;
  const spec = (schema as Node).properties!["spec"]!;
  const fields = leaves(spec, "").filter((one) => !one.startsWith("targetRefs.") && !references.test(one));
  const rows = [...page.matchAll(/^\| `([a-z][\w.]+)` +\|/gm)].map(([, name]) => name!);
  // A row may speak of a whole beside its parts, or instead of them.
  const isOf = (field: string, row: string) => field === row || field.startsWith(`${row}.`);
  assert.deepEqual(
    rows.filter((row) => !fields.some((field) => isOf(field, row))),
    [],
  );
  assert.deepEqual(
    fields.filter((field) => !rows.some((row) => isOf(field, row))),
    [],
  );
});

test("the page's examples are good", () => {
  const blocks = [...page.matchAll(/^```yaml\n(.*?)^```/gms)].map(([, text]) => text!);
  assert.ok(blocks.length > 0);
  for (const block of blocks) {
    const { documents, problems } = parseDocuments(block, file);
    assert.deepEqual(problems, []);
    for (const { value } of documents) assert.deepEqual(validateResource(value).problems, []);
  }
});
