import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { kindNamed, parseDocuments, validateResource } from "../resources/index.ts";

const file = path.join(import.meta.dirname, "../../../docs/reference/traffic-policy.md");
const page = readFileSync(file, "utf8");

interface Node {
  readonly properties?: Readonly<Record<string, Node>>;
}

/** Fields that have a page of their own, or are those of an HTTPRoute. */
const elsewhere = new Set(["targetRefs", "balancing", "cors"]);

/** Described as a whole: backendRefs as those of routes. */
const references = new Set(["canary.stable", "canary.canary"]);

function leaves(node: Node, at: string): string[] {
  const fields = Object.entries(node.properties ?? {});
  if (fields.length === 0 || references.has(at)) return [at];
  return fields.flatMap(([name, child]) => leaves(child, at === "" ? name : `${at}.${name}`));
}

test("the page has a row for each field of a TrafficPolicy, and for no other", () => {
  const { schema } = kindNamed("TrafficPolicy").versions[0]!;
  const spec = (schema as Node).properties!["spec"]!;
  const fields = leaves(spec, "").filter((field) => !elsewhere.has(field.split(".")[0]!));
  const rows = [...page.matchAll(/^\| `([a-z][\w.]+)` +\|/gim)].flatMap(([, name]) =>
    /^[a-z]/.test(name!) && !elsewhere.has(name!) ? [name!] : [],
  );
  // A row may speak of a whole, such as `healthCheck.http`, beside its parts.
  assert.deepEqual(
    rows.filter((row) => !fields.some((field) => field === row || field.startsWith(`${row}.`))),
    [],
  );
  assert.deepEqual(
    fields.filter((field) => !rows.includes(field)),
    [],
  );
});

test("the page's examples are good TrafficPolicies", () => {
  const blocks = [...page.matchAll(/^```yaml\n(.*?)^```/gms)].map(([, text]) => text!);
  assert.ok(blocks.length > 0);
  for (const block of blocks) {
    const { documents, problems } = parseDocuments(block, file);
    assert.deepEqual(problems, []);
    for (const { value } of documents) assert.deepEqual(validateResource(value).problems, []);
  }
});
