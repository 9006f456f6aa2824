import { isIP } from "node:net";
import { Environment } from "@marcbachmann/cel-js";
import { Ajv } from "ajv";
import type { CrdSchema } from "./upstream.suite.ts";

/**
 * What a CRD says of a document, found by other means than ours: ajv for the structure and the
 * defaults, a CEL evaluator for the rules.
 */
export interface Verdict {
  /** Whether the structure is accepted. Rules are only run where it is. */
  isStructural: boolean;
  /** Messages of the rules that the document breaks, sorted. */
  broken: string[];
  /** Messages of the rules that were run and hold. */
  kept: string[];
  /** The document with defaults. */
  defaulted: unknown;
}

export function compileVerdict(schema: CrdSchema): (document: unknown) => Verdict {
  const validate = makeAjv().compile(schema);
  return (document) => {
    const defaulted = withoutNulls(document);
    // Twice, since ajv looks at `oneOf` before it fills in defaults.
    validate(defaulted);
    const verdict: Verdict = {
      isStructural: validate(defaulted) as boolean,
      broken: [],
      kept: [],
      defaulted,
    };
    if (verdict.isStructural) runRules(defaulted, schema, verdict);
    verdict.broken.sort();
    return verdict;
  };
}

/** A copy: the API server drops null from fields that are not nullable, and no field of these CRDs is. */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).filter(([, field]) => field !== null);
  return Object.fromEntries(entries.map(([key, field]) => [key, withoutNulls(field)]));
}

function makeAjv(): Ajv {
  const ajv = new Ajv({ strict: false, useDefaults: true, allErrors: true });
  const between = (low: number, high: number) => (value: number) => value >= low && value <= high;
  ajv.addFormat("int32", { type: "number", validate: between(-(2 ** 31), 2 ** 31 - 1) });
  ajv.addFormat("int64", { type: "number", validate: between(-(2 ** 63), 2 ** 63) });
  ajv.addFormat("date-time", (value) => /^\d{4}-\d\d-\d\dT/.test(value) && !Number.isNaN(Date.parse(value)));
  ajv.addFormat("ipv4", (value) => isIP(value) === 4);
  ajv.addFormat("ipv6", (value) => isIP(value) === 6 && !value.includes("%"));
  ajv.addKeyword({ keyword: "x-kubernetes-list-type", type: "array", validate: isUniqueList });
  return ajv;
}

function isUniqueList(listType: string, items: unknown[], schema?: Record<string, unknown>): boolean {
  if (listType === "atomic") return true;
  const keys = schema?.["x-kubernetes-list-map-keys"] as string[] | undefined;
  const identity = (item: unknown) =>
    JSON.stringify(
      keys === undefined ? item : keys.map((key) => (item as Record<string, unknown> | null)?.[key]),
    );
  return new Set(items.map(identity)).size === items.length;
}

const cel = new Environment({
  unlistedVariablesAreDyn: true,
  limits: { maxAstNodes: 10_000 },
}).registerFunction("isIP(string): bool", (text: string) => isIP(text) !== 0);
const programs = new Map<string, (context: Record<string, unknown>) => unknown>();

function runRules(value: unknown, schema: CrdSchema, verdict: Verdict): void {
  const rules = schema["x-kubernetes-validations"];
  if (rules !== undefined) {
    const self = celValue(value, schema);
    for (const { rule, message } of rules) {
      // Rules on changes have no old value here.
      if (rule.includes("oldSelf")) continue;
      (isTrue(rule, self) ? verdict.kept : verdict.broken).push(message);
    }
  }
  if (Array.isArray(value)) {
    for (const item of value) runRules(item, schema.items ?? {}, verdict);
  } else if (typeof value === "object" && value !== null) {
    for (const [key, field] of Object.entries(value)) {
      const child = schema.properties?.[key] ?? schema.additionalProperties;
      if (child !== undefined) runRules(field, child, verdict);
    }
  }
}

/** Whether a value keeps a rule. An error in an evaluation counts as a broken rule, as it does for the API server. */
export const holds = (rule: string, value: unknown, schema: CrdSchema): boolean =>
  isTrue(rule, celValue(value, schema));

function isTrue(rule: string, self: unknown): boolean {
  let program = programs.get(rule);
  if (program === undefined) {
    program = cel.parse(portable(rule));
    programs.set(rule, program);
  }
  try {
    return program({ self }) === true;
  } catch {
    return false;
  }
}

/**
 * The rule in the words of the evaluator: RE2's flag for a whole pattern as JavaScript writes it, and
 * `has` of an item's field as `in`.
 */
function portable(rule: string): string {
  return rule
    .replace(/"\^\(\?i\)([^"]*)\$"/, '"^(?i:$1)$"')
    .replaceAll(/has\(([\w.]+\[\d+\])\.(\w+)\)/g, '("$2" in $1)');
}

/** Integers as CEL's int, `namespace` under the name that CEL has for it, unknown fields dropped. */
function celValue(value: unknown, schema: CrdSchema): unknown {
  if (typeof value === "number") return BigInt(value);
  if (Array.isArray(value)) return value.map((item) => celValue(item, schema.items ?? {}));
  if (typeof value !== "object" || value === null) return value;
  const fields: Record<string, unknown> = {};
  for (const [key, field] of Object.entries(value)) {
    const child = schema.properties?.[key] ?? schema.additionalProperties;
    if (child !== undefined) fields[key === "namespace" ? "__namespace__" : key] = celValue(field, child);
  }
  return fields;
}
