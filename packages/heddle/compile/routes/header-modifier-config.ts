import { isFieldValue, isToken, isFramingName } from "@heddle/engine/message";
import type { HTTPHeader, HTTPHeaderFilter } from "../../resources/index.ts";
import type { HeaderModifierConfig, HeaderValue } from "../filters/filter-specs.ts";
import { makeFinding, type Finding } from "../io/status.ts";

/** The configuration of a header modifier, or the first of its fields that is wrong. */
export function headerModifierConfig(
  { set = [], add = [], remove = [] }: HTTPHeaderFilter,
  direction: HeaderModifierConfig["direction"],
  path: string,
): HeaderModifierConfig | Finding {
  return (
    firstMistake(set, (header, i) => headerMistake(header, `${path}.set[${i}]`)) ??
    firstMistake(add, (header, i) => headerMistake(header, `${path}.add[${i}]`)) ??
    firstMistake(remove, (name, i) => nameMistake(name, `${path}.remove[${i}]`)) ?? {
      direction,
      set: headerValues(set),
      add: headerValues(add),
      remove: [...new Set(remove.map((name) => name.toLowerCase()))],
    }
  );
}

function firstMistake<T>(
  items: readonly T[],
  mistakeOf: (item: T, index: number) => Finding | null,
): Finding | null {
  for (const [index, item] of items.entries()) {
    const mistake = mistakeOf(item, index);
    if (mistake !== null) return mistake;
  }
  return null;
}

function headerMistake({ name, value }: HTTPHeader, path: string): Finding | null {
  if (!isFieldValue(value)) return unsupported(`${path}.value`, "is no header value");
  return nameMistake(name, `${path}.name`);
}

function nameMistake(name: string, path: string): Finding | null {
  if (!isToken(name)) return unsupported(path, `${JSON.stringify(name)} is no header name`);
  const lower = name.toLowerCase();
  if (lower === "host") {
    return unsupported(path, "Host cannot be changed here; use a URLRewrite filter with hostname");
  }
  return isFramingName(lower) ? unsupported(path, `${name} frames the message and cannot be changed`) : null;
}

const unsupported = (path: string, message: string) => makeFinding("UnsupportedValue", path, message);

/** Names are compared without case, and of equal ones the first counts (HTTPHeader.name). */
function headerValues(headers: readonly HTTPHeader[]): HeaderValue[] {
  const found = new Map<string, HeaderValue>();
  for (const { name, value } of headers) {
    const lower = name.toLowerCase();
    if (!found.has(lower)) found.set(lower, { name: lower, value });
  }
  return [...found.values()];
}
