import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { kindNamed } from "../../resources/index.ts";
import { listenerOptions } from "./listener-tls.ts";

type Node = { type?: string; properties?: Record<string, Node>; default?: unknown; enum?: string[] };

const page = readFileSync(new URL("../../../../docs/reference/tls.md", import.meta.url), "utf8");
/** First cell to the whole row. */
const rows = new Map([...page.matchAll(/^\| `([^`]+)` +\|.*$/gm)].map(([row, name]) => [name!, row]));

/** Objects are told about as a whole, but for the binding, whose parts have rows. */
function fields(node: Node, path: string): [string, Node][] {
  const isSplit = path === "spec" || path === "spec.externalAccountBinding";
  if (!isSplit) return [[path, node]];
  return Object.entries(node.properties!).flatMap(([name, child]) => fields(child, `${path}.${name}`));
}

describe("docs/reference/tls.md", () => {
  test("has a row for each option of listeners, and no other", () => {
    const documented = [...rows.keys()].filter((name) => name.startsWith("heddle.dev/"));
    assert.deepEqual(documented.toSorted(), [...listenerOptions].toSorted());
  });

  test("has a row for each field of an AcmeIssuer, with its default and its choices", () => {
    const schema = kindNamed("AcmeIssuer").versions[0]!.schema as Node;
    const all = fields(schema.properties!["spec"]!, "spec");
    const documented = [...rows.keys()].filter((name) => name.startsWith("spec."));
    assert.deepEqual(documented.toSorted(), all.map(([path]) => path).toSorted());
    for (const [path, node] of all) {
      const row = rows.get(path)!;
      if (node.default !== undefined) {
        const shown = Array.isArray(node.default) ? `[${node.default.join(", ")}]` : String(node.default);
        assert.ok(row.includes(`\`${shown}\``), `${path} is ${shown} by default`);
      }
      for (const choice of node.enum ?? []) assert.ok(row.includes(`\`${choice}\``), `${path}: ${choice}`);
    }
  });
});
