import type { Exchange } from "@heddle/engine/message";
import { decodePart } from "../template/index.ts";

/** Names and values of a query or a form that are read. */
const MAX_PAIRS = 1_024;

/** A query or a form by names, values still escaped: what a value is split at is what the client did not escape. */
export type PairTable = ReadonlyMap<string, readonly string[]>;

/** Null: a broken escape in a name, or too many. */
export function readPairs(text: string): PairTable | null {
  const table = new Map<string, string[]>();
  if (text === "") return table;
  const pairs = text.split("&", MAX_PAIRS + 1);
  if (pairs.length > MAX_PAIRS) return null;
  for (const pair of pairs) {
    if (pair === "") continue;
    const at = pair.indexOf("=");
    const name = decodePart(at < 0 ? pair : pair.slice(0, at));
    if (name === null) return null;
    const value = at < 0 ? "" : pair.slice(at + 1);
    const values = table.get(name);
    if (values === undefined) table.set(name, [value]);
    else values.push(value);
  }
  return table;
}

/** Cookies by name, as they are (RFC 6265 section 4.2.1). */
export function readCookies({ request }: Exchange): PairTable {
  const table = new Map<string, string[]>();
  for (const line of request.fields.getAll("cookie")) {
    for (const pair of line.split(";")) {
      const at = pair.indexOf("=");
      if (at < 0) continue;
      const name = pair.slice(0, at).trim();
      const value = pair.slice(at + 1).trim();
      const values = table.get(name);
      if (values === undefined) table.set(name, [value]);
      else values.push(value);
    }
  }
  return table;
}
