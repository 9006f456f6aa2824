import { below, type Place, type Problems } from "../problem.ts";
import { expected } from "./expected.ts";
import { formatMismatch } from "./format.ts";
import { matchesPattern } from "./pattern.ts";
import { suggestion } from "./suggest.ts";
import { fieldSchema, isObject, type JsonObject, type Structural } from "./structural.ts";

/** Strings longer than this are refused where the schema gives a pattern but no bound of its own. */
const maxPatternLength = 65536;

/** Checks types, required fields, enums, bounds, patterns, formats and list keys of a normalized value. */
export function checkStructure(value: unknown, schema: Structural, path: Place, problems: Problems): void {
  if (schema["x-kubernetes-preserve-unknown-fields"] === true) return;
  if (!hasType(value, schema)) return problems.error(path, typeMismatch(value, schema));
  if (schema.enum !== undefined && !schema.enum.includes(value)) {
    return problems.error(path, enumMismatch(value, schema.enum));
  }
  if (typeof value === "string") checkText(value, schema, path, problems);
  else if (typeof value === "number") checkNumber(value, schema, path, problems);
  else if (Array.isArray(value)) checkList(value, schema, path, problems);
  else if (isObject(value)) checkObject(value, schema, path, problems);
}

function hasType(value: unknown, schema: Structural): boolean {
  if (schema["x-kubernetes-int-or-string"] === true)
    return typeof value === "string" || Number.isInteger(value);
  switch (schema.type) {
    case "object":
      return isObject(value);
    case "array":
      return Array.isArray(value);
    case "integer":
      return Number.isInteger(value);
    case "number":
      return Number.isFinite(value);
    case undefined:
      return true;
    default:
      return typeof value === schema.type;
  }
}

function typeMismatch(value: unknown, schema: Structural): string {
  const mend = quotingMend(value, schema);
  if (mend === "" && schema.enum !== undefined) return enumMismatch(value, schema.enum);
  return `must be ${expected(schema)}, got ${shown(value)}${mend}`;
}

/** For what YAML reads as another type than the one that is meant: "80" and 80. */
function quotingMend(value: unknown, schema: Structural): string {
  if (schema.type === "string" && (typeof value === "number" || typeof value === "boolean")) {
    const { pattern, enum: allowed } = schema;
    const written = String(value);
    const fits =
      (pattern === undefined || matchesPattern(pattern, written)) && (allowed?.includes(written) ?? true);
    return fits ? "; put it in quotes" : "";
  }
  const isNumber = schema.type === "integer" || schema.type === "number";
  if (isNumber && typeof value === "string" && /^-?\d+(\.\d+)?$/.test(value)) return "; take off the quotes";
  const isFlag = schema.type === "boolean" && (value === "true" || value === "false");
  return isFlag ? "; take off the quotes" : "";
}

/** A value in an error message: short, on one line, a string in quotes. */
function shown(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  if (isObject(value)) return "an object";
  const written = typeof value === "string" ? JSON.stringify(value) : String(value);
  return written.length > 80 ? `${written.slice(0, 77)}...` : written;
}

function enumMismatch(value: unknown, allowed: readonly unknown[]): string {
  const near = typeof value === "string" ? suggestion(value, allowed.map(String)) : undefined;
  const hint = near === undefined ? "" : `; did you mean ${near}?`;
  return `must be ${allowed.length > 1 ? "one of " : ""}${allowed.join(", ")}, got ${shown(value)}${hint}`;
}

function checkText(value: string, schema: Structural, path: Place, problems: Problems): void {
  const { minLength = 0, maxLength = schema.pattern === undefined ? undefined : maxPatternLength } = schema;
  // Counted in code points as the API server does, but only where UTF-16 units leave a doubt.
  if (maxLength !== undefined && value.length > maxLength && isLonger(value, maxLength)) {
    return problems.error(path, `is ${value.length} characters long, limit ${maxLength}`);
  }
  if (value.length < minLength) {
    const atLeast = minLength === 1 ? "must not be empty" : `must have at least ${minLength} characters`;
    return problems.error(path, schema.description ? `${atLeast}; give ${schema.description}` : atLeast);
  }
  if (schema.pattern !== undefined && !matchesPattern(schema.pattern, value)) {
    const form = schema.description ?? `a value that matches ${schema.pattern}`;
    return problems.error(path, `must be ${form}, got ${shown(value)}`);
  }
  checkFormat(value, schema, path, problems);
}

