import { isToken } from "@heddle/engine/message";
import type { Fields } from "@heddle/engine/message";
import { parseDictionary } from "../structured-fields/index.ts";
import type { InnerList, Item } from "../structured-fields/index.ts";
import { readDirectives } from "./cache-control.ts";
import type { Directives } from "./cache-control.ts";

/** What a response says of its own storing. */
export interface ResponseRules {
  readonly directives: Directives;
  /** Lower-case names of fields that are not stored with it. */
  readonly omitted: ReadonlySet<string>;
  /** They are of a targeted field: Expires does not count (RFC 9213 section 2.2). */
  readonly isTargeted: boolean;
}

const NONE: ReadonlySet<string> = new Set();

/** Which may name fields, and then mean those alone (RFC 9111 sections 5.2.2.4 and 5.2.2.7). */
const QUALIFIED = ["no-cache", "private"] as const;

/** Without one of these what is left is another response: who names them means the whole. */
const ESSENTIAL: ReadonlySet<string> = new Set([
  "age",
  "cache-control",
  "content-encoding",
  "content-location",
  "content-type",
  "date",
  "etag",
  "expires",
  "last-modified",
  "location",
  "vary",
]);

/** By the first of `targets` that is there, valid and not empty, or else by Cache-Control. */
export function readRules(fields: Fields, targets: readonly string[]): ResponseRules {
  for (const name of targets) {
    const directives = readTargeted(fields.getList(name));
    if (directives !== null) return qualified(directives, true);
  }
  return qualified(readDirectives(fields), false);
}

function qualified(directives: Directives, isTargeted: boolean): ResponseRules {
  let omitted = NONE;
  let rest = directives;
  for (const directive of QUALIFIED) {
    const names = fieldNames(directives.get(directive));
    if (names === null) continue;
    omitted = new Set([...omitted, ...names]);
    rest = new Map([...rest].filter(([name]) => name !== directive));
  }
  return { directives: rest, omitted, isTargeted };
}

/** Null: it means the whole response, or cannot be understood, which is taken as that. */
function fieldNames(argument: string | null | undefined): readonly string[] | null {
  if (argument === undefined || argument === null) return null;
  const names = argument.split(",").map((name) => name.trim().toLowerCase());
  return names.every((name) => isToken(name) && !ESSENTIAL.has(name)) ? names : null;
}

/** A targeted field is a dictionary (RFC 9213 section 2.1); null for what counts as not there. */
function readTargeted(text: string | undefined): Directives | null {
  const members = text === undefined ? null : parseDictionary(text, "last");
  if (members === null || members.size === 0) return null;
  const found = new Map<string, string | null>();
  for (const [name, member] of members) {
    const argument = argumentOf(name, member);
    if (argument !== undefined) found.set(name, argument);
  }
  return found;
}

/** Whose mere presence allows more: with a value they mean nothing. */
const LOOSER: ReadonlySet<string> = new Set(["must-understand", "public"]);

/** As `parseDirectives` has it; "", which is no number and no name, for what is of the wrong type. Undefined: passed over. */
function argumentOf(name: string, member: Item | InnerList): string | null | undefined {
  const bare = member.type === "item" ? member.bare : null;
  if (bare?.kind === "boolean") return bare.value ? null : undefined;
  if (LOOSER.has(name)) return undefined;
  if (bare?.kind === "integer") return String(bare.value);
  return bare?.kind === "string" && (name === "no-cache" || name === "private") ? bare.value : "";
}
