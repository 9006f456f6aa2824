import type { DataSource } from "../data/data-source.ts";
import type { FactReader } from "../pass/facts.ts";
import { missingEntry, readEntry } from "./key-set-names.ts";
import { makeFinding, type Finding } from "../io/status.ts";

/** A key of a Secret of the policy's namespace. */
export interface SecretEntryRef {
  readonly name: string;
  readonly key: string;
}

/** Names of data units with a Secret's key: `PREFIX/NAMESPACE/NAME/KEY`, each part escaped as in a URL. */
const unitName = (prefix: string, namespace: string, { name, key }: SecretEntryRef): string =>
  [prefix, ...[namespace, name, key].map(encodeURIComponent)].join("/");

/** What a filter gets of an entry: its name, and why it has none. */
export interface SecretEntry {
  readonly unit: string;
  readonly findings: readonly Finding[];
}

/** A secret as text: a client's, say. */
export function secretText(
  ref: SecretEntryRef,
  namespace: string,
  path: string,
  facts: FactReader,
): SecretEntry {
  const text = readEntry(facts, "Secret", namespace, ref.name, ref.key)?.trim();
  const message =
    text === undefined
      ? missingEntry(facts, "Secret", namespace, ref.name, ref.key)
      : `Secret ${namespace}/${ref.name} has no text under ${ref.key}`;
  const findings = (text ?? "") === "" ? [makeFinding("InvalidSecretRef", path, message)] : [];
  return { unit: unitName("secret-text", namespace, ref), findings };
}

/** Keys that seal cookies. */
export function cookieKeys(
  ref: SecretEntryRef,
  namespace: string,
  path: string,
  facts: FactReader,
): SecretEntry {
  const text = readEntry(facts, "Secret", namespace, ref.name, ref.key);
  const keys = text === undefined ? "" : readCookieKeys(text);
  const message =
    text === undefined
      ? missingEntry(facts, "Secret", namespace, ref.name, ref.key)
      : `key ${ref.key} of Secret ${namespace}/${ref.name} ${String(keys)}`;
  const findings = typeof keys === "string" ? [makeFinding("InvalidSecretRef", path, message)] : [];
  return { unit: unitName("cookie-keys", namespace, ref), findings };
}

const KEY_BYTES = 32;
const MAX_KEYS = 8;

/** One key a line, 32 octets in base64: the first seals, all open. A text says what is wrong, and nothing of the keys. */
function readCookieKeys(text: string): readonly string[] | string {
  const lines = text.split(/\s+/).filter((line) => line !== "");
  if (lines.length === 0 || lines.length > MAX_KEYS) return `has ${lines.length} keys; give 1 to ${MAX_KEYS}`;
  const isKey = (line: string) =>
    /^[A-Za-z0-9+/_-]+=*$/.test(line) && Buffer.from(line, "base64").length === KEY_BYTES;
  const wrong = lines.findIndex((line) => !isKey(line));
  if (wrong < 0) return lines;
  return `is no key in line ${wrong + 1}; give ${KEY_BYTES} random octets in base64, as openssl rand -base64 ${KEY_BYTES} makes them`;
}

function entryOf(name: string, facts: FactReader): string | undefined {
  const [namespace, secret, key] = name.split("/").map(decodeURIComponent);
  return readEntry(facts, "Secret", namespace!, secret!, key!);
}

export const secretTextSource: DataSource = {
  prefix: "secret-text",
  compile: (name, facts) => entryOf(name, facts)?.trim() || undefined,
};

export const cookieKeysSource: DataSource = {
  prefix: "cookie-keys",
  compile(name, facts) {
    const text = entryOf(name, facts);
    const keys = text === undefined ? "" : readCookieKeys(text);
    return typeof keys === "string" ? undefined : keys;
  },
};
