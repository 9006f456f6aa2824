import type { ValueMatch } from "@heddle/engine/model";
import { makeFinding, type Finding } from "../io/status.ts";

/** A regular expression, and the field that it stands in. */
export interface FieldPattern {
  readonly path: string;
  readonly pattern: string;
}

interface NamedValue {
  readonly name: string;
  readonly type: ValueMatch["type"];
  readonly value: string;
}

export const lowerCase = (name: string): string => name.toLowerCase();

/** Of entries with equivalent names only the first is considered (HTTPHeaderMatch.name, HTTPQueryParamMatch.name). */
export function firstOfEach(
  values: readonly NamedValue[],
  normalName: (name: string) => string,
): ValueMatch[] {
  const found = new Map<string, ValueMatch>();
  for (const { name, type, value } of values) {
    const key = normalName(name);
    if (!found.has(key)) found.set(key, { name: key, type, value });
  }
  return [...found.values()];
}

/** The regular expressions among values; `path` is that of their list. */
export function valuePatterns(values: readonly NamedValue[] | undefined, path: string): FieldPattern[] {
  return (values ?? []).flatMap(({ type, value }, index) =>
    type === "RegularExpression" ? [{ path: `${path}[${index}].value`, pattern: value }] : [],
  );
}

/** The regular expressions that cannot be used. */
export function regexMistakes(
  patterns: readonly FieldPattern[],
  check: (pattern: string) => string | null,
): Finding[] {
  return patterns.flatMap(({ path, pattern }) => {
    const mistake = check(pattern);
    return mistake === null ? [] : [makeFinding("UnsupportedValue", path, mistake)];
  });
}
