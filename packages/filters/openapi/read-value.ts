import type { ApiShape, ApiType } from "./config.ts";

const numberText = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d{1,3})?$/;
/** Longer ones are no numbers that anybody means. */
const MAX_NUMBER = 64;

/** The values that a text may stand for, the narrowest type first: it is good if one of them is. */
export function scalarsOf(text: string, types: readonly ApiType[]): unknown[] {
  const values: unknown[] = [];
  if (types.includes("integer") || types.includes("number")) {
    if (text.length <= MAX_NUMBER && numberText.test(text)) values.push(Number(text));
  }
  if (types.includes("boolean") && (text === "true" || text === "false")) values.push(text === "true");
  if (types.includes("null") && (text === "null" || text === "")) values.push(null);
  if (types.includes("string") || values.length === 0) values.push(text);
  return values;
}

/** One of them, for what is in lists and objects. */
const scalarOf = (text: string, types: readonly ApiType[] = ["string"]): unknown => scalarsOf(text, types)[0];

export const isArrayShape = ({ types }: ApiShape): boolean => types.includes("array");
export const isObjectShape = ({ types }: ApiShape): boolean =>
  types.includes("object") && !types.includes("array");

export const listOf = (texts: readonly string[], { items }: ApiShape): unknown[] =>
  texts.map((text) => scalarOf(text, items));

/** An object of pairs; null where a name stands twice, or is `__proto__`. */
export function objectOf(
  pairs: Iterable<readonly [string, string]>,
  { properties = [] }: ApiShape,
): Record<string, unknown> | null {
  const value: Record<string, unknown> = {};
  for (const [name, text] of pairs) {
    if (name === "__proto__" || Object.hasOwn(value, name)) return null;
    const shape = properties.find(([known]) => known === name)?.[1];
    value[name] = scalarOf(text, shape?.types);
  }
  return value;
}

/** "a,1,b,2" as pairs; null for an odd one. */
export function pairsOf(parts: readonly string[]): [string, string][] | null {
  if (parts.length % 2 !== 0) return null;
  return Array.from({ length: parts.length / 2 }, (_, at) => [parts[2 * at]!, parts[2 * at + 1]!]);
}

/** "a=1", "b=2" as pairs; null where one has no "=". */
export function assignmentsOf(parts: readonly string[]): [string, string][] | null {
  const pairs: [string, string][] = [];
  for (const part of parts) {
    const at = part.indexOf("=");
    if (at < 0) return null;
    pairs.push([part.slice(0, at), part.slice(at + 1)]);
  }
  return pairs;
}
