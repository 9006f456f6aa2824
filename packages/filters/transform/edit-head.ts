import { isFieldValue, normalizePath } from "@heddle/engine/message";
import type { Fields, RequestHead } from "@heddle/engine/message";
import { decodePart, escapeUri } from "../template/index.ts";
import type { Renaming } from "./config.ts";

/** Edits with their values rendered. */
export interface ReadyNamedEdits {
  readonly rename: readonly Renaming[];
  readonly set: readonly (readonly [name: string, value: string])[];
  readonly add: readonly (readonly [name: string, value: string])[];
  readonly remove: readonly string[];
}

/** Fields whose values are no comma-separated list (RFC 9110 section 5.3). */
const lineByLine: ReadonlySet<string> = new Set([
  "cookie",
  "proxy-authenticate",
  "set-cookie",
  "www-authenticate",
]);

/** Why it cannot be done, before anything is; null: it is done. A value that is "" takes the header away (threats 11). */
export function editFields(fields: Fields, { rename, set, add, remove }: ReadyNamedEdits): string | null {
  for (const [name, value] of [...set, ...add])
    if (!isFieldValue(value)) return `a value for header ${name} has characters that no header can have`;
  for (const { from, to } of rename) {
    const values = fields.getAll(from);
    fields.delete(from);
    fields.delete(to);
    for (const value of values) fields.add(to, value);
  }
  for (const [name, value] of set) {
    fields.delete(name);
    if (value.trim() !== "") fields.add(name, value.trim());
  }
  for (const [name, value] of add) if (value.trim() !== "") append(fields, name, value.trim());
  for (const name of remove) fields.delete(name);
  return null;
}

/** Into the list that is there: servers differ in which of several lines they read. */
function append(fields: Fields, name: string, value: string): void {
  const before = lineByLine.has(name) ? undefined : fields.getList(name);
  if (before === undefined || before === "") fields.add(name, value);
  else fields.set(name, `${before}, ${value}`);
}

/** As of fields. A query that is read in several ways is not edited: what was taken out might still be there. */
export function editQuery(request: RequestHead, edits: ReadyNamedEdits): string | null {
  const { rename, set, add, remove } = edits;
  if (rename.length + set.length + add.length + remove.length === 0) return null;
  if (request.query.includes(";")) return "the query has a semicolon";
  let pairs: (readonly [name: string, text: string])[] = [];
  for (const text of request.query.slice(1).split("&")) {
    if (text === "") continue;
    const name = decodePart(text.split("=", 1)[0]!);
    if (name === null) return "the query has a broken escape";
    pairs.push([name, text]);
  }
  for (const { from, to } of rename) {
    pairs = pairs.filter(([name]) => name !== to);
    pairs = pairs.map(([name, text]) => (name === from ? [to, renamed(text, to)] : [name, text]));
  }
  for (const [name, value] of set) {
    pairs = pairs.filter(([other]) => other !== name);
    if (value !== "") pairs.push([name, pairOf(name, value)]);
  }
  for (const [name, value] of add) if (value !== "") pairs.push([name, pairOf(name, value)]);
  pairs = pairs.filter(([name]) => !remove.includes(name));
  request.query = pairs.length === 0 ? "" : `?${pairs.map(([, text]) => text).join("&")}`;
  return null;
}

const pairOf = (name: string, value: string): string => `${escapeUri(name)}=${escapeUri(value)}`;

function renamed(text: string, to: string): string {
  const at = text.indexOf("=");
  return escapeUri(to) + (at < 0 ? "" : text.slice(at));
}

/** A path that is not in the one form that all readers see alike is refused, and not brought into it: `..` of a client's. */
export function editPath(request: RequestHead, path: string): string | null {
  // "*" of OPTIONS names the server, not a path.
  if (request.path === "*") return null;
  const hasSlashes = /%2F|%5C|%00/.test(request.path);
  if (normalizePath(path, hasSlashes ? "keep" : "refuse") !== path)
    return "the path that comes of the request is none that a request can have";
  request.path = path;
  return null;
}

/** What answers HEAD, upgrades and CONNECT depends on the method that the client chose, and a GET has no body. */
export function editMethod(request: RequestHead, method: string): string | null {
  if (request.method === method) return null;
  if (request.upgrade !== "" || ["HEAD", "CONNECT", "OPTIONS", "TRACE"].includes(request.method))
    return "the method of this request cannot be another";
  if (method === "GET" && request.bodyLength !== 0) return "a GET has no body";
  request.method = method;
  return null;
}