function isLonger(value: string, limit: number): boolean {
  return value.length > limit * 2 || Array.from(value).length > limit;
}

function checkNumber(value: number, schema: Structural, path: Place, problems: Problems): void {
  const { minimum = Number.NEGATIVE_INFINITY, maximum = Number.POSITIVE_INFINITY } = schema;
  if (value >= minimum && value <= maximum) return checkFormat(value, schema, path, problems);
  if (maximum === Number.POSITIVE_INFINITY)
    return problems.error(path, `must be at least ${minimum}, got ${value}`);
  if (minimum === Number.NEGATIVE_INFINITY)
    return problems.error(path, `must be at most ${maximum}, got ${value}`);
  problems.error(path, `must be between ${minimum} and ${maximum}, got ${value}`);
}

function checkFormat(value: unknown, schema: Structural, path: Place, problems: Problems): void {
  const form = schema.format === undefined ? undefined : formatMismatch(schema.format, value);
  if (form !== undefined) problems.error(path, `must be ${form}, got ${shown(value)}`);
}

function checkList(value: readonly unknown[], schema: Structural, path: Place, problems: Problems): void {
  const { items, minItems = 0, maxItems = Number.POSITIVE_INFINITY } = schema;
  if (value.length > maxItems) return problems.error(path, `has ${value.length} items, limit ${maxItems}`);
  if (value.length < minItems)
    problems.error(path, `must have at least ${minItems} item${minItems === 1 ? "" : "s"}`);
  if (items === undefined) return;
  value.forEach((item, index) => checkStructure(item, items, below(path, index), problems));
  checkUnique(value, schema, path, problems);
}

function checkUnique(value: readonly unknown[], schema: Structural, path: Place, problems: Problems): void {
  const listType = schema["x-kubernetes-list-type"];
  if (listType !== "set" && listType !== "map") return;
  const keys = schema["x-kubernetes-list-map-keys"];
  const seen = new Set<string>();
  value.forEach((item, index) => {
    const written = identityOf(item, keys);
    if (written === undefined) return;
    if (seen.has(written)) problems.error(below(path, index), duplicate(item, keys));
    seen.add(written);
  });
}

/** What tells an item from others; undefined for one of a wrong type, which may be nested without bound. */
function identityOf(item: unknown, keys: readonly string[] | undefined): string | undefined {
  const parts = keys === undefined ? [item] : keys.map((key) => (isObject(item) ? item[key] : undefined));
  return parts.some((part) => part === undefined || typeof part === "object")
    ? undefined
    : JSON.stringify(parts);
}

function duplicate(item: unknown, keys: readonly string[] | undefined): string {
  if (keys === undefined || !isObject(item)) return `duplicate item ${shown(item)}; remove one`;
  const named = keys.map((key) => `${key} ${shown(item[key])}`).join(" and ");
  return `duplicate item with ${named}; rename or remove one`;
}

function checkObject(value: JsonObject, schema: Structural, path: Place, problems: Problems): void {
  const keys = Object.keys(value);
  const { maxProperties = Number.POSITIVE_INFINITY } = schema;
  if (keys.length > maxProperties)
    return problems.error(path, `has ${keys.length} entries, limit ${maxProperties}`);
  for (const key of schema.required ?? []) {
    if (!Object.hasOwn(value, key)) problems.error(below(path, key), missing(key, schema));
  }
  for (const key of keys) {
    const field = fieldSchema(schema, key);
    if (field !== undefined) checkStructure(value[key], field, below(path, key), problems);
  }
}

function missing(key: string, schema: Structural): string {
  const field = schema.properties?.[key];
  if (field?.enum !== undefined) return `is required; give one of ${field.enum.join(", ")}`;
  return field === undefined ? "is required" : `is required; give ${expected(field)}`;
}
