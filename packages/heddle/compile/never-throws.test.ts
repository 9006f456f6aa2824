import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { seededRandom, type Random } from "@heddle/engine/base";
import { keyOf, parseDocuments, validateResource, type Resource } from "../resources/index.ts";
import { compile, type RejectedResource } from "./index.ts";

const folder = path.join(import.meta.dirname, "testdata");
const files = readdirSync(folder).filter((file) => file.endsWith(".in.yaml"));

const strange: readonly unknown[] = [
  null,
  "",
  "a",
  "*",
  "*.a.example",
  "/",
  "__proto__",
  "a/b",
  0,
  1,
  -1,
  80,
  1e9,
  true,
  [],
  {},
  [null],
];

/** A copy of a document in which one value, anywhere, is another. */
function mutate(document: unknown, random: Random): unknown {
  const copy = structuredClone(document);
  const places: [Record<string, unknown>, string][] = [];
  const visit = (value: unknown): void => {
    if (typeof value !== "object" || value === null) return;
    for (const key of Object.keys(value)) {
      places.push([value as Record<string, unknown>, key]);
      visit((value as Record<string, unknown>)[key]);
    }
  };
  visit(copy);
  const [holder, key] = places[Math.floor(random.next() * places.length)]!;
  if (random.next() < 0.2 && !Array.isArray(holder)) delete holder[key];
  else holder[key] = structuredClone(strange[Math.floor(random.next() * strange.length)]);
  return copy;
}

function rejectedOf(document: unknown, problems: RejectedResource["problems"]): RejectedResource[] {
  const { apiVersion, kind, metadata } = (document ?? {}) as Record<string, unknown>;
  if (typeof apiVersion !== "string" || typeof kind !== "string") return [];
  const { name = "x", namespace = "default" } = (metadata ?? {}) as Record<string, unknown>;
  const key = keyOf({ apiVersion, kind, metadata: { name: String(name), namespace: String(namespace) } });
  return [{ key, kind, problems, document }];
}

test("compile takes whatever validation lets through, and tells of the rest, without throwing", () => {
  const seed = 7;
  const random = seededRandom(seed);
  let count = 0;
  for (const file of files) {
    const documents = parseDocuments(readFileSync(path.join(folder, file), "utf8"), file).documents.map(
      ({ value }) => value,
    );
    for (let round = 0; round < 15; round++) {
      const resources: Resource[] = [];
      const rejected: RejectedResource[] = [];
      for (const document of documents) {
        const changed = random.next() < 0.3 ? mutate(document, random) : document;
        const { resource, problems } = validateResource(changed);
        if (resource !== undefined) resources.push(resource);
        else rejected.push(...rejectedOf(changed, problems));
      }
      const output = compile({ resources, rejected, options: { nowMs: 0 } });
      count += output.statuses.size;
      for (const { path: field, message } of output.problems) {
        assert.ok(
          field !== "" && message !== "",
          `${file}, seed ${seed}: a problem without a field or a message`,
        );
      }
    }
  }
  assert.ok(count > 1000, `only ${count} statuses were made`);
});
