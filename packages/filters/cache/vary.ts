import { isToken, trimAround } from "@heddle/engine/message";
import type { Fields } from "@heddle/engine/message";

/** More names than that in Vary are nobody's variants. */
const MAX_NAMES = 16;

/** Lower-case names of Vary, sorted, each once; null where nothing is to match: "*", or what is no name. */
export function readVary(fields: Fields): readonly string[] | null {
  const list = fields.getList("vary");
  if (list === undefined) return [];
  const names = new Set<string>();
  for (const part of list.split(",")) {
    const name = part.trim().toLowerCase();
    if (name === "") continue;
    if (name === "*" || !isToken(name)) return null;
    names.add(name);
  }
  return names.size > MAX_NAMES ? null : [...names].sort();
}

/** Whose values compare without case (RFC 9110 sections 8.4.1 and 12.5.4), and have no strings in quotes. */
const WITHOUT_CASE: ReadonlySet<string> = new Set(["accept-encoding", "accept-language"]);

/**
 * The values of a request that Vary chooses by (RFC 9111 section 4.1), as one text. Lines of a list are one list, and
 * white space around its commas does not count; nor does case, or space before weights, where the field has none.
 */
export function variantOf(names: readonly string[], fields: Fields): string {
  if (names.length === 0) return "";
  return JSON.stringify(names.map((name) => normalize(name, fields.getList(name))));
}

function normalize(name: string, value: string | undefined): string | null {
  if (value === undefined) return null;
  const list = trimAround(value, ",");
  return WITHOUT_CASE.has(name) ? trimAround(list.toLowerCase(), ";") : list;
}
