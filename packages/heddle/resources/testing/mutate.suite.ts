import type { CrdSchema } from "./upstream.suite.ts";

/** Values of each type that sit on, beside and far from the bounds that the CRDs have. */
const strings = [
  "",
  "a",
  "A-",
  "a.b",
  "*",
  "*.a.b",
  "a.*.b",
  "x y",
  "x  y",
  " x",
  "ä",
  "/",
  "x/y",
  "//",
  "/a/./b",
  "/a/../b",
  "/a/..",
  "/a/.",
  "/%2f",
  "/%2F",
  "/a#b",
  "/a b",
  "/a%zz",
  "-a",
  "a_b",
  "127.0.0.1",
  "::1",
  "fe80::1%eth0",
  "1.2.3",
  "0s",
  "5s",
  "1h1h1h1h1h",
  "99999h",
  "a/b",
  "a.b/c",
  "http://*",
  "https://a:99999",
  "https://a/",
  "urn:x",
  "HTTP",
  "TLS",
  "UDP",
  "Service",
  "System",
  "Hostname",
  "x".repeat(64),
  "x".repeat(253),
  "x".repeat(254),
  "é".repeat(253),
  "/" + "x".repeat(1024),
];
const numbers = [-1, 0, 1, 2, 100, 101, 399, 400, 599, 600, 65535, 65536, 1_000_000, 1_000_001, 2 ** 31, 1.5];
const ofEachType = [null, "", 0, true, [], {}, [null], [[]], [{}], { a: null }];

type Path = (string | number)[];

/** Every document that differs from the given one in one place, with a sentence on what was done there. */
export function* mutations(
  document: unknown,
  schema: CrdSchema,
): Generator<{ what: string; mutant: unknown }> {
  for (const [path, node, value] of nodes(document, schema, [])) {
    if (path.length === 0 || ["apiVersion", "kind", "metadata"].includes(String(path[0]))) continue;
    const where = path.join(".");
    yield { what: `${where} removed`, mutant: changed(document, path, undefined) };
    for (const other of replacements(value, node)) {
      const mutant = changed(document, path, other);
      yield { what: `${where} = ${String(JSON.stringify(other)).slice(0, 100)}`, mutant };
    }
  }
}

function* nodes(value: unknown, schema: CrdSchema, path: Path): Generator<[Path, CrdSchema, unknown]> {
  yield [path, schema, value];
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) yield* nodes(item, schema.items ?? {}, [...path, index]);
  } else if (typeof value === "object" && value !== null) {
    for (const [key, field] of Object.entries(value)) {
      const child = schema.properties?.[key] ?? schema.additionalProperties;
      if (child !== undefined) yield* nodes(field, child, [...path, key]);
    }
  }
}

function* replacements(value: unknown, schema: CrdSchema): Generator<unknown> {
  yield* ofEachType;
  yield* (schema["enum"] as unknown[] | undefined) ?? [];
  if (typeof value === "string") yield* strings;
  if (typeof value === "number") yield* numbers;
  if (Array.isArray(value)) yield* otherLists(value, schema);
  else if (typeof value === "object" && value !== null) yield* otherObjects(value, schema);
}

function* otherLists(value: unknown[], schema: CrdSchema): Generator<unknown> {
  for (const item of value) yield [...value, item];
  yield [...value, sample(schema.items ?? {})];
  yield [...value, sample(schema.items ?? {}, true)];
  yield value.toReversed();
  const { maxItems } = schema as { maxItems?: number };
  // One over the bound, and a list so long that only a sum over several lists can object.
  if (maxItems !== undefined && maxItems <= 64)
    for (const length of [maxItems, maxItems + 1]) yield Array.from({ length }, () => value[0] ?? {});
}

function* otherObjects(value: object, schema: CrdSchema): Generator<unknown> {
  for (const [key, field] of Object.entries(schema.properties ?? {})) {
    if (Object.hasOwn(value, key)) continue;
    yield { ...value, [key]: sample(field) };
    yield { ...value, [key]: sample(field, true) };
  }
  if (schema.additionalProperties !== undefined) {
    for (const key of ["a b", "a.b/c", "/c", `${"a".repeat(253)}/b`, "x".repeat(64)])
      yield { ...value, [key]: "1" };
  }
}

/** Some value of the schema: with required fields only, or with all. */
function sample(schema: CrdSchema, isFull = false): unknown {
  const { enum: choices, pattern = "" } = schema as { enum?: unknown[]; pattern?: string };
  if (choices !== undefined) return choices[0];
  switch (schema.type) {
    case "string":
      return pattern.includes("(h|m|s|ms)") ? "1s" : "a";
    case "integer":
      return (schema["minimum"] as number | undefined) ?? 1;
    case "boolean":
      return true;
    case "array":
      return [sample(schema.items ?? {}, isFull)];
    default:
      return Object.fromEntries(
        Object.entries(schema.properties ?? {})
          .filter(([key]) => isFull || schema.required?.includes(key))
          .map(([key, field]) => [key, sample(field, isFull)]),
      );
  }
}

function changed(value: unknown, [key, ...rest]: Path, to: unknown): unknown {
  if (key === undefined) return to;
  if (Array.isArray(value)) {
    const index = Number(key);
    if (rest.length === 0 && to === undefined) return value.toSpliced(index, 1);
    return value.with(index, changed(value[index], rest, to));
  }
  const copy: Record<string, unknown> = { ...(value as object) };
  if (rest.length === 0 && to === undefined) delete copy[key];
  else copy[key] = changed(copy[key], rest, to);
  return copy;
}
