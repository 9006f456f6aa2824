import { readJson } from "../bounded-json/index.ts";
import type { JsonPlace } from "./config.ts";

/** JSON edits with their values at hand. */
export interface ReadyJsonEdits {
  readonly rename: readonly { readonly at: JsonPlace; readonly to: string }[];
  readonly set: readonly { readonly at: JsonPlace; readonly json: string }[];
  readonly remove: readonly JsonPlace[];
}

type Container = Record<string, unknown> | unknown[];

/** Numbers keep the digits that they came with: a large one is no other number afterwards. */
interface ExactJson {
  parse(text: string, reviver: (key: string, value: unknown, from: { source?: string }) => unknown): unknown;
  rawJSON(text: string): object;
  isRawJSON(value: unknown): boolean;
}
const exact = JSON as unknown as ExactJson;

const parseExactly = (text: string): unknown =>
  exact.parse(text, (_key, value, { source }) =>
    typeof value === "number" && source !== undefined && String(value) !== source
      ? exact.rawJSON(source)
      : value,
  );

/** The edited body, or why it cannot be edited, without anything of it. */
export function editJson(
  bytes: Uint8Array,
  all: readonly ReadyJsonEdits[],
  maxDepth: number,
): Uint8Array | { readonly problem: string } {
  const reading = readJson(bytes, { maxDepth });
  if ("problem" in reading) return { problem: `the body ${reading.problem}` };
  // In an object of its own, so that the whole of it can be set as well.
  const root: Record<string, unknown> = { "": parseExactly(Buffer.from(bytes).toString("utf8")) };
  for (const edits of all) {
    for (const { at, to } of edits.rename) {
      if (!rename(root, at, to)) return { problem: "the body has a list where a member is renamed" };
    }
    for (const { at, json } of edits.set) {
      if (!set(root, at, parseExactly(json)))
        return { problem: "the body has no place for a value that is set" };
    }
    for (const at of edits.remove) remove(root, at);
  }
  return Buffer.from(JSON.stringify(root[""]));
}

const isContainer = (value: unknown): value is Container =>
  typeof value === "object" && value !== null && !exact.isRawJSON(value);

/** Of a list: its place; null where it has none of that name. */
function indexOf(list: readonly unknown[], name: string): number | null {
  if (!/^(0|[1-9][0-9]{0,8})$/.test(name)) return null;
  const index = Number(name);
  return index < list.length ? index : null;
}

function child(parent: Container, name: string): unknown {
  if (Array.isArray(parent)) {
    const index = indexOf(parent, name);
    return index === null ? undefined : parent[index];
  }
  return Object.hasOwn(parent, name) ? parent[name] : undefined;
}

/** What holds the last of the names; null where there is no such thing. */
function parentOf(root: Container, at: JsonPlace): Container | null {
  let here: unknown = root;
  for (const name of ["", ...at].slice(0, -1)) {
    if (!isContainer(here)) return null;
    here = child(here, name);
  }
  return isContainer(here) ? here : null;
}

/** Objects that are missing on the way are made. A list takes what replaces an item of it, and "-" at its end. */
function set(root: Container, at: JsonPlace, value: unknown): boolean {
  const names = ["", ...at];
  let here: unknown = root;
  for (const name of names.slice(0, -1)) {
    if (!isContainer(here)) return false;
    let next = child(here, name);
    if (next === undefined) {
      if (Array.isArray(here)) return false;
      here[name] = next = {};
    }
    here = next;
  }
  if (!isContainer(here)) return false;
  const last = names.at(-1)!;
  if (!Array.isArray(here)) here[last] = value;
  else if (last === "-") here.push(value);
  else {
    const index = indexOf(here, last);
    if (index === null) return false;
    here[index] = value;
  }
  return true;
}

/** The new name has what the old one had, and nothing else. False: it is an item of a list. */
function rename(root: Container, at: JsonPlace, to: string): boolean {
  const parent = parentOf(root, at);
  if (parent === null) return true;
  if (Array.isArray(parent)) return false;
  const from = at.at(-1)!;
  const value = child(parent, from);
  delete parent[from];
  delete parent[to];
  if (value !== undefined) parent[to] = value;
  return true;
}

function remove(root: Container, at: JsonPlace): void {
  const parent = parentOf(root, at);
  if (parent === null) return;
  const last = at.at(-1)!;
  if (!Array.isArray(parent)) {
    delete parent[last];
    return;
  }
  const index = indexOf(parent, last);
  if (index !== null) parent.splice(index, 1);
}
