import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { apiVersionOf } from "./kind.ts";
import { findKind, kinds } from "./registry.ts";
import type { Structural } from "./schema/structural.ts";
import { readCrds, skipReason, type CrdSchema } from "./testing/upstream.suite.ts";

/** Keywords that have to be equal as they stand. */
const plainKeywords = [
  "type",
  "enum",
  "default",
  "pattern",
  "format",
  "minimum",
  "maximum",
  "minLength",
  "maxLength",
  "minItems",
  "maxItems",
  "maxProperties",
  "x-kubernetes-list-type",
  "x-kubernetes-list-map-keys",
  "x-kubernetes-map-type",
] as const;

const comparedKeywords = new Set<string>([
  ...plainKeywords,
  "required",
  "properties",
  "items",
  "additionalProperties",
  "oneOf",
  "x-kubernetes-validations",
  "description",
]);

/** The message of our rule for the one `oneOf` that the CRDs have, on addresses. */
const oneOfMessage = "value must be an IPv4 or IPv6 address when type is IPAddress";

/** Lists every difference between our schema and a CRD's, below `path`. */
function differences(ours: Structural, theirs: CrdSchema, path: string): string[] {
  const found: string[] = [];
  const compare = (what: string, a: unknown, b: unknown) => {
    if (JSON.stringify(a) !== JSON.stringify(b))
      found.push(`${path} ${what}: ours ${JSON.stringify(a)}, theirs ${JSON.stringify(b)}`);
  };
  for (const keyword of plainKeywords) compare(keyword, ours[keyword], theirs[keyword]);
  for (const keyword of Object.keys(theirs))
    if (!comparedKeywords.has(keyword)) found.push(`${path} has ${keyword}, which nothing here compares`);
  compare("required", required(ours), theirs.required?.toSorted() ?? []);
  compare("rules", messages(ours), theirMessages(theirs));
  compare("fields", Object.keys(ours.properties ?? {}).sort(), Object.keys(theirs.properties ?? {}).sort());
  for (const [key, field] of Object.entries(theirs.properties ?? {})) {
    const own = ours.properties?.[key];
    if (own !== undefined) found.push(...differences(own, field, `${path}.${key}`));
  }
  for (const child of ["items", "additionalProperties"] as const) {
    compare(child, ours[child] !== undefined, theirs[child] !== undefined);
    if (ours[child] && theirs[child])
      found.push(...differences(ours[child], theirs[child], `${path}.${child}`));
  }
  return found;
}

/** Ours lists what has a default as required too, as it is after defaults. */
function required(schema: Structural): string[] {
  return (schema.required ?? []).filter((key) => schema.properties?.[key]?.default === undefined).toSorted();
}

function messages(schema: Structural): string[] {
  return (schema["x-kubernetes-validations"] ?? []).map(({ message }) => message).toSorted();
}

function theirMessages(schema: CrdSchema): string[] {
  const rules = (schema["x-kubernetes-validations"] ?? []).map(({ message }) => message);
  return (schema["oneOf"] === undefined ? rules : [...rules, oneOfMessage]).toSorted();
}

describe("our schemas beside the CRDs", { skip: skipReason }, () => {
  const crds = readCrds();

  test("every kind of the Gateway API is compared", () => {
    const ours = kinds.filter(({ group }) => group === "gateway.networking.k8s.io").map(({ kind }) => kind);
    assert.deepEqual(crds.map(({ spec }) => spec.names.kind).sort(), ours.toSorted());
  });

  for (const { spec } of crds) {
    const { kind, plural, singular, shortNames = [] } = spec.names;
    for (const version of spec.versions) {
      test(`${kind} ${version.name} has the same names, fields, bounds, defaults and rules`, () => {
        const served = findKind(apiVersionOf(spec.group, version.name), kind);
        assert.equal(served !== undefined, version.served);
        if (served === undefined) return;
        assert.deepEqual(
          { ...pickNames(served.kind) },
          {
            plural,
            singular,
            shortNames,
            namespaced: spec.scope === "Namespaced",
            status: version.subresources?.status !== undefined,
          },
        );
        const theirs = withoutMetadata(version.schema.openAPIV3Schema);
        assert.deepEqual(differences(withoutMetadata(served.version.schema), theirs, kind), []);
      });
    }
    test(`a change of any keyword of ${kind} is noticed`, () => {
      const served = findKind(apiVersionOf(spec.group, spec.versions[0]!.name), kind)!;
      const theirs = withoutMetadata(structuredClone(spec.versions[0]!.schema.openAPIV3Schema));
      const ours = withoutMetadata(served.version.schema);
      for (const [node, keyword] of keywordsBelow(theirs)) {
        const kept = node[keyword];
        delete node[keyword];
        assert.notDeepEqual(
          differences(ours, theirs, kind),
          [],
          `without ${keyword}: ${JSON.stringify(kept)}`,
        );
        node[keyword] = kept;
      }
    });

    test(`${kind} is served in no other version`, () => {
      const ours = kinds.find((known) => known.kind === kind)?.versions.map(({ name }) => name);
      assert.deepEqual(ours?.toSorted(), spec.versions.map(({ name }) => name).sort());
    });
  }
});

/** `metadata` is the API server's business, and the CRDs leave it open; the two fields before it need no check. */
function withoutMetadata<S extends Structural | CrdSchema>(schema: S): S {
  const { metadata: _, ...properties } = schema.properties ?? {};
  const required = schema.required?.filter((key) => !["apiVersion", "kind", "metadata"].includes(key));
  return { ...schema, properties, required };
}

function* keywordsBelow(schema: CrdSchema): Generator<[CrdSchema, string]> {
  for (const keyword of Object.keys(schema)) if (keyword !== "description") yield [schema, keyword];
  const children = [...Object.values(schema.properties ?? {}), schema.items, schema.additionalProperties];
  for (const child of children) if (child !== undefined) yield* keywordsBelow(child);
}

function pickNames({ plural, singular, shortNames, namespaced, status }: (typeof kinds)[number]) {
  return { plural, singular, shortNames: [...shortNames], namespaced, status };
}
