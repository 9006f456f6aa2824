import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { kindNamed, parseDocuments, validateResource } from "../resources/index.ts";

const file = path.join(import.meta.dirname, "../../../docs/reference/filters.md");
const page = readFileSync(file, "utf8");

test("the page has a row for each field of a Filter, and for no other", () => {
  const { schema } = kindNamed("Filter").versions[0]!;
  const spec = (schema.properties as Record<string, { properties: object }>)["spec"]!;
  const section = /\n## Filter\n([^]*?)\n## /.exec(page)![1]!;
  const rows = [...section.matchAll(/^\| `(\w+)` +\|/gm)].map(([, name]) => name!);
  assert.deepEqual(rows.sort(), Object.keys(spec.properties).sort());
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
