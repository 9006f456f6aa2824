/** What a text must keep to. */
export interface JsonBounds {
  /** Of objects and lists in each other. */
  readonly maxDepth: number;
}

export type JsonReading = { readonly value: unknown } | { readonly problem: string };

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * JSON (RFC 8259) that every reader reads alike: UTF-8 without a byte order mark, no name twice in an object, none that
 * is `__proto__`, nothing nested deeper than the bound. Or what is wrong with it, without anything of the text.
 */
export function readJson(bytes: Uint8Array, { maxDepth }: JsonBounds): JsonReading {
  const names = countNames(bytes, maxDepth);
  if (names === null) return { problem: `is nested deeper than ${maxDepth}` };
  let text: string;
  let value: unknown;
  try {
    text = decoder.decode(bytes);
  } catch {
    return { problem: "is not in UTF-8" };
  }
  try {
    value = JSON.parse(text);
  } catch {
    return { problem: "is no JSON" };
  }
  const found = countOwnNames(value);
  if (found === null) return { problem: "has a member __proto__" };
  return found === names ? { value } : { problem: "has a member twice in one object" };
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;

/** The names of members in it, as far as it is JSON: its colons outside of strings. Null: nested too deep. */
function countNames(bytes: Uint8Array, maxDepth: number): number | null {
  let names = 0;
  let depth = 0;
  for (let at = 0; at < bytes.length; at++) {
    switch (bytes[at]) {
      case QUOTE:
        for (at++; at < bytes.length && bytes[at] !== QUOTE; at++) if (bytes[at] === BACKSLASH) at++;
        break;
      case COLON:
        names++;
        break;
      case 0x7b:
      case 0x5b:
        if (++depth > maxDepth) return null;
        break;
      case 0x7d:
      case 0x5d:
        depth--;
        break;
      default:
    }
  }
  return names;
}

/** JSON.parse keeps the last of two members of a name, so that there are fewer. Null where one is `__proto__`. */
function countOwnNames(value: unknown): number | null {
  if (typeof value !== "object" || value === null) return 0;
  let count = 0;
  if (Array.isArray(value)) {
    for (const item of value) {
      const inner = countOwnNames(item);
      if (inner === null) return null;
      count += inner;
    }
    return count;
  }
  for (const name of Object.keys(value)) {
    if (name === "__proto__") return null;
    const inner = countOwnNames((value as Record<string, unknown>)[name]);
    if (inner === null) return null;
    count += inner + 1;
  }
  return count;
}
