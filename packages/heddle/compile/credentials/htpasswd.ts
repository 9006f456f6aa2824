import type { BasicUsers } from "@heddle/filters";
import type { DataSource } from "../data/data-source.ts";
import { readEntry } from "./key-set-names.ts";

/** The data unit with the users of a Secret's key. */
export const basicUnit = (namespace: string, name: string, key: string): string =>
  ["basic", ...[namespace, name, key].map(encodeURIComponent)].join("/");

export interface Htpasswd {
  readonly users: BasicUsers["users"];
  /** What is wrong, line by line; those lines are not taken. */
  readonly mistakes: readonly string[];
}

/** Below it a hash is soon guessed; above it one takes seconds of a core, for each that tries. */
const costs = { min: 4, max: 14 };
const bcrypt = /^\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}$/;

/** Lines of `htpasswd -B`. What is wrong is told without the hash. */
export function readHtpasswd(text: string): Htpasswd {
  const users = new Map<string, string>();
  const mistakes: string[] = [];
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === "" || line.startsWith("#")) continue;
    const colon = line.indexOf(":");
    const name = line.slice(0, Math.max(colon, 0));
    const mistake = users.has(name)
      ? "has a name that is there before"
      : mistakeOf(name, line.slice(colon + 1));
    if (mistake === null) users.set(name, line.slice(colon + 1));
    else mistakes.push(`line ${index + 1} ${mistake}`);
  }
  return { users: [...users], mistakes };
}

function mistakeOf(name: string, hash: string): string | null {
  if (name === "") return "is not NAME:HASH";
  const match = bcrypt.exec(hash);
  if (match === null) return "has no bcrypt hash; make it anew with htpasswd -B";
  const cost = Number(match[1]);
  if (cost >= costs.min && cost <= costs.max) return null;
  return `has a bcrypt hash of cost ${cost}; it must be ${costs.min} to ${costs.max}`;
}

export const basicSource: DataSource = {
  prefix: "basic",
  compile(name, facts): BasicUsers | undefined {
    const [namespace, secret, key] = name.split("/").map(decodeURIComponent);
    const text = readEntry(facts, "Secret", namespace!, secret!, key!);
    return text === undefined ? undefined : { users: readHtpasswd(text).users };
  },
};
