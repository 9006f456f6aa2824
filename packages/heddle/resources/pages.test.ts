import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";
import { kindNamed, parseDocuments, validateResource } from "./index.ts";

const root = path.join(import.meta.dirname, "../../..");
const read = (page: string) => readFileSync(path.join(root, page), "utf8");

interface Node {
  readonly properties?: Readonly<Record<string, Node>>;
  readonly items?: Node;
}

interface Page {
  readonly kind: string;
  readonly page: string;
  /** The heading of the section with the kind's rows. Default: the page is about that kind alone. */
  readonly section?: string;
  /** The list whose entries' fields the rows name. Default: the spec. */
  readonly list?: string;
  /** Fields that another page tells about, with all their parts. */
  readonly elsewhere?: readonly string[];
  /** Fields whose one row tells about all of their parts; "any" may. */
  readonly wholes: readonly string[] | "any";
}

const pages: readonly Page[] = [
  { kind: "AccessPolicy", page: "access-policy.md", wholes: "any" },
  { kind: "ContentPolicy", page: "content-policy.md", wholes: "any" },
  { kind: "RateLimitPolicy", page: "rate-limit-policy.md", list: "limits", wholes: ["key", "match.headers"] },
  {
    kind: "TrafficPolicy",
    page: "traffic-policy.md",
    elsewhere: ["balancing", "cors"],
    wholes: [
      "canary.stable",
      "canary.canary",
      "canary.steps",
      "faults.match.headers",
      "healthCheck.http.headers",
    ],
  },
  { kind: "Filter", page: "filters.md", section: "Filter", wholes: ["backends", "data"] },
];

/** A reference's group is that of its kind, and has no row. */
const group = /\.group$/;

function leaves(node: Node, at: string): string[] {
  const fields = Object.entries((node.items ?? node).properties ?? {});
  if (fields.length === 0) return [at];
  return fields.flatMap(([name, child]) => leaves(child, at === "" ? name : `${at}.${name}`));
}

const isOf = (field: string, whole: string) => field === whole || field.startsWith(`${whole}.`);

function fieldsOf({ kind, list = "", elsewhere = [] }: Page): string[] {
  const { schema } = kindNamed(kind)!.versions[0]!;
  const apart = ["targetRefs", ...elsewhere];
  const spec = (schema as Node).properties!["spec"]!;
  return leaves(spec, "")
    .filter((field) => !group.test(field) && !apart.some((whole) => isOf(field, whole)))
    .map((field) => (list !== "" && field.startsWith(`${list}.`) ? field.slice(list.length + 1) : field));
}

function rowsOf({ page, section = "", elsewhere = [] }: Page): string[] {
  const text = read(`docs/reference/${page}`);
  const part = section === "" ? text : new RegExp(`\\n## ${section}\\n([^]*?)\\n## `).exec(text)![1]!;
  const rows = [...part.matchAll(/^\| `([a-z][\w.]+)` +\|/gm)].map(([, name]) => name!);
  return rows.filter((row) => !elsewhere.includes(row));
}

describe("docs/reference", () => {
  for (const page of pages) {
    test(`${page.page} has a row for each field of ${page.kind}, and for no other`, () => {
      const fields = fieldsOf(page);
      const rows = rowsOf(page);
      const unknown = rows.filter((row) => !fields.some((field) => isOf(field, row)));
      const wholes = page.wholes === "any" ? rows : page.wholes.filter((whole) => rows.includes(whole));
      const missing = fields.filter(
        (field) => !rows.includes(field) && !wholes.some((whole) => isOf(field, whole)),
      );
      assert.deepEqual({ unknown, missing }, { unknown: [], missing: [] });
    });
  }
});

/** Of resources; a block that names no kind is a part of one. */
const withExamples = globSync(["README.md", "docs/{guide,reference}/*.md"], { cwd: root }).flatMap((page) => {
  const all = [...read(page).matchAll(/^```yaml\n(.*?)^```/gms)].map(([, text]) => text!);
  const blocks = all.filter((block) => /^(apiVersion|kind):/m.test(block));
  return blocks.length === 0 ? [] : [{ page, blocks }];
});

describe("examples", () => {
  test("are on the pages of the policies", () => {
    const found = withExamples.map(({ page }) => path.basename(page));
    assert.deepEqual(
      pages.filter(({ page }) => !found.includes(page)),
      [],
    );
  });

  for (const { page, blocks } of withExamples) {
    test(`of ${page} are good resources`, () => {
      for (const block of blocks) {
        const { documents, problems } = parseDocuments(block, page);
        assert.deepEqual(problems, []);
        for (const { value } of documents) assert.deepEqual(validateResource(value).problems, []);
      }
    });
  }
});
