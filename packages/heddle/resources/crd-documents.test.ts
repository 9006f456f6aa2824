import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { describe, test } from "node:test";
import { apiVersionOf } from "./kind.ts";
import { findKind } from "./registry.ts";
import type { Rule } from "./schema/rule.ts";
import type { Structural } from "./schema/structural.ts";
import { parseDocuments } from "./parse-documents.ts";
import { mutations } from "./testing/mutate.suite.ts";
import { readCrds, skipReason, type CrdSchema } from "./testing/upstream.suite.ts";
import { compileVerdict, holds, type Verdict } from "./testing/upstream-verdict.suite.ts";
import { validateResource, type Validated } from "./validate.ts";

const folder = join(import.meta.dirname, "testdata/documents");

/**
 * Rules that no document can break, since the structure already refuses what they would: by message,
 * a value that keeps the rule and one that breaks it.
 */
const shadowed: Readonly<Record<string, { keeps: unknown; breaks: unknown }>> = {
  "type must be one of ['Exact', 'PathPrefix', 'RegularExpression']": {
    keeps: { type: "Exact", value: "/" },
    breaks: { type: "Other", value: "/" },
  },
  "Listener name must be unique within the Gateway": {
    keeps: [{ name: "a" }, { name: "b" }],
    breaks: [{ name: "a" }, { name: "b" }, { name: "a" }],
  },
  "Port for TLS configuration must be unique within the Gateway": {
    keeps: [{ port: 1 }, { port: 2 }],
    breaks: [{ port: 1 }, { port: 1 }],
  },
  "Hostnames must be valid based on RFC-1123": { keeps: ["a.b"], breaks: ["a.b", "a_b"] },
  "Wildcards on hostnames must be the first label, and the rest of hostname must be valid based on RFC-1123":
    {
      keeps: ["*.a.b"],
      breaks: ["a.*.b"],
    },
};

/** Documents of that name are compared as they are: changing each place of them would take long. */
const wholeName = /^whole-/;

/** The CRD states this as structure, we as a rule. */
const structuralRule = "ip-address-valid";

interface Doc {
  apiVersion: string;
  kind: string;
  metadata: { name: string };
  spec: unknown;
}

function readDocuments(): Doc[] {
  return globSync("*.yaml", { cwd: folder })
    .sort()
    .flatMap((name) => {
      const { documents, problems } = parseDocuments(
        readFileSync(join(folder, name), "utf8"),
        basename(name),
      );
      assert.deepEqual(problems, []);
      return documents.map(({ value }) => value as Doc);
    });
}

describe("our verdict beside that of the CRDs", { skip: skipReason }, () => {
  const documents = readDocuments();
  for (const { spec } of readCrds()) {
    const { kind } = spec.names;
    const compared = new Set<string>();
    for (const { name: version, schema } of spec.versions) {
      const apiVersion = apiVersionOf(spec.group, version);
      const theirs = schema.openAPIV3Schema;
      // Versions that differ in name only, which the comparison of shapes shows, are compared once.
      const isNew = compared.size !== compared.add(JSON.stringify(theirs, withoutText)).size;
      const pairs = [...rulePairs(findKind(apiVersion, kind)!.version.schema, theirs)];
      const own = documents.filter((document) => document.kind === kind);
      test(`${kind} ${version}: the same on each document${isNew ? " with any one change" : ""}`, () => {
        const judge = compileVerdict(theirs);
        const seen = { broken: new Set<string>(), kept: new Set<string>() };
        for (const document of own) {
          const original = { ...document, apiVersion };
          compare(original, judge(original), "unchanged", seen);
          if (!isNew || wholeName.test(document.metadata.name)) continue;
          for (const { what, mutant } of mutations(original, theirs))
            compare(mutant as Doc, judge(mutant), what, seen);
        }
        if (!isNew) return;
        const all = new Set(pairs.map(({ message }) => message));
        const unreachable = all.intersection(new Set(Object.keys(shadowed)));
        assert.deepEqual(all.difference(seen.kept), new Set(), "rules that no document keeps");
        assert.deepEqual(all.difference(seen.broken), unreachable, "rules that no document breaks");
      });
      const hidden = pairs.filter(({ message }) => Object.hasOwn(shadowed, message));
      if (hidden.length === 0) continue;
      test(`${kind} ${version}: the same on rules that the structure hides`, () => {
        for (const pair of hidden) compareHidden(pair);
      });
    }
  }
});

function withoutText(key: string, value: unknown): unknown {
  return key === "description" && typeof value === "string" ? undefined : value;
}

function compare(
  document: Doc,
  theirs: Verdict,
  what: string,
  seen: Record<"broken" | "kept", Set<string>>,
): void {
  const ours = validateResource(document, { keepsStatus: true });
  const title = `${document.kind} ${document.metadata.name}, ${what}`;
  assert.equal(isStructural(ours), theirs.isStructural, `${title}: ${JSON.stringify(ours.problems)}`);
  if (!theirs.isStructural) return;
  const broken = ours.problems.flatMap(({ rule, message }) => (rule === undefined ? [] : [message]));
  assert.deepEqual(broken.sort(), theirs.broken, title);
  for (const message of theirs.broken) seen.broken.add(message);
  for (const message of theirs.kept) seen.kept.add(message);
  if (ours.resource !== undefined)
    assert.deepEqual((ours.resource as Doc).spec, (theirs.defaulted as Doc).spec, `${title}: defaults`);
}

function compareHidden({ message, ours, rule, node }: RulePair): void {
  const { keeps, breaks } = shadowed[message]!;
  assert.equal(holds(rule, keeps, node), true, `theirs: ${message}`);
  assert.equal(holds(rule, breaks, node), false, `theirs: ${message}`);
  assert.equal(ours.offender(keeps), undefined, `ours: ${message}`);
  assert.notEqual(ours.offender(breaks), undefined, `ours: ${message}`);
}

function isStructural({ problems }: Validated): boolean {
  return problems.every(
    ({ severity, rule }) => severity !== "error" || (rule !== undefined && rule !== structuralRule),
  );
}

interface RulePair {
  message: string;
  ours: Rule;
  rule: string;
  node: CrdSchema;
}

/** Every rule of a CRD with ours of the same message, at each place outside of status. */
function* rulePairs(ours: Structural, theirs: CrdSchema): Generator<RulePair> {
  for (const { rule, message } of theirs["x-kubernetes-validations"] ?? []) {
    const own = ours["x-kubernetes-validations"]?.find((candidate) => candidate.message === message);
    // Rules on changes need an old document; see validate.test.ts.
    if (own !== undefined && own.isTransition !== true) yield { message, ours: own, rule, node: theirs };
  }
  for (const [key, field] of Object.entries(theirs.properties ?? {}))
    if (key !== "status") yield* rulePairs(ours.properties?.[key] ?? {}, field);
  for (const child of ["items", "additionalProperties"] as const)
    if (theirs[child] !== undefined) yield* rulePairs(ours[child] ?? {}, theirs[child]);
}
