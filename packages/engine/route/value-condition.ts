import { typedLines } from "../message/index.ts";
import type { Fields, RequestHead } from "../message/index.ts";
import type { ValueMatch } from "../model/index.ts";
import type { Regex, RegexResult } from "./regex/index.ts";
import { queryParam } from "./query-param.ts";

/** One header or query parameter that a match asks for, ready to be tested. */
export interface ValueCondition {
  readonly name: string;
  /** The value of an Exact match; unused otherwise. */
  readonly value: string;
  readonly regex: Regex | null;
  /** Why the regular expression is unusable; such a condition never holds. "" for none. */
  readonly problem: string;
}

const NONE: readonly ValueCondition[] = [];

/** Only the first entry of a name counts (HTTPRoute, headers and queryParams). */
export function compileConditions(
  matches: readonly ValueMatch[],
  regexOf: (pattern: string) => RegexResult,
): readonly ValueCondition[] {
  if (matches.length === 0) return NONE;
  const names = new Set<string>();
  const conditions: ValueCondition[] = [];
  for (const { name, type, value } of matches) {
    if (names.has(name)) continue;
    names.add(name);
    const compiled = type === "RegularExpression" ? regexOf(value) : null;
    conditions.push({ name, value, regex: compiled?.regex ?? null, problem: compiled?.problem ?? "" });
  }
  return conditions;
}

export function headerHolds(condition: ValueCondition, head: RequestHead): boolean {
  return accepts(condition, headerValue(head, condition.name));
}

/** The first value of a parameter counts, as the Gateway API recommends. */
export function queryHolds(condition: ValueCondition, query: string): boolean {
  return accepts(condition, queryParam(query, condition.name));
}

function accepts(condition: ValueCondition, value: string | undefined): boolean {
  if (value === undefined) return false;
  if (condition.regex !== null) return condition.regex.matches(value);
  return condition.problem === "" && value === condition.value;
}

/**
 * A header's value is that of all its fields as one list (RFC 9110 section 5.3), so a request that repeats a field
 * matches by none of its values alone: backends would disagree on which one counts. Fields that frame a message
 * are typed members of the head: those that say something are matched there.
 */
export function headerValue(head: RequestHead, name: string): string | undefined {
  const typed = typedLines(head, name);
  if (typed !== null) return typed[0];
  return name === "cookie" ? cookieValue(head.fields) : head.fields.getList(name);
}

/** Cookie is the one request field whose parts are joined otherwise (RFC 9113 section 8.2.3). */
function cookieValue(fields: Fields): string | undefined {
  const values = fields.getAll("cookie");
  return values.length === 0 ? undefined : values.join("; ");
}
