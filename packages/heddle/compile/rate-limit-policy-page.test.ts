import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { kindNamed, parseDocuments, validateResource } from "../resources/index.ts";

const file = path.join(import.meta.dirname, "../../../docs/reference/rate-limit-policy.md");
const page = readFileSync(file, "utf8");

interface Node {
  readonly properties?: Readonly<Record<string, Node>>;
  readonly items?: Node;
}

/** Described as wholes: parts of keys in a table of their own, headers as those of routes. */
const wholes = new Set(["targetRefs", "key", "match.headers"]);

function leaves(node: Node, at: string): string[] {
  const fields = Object.entries((at === "limits" ? node.items : node)?.properties ?? {});
  if (fields.length === 0 || wholes.has(at)) return [at];
  return fields.flatMap(([name, child]) =>
    leaves(child, at === "" || at === "limits" ? name : `${at}.${name}`),
  );
}

test("the page has a row for each field of a RateLimitPolicy, and for no other", () => {
  const { schema } = kindNamed("RateLimitPolicy").versions[0]!;
  const fields = leaves((schema as Node).properties!["spec"]!, "").filter((field) => field !== "targetRefs");
  const rows = [...page.matchAll(/^\| `([a-z][\w.]+)` +\|/gm)].map(([, name]) => name!);
  assert.deepEqual(rows.sort(), fields.sort());
});

test("the page's examples are good resources", () => {
  const blocks = [...page.matchAll(/^```yaml\n(.*?)^```/gms)].map(([, text]) => text!);
  assert.ok(blocks.length > 0);
  for (const block of blocks) {
    const { documents, problems } = parseDocuments(block, file);
    assert.deepEqual(problems, []);
    for (const { value } of documents) assert.deepEqual(validateResource(value).problems, []);
  }
});
