import type { CompileOptions } from "../io/compile-io.ts";
import type { FactReader } from "../pass/facts.ts";
import { hashUnit } from "../pass/hash-unit.ts";
import { configTextSource, templateSource } from "./config-text.ts";
import type { DataSource } from "./data-source.ts";
import type { HashedUnit } from "../io/compile-io.ts";
import { apiKeysSource } from "../credentials/api-keys.ts";
import { filterCodeSource, filterDataSource } from "../filters/own-filter.ts";
import { cookieKeysSource, secretTextSource } from "../credentials/secret-entries.ts";
import { hmacSource } from "../credentials/hmac-secrets.ts";
import { keySetSource, keySourceSource } from "../credentials/key-set-names.ts";
import { limitStoreSource } from "../rate-limit-policy/index.ts";
import { basicSource } from "../credentials/htpasswd.ts";
import { signatureKeysSource } from "../credentials/signature-keys.ts";
import { apiSource } from "../openapi/index.ts";

export const dataSources: readonly DataSource[] = [
  keySetSource,
  keySourceSource,
  apiKeysSource,
  limitStoreSource,
  filterCodeSource,
  filterDataSource,
  basicSource,
  signatureKeysSource,
  secretTextSource,
  cookieKeysSource,
  configTextSource,
  templateSource,
  apiSource,
  hmacSource,
];

/** The data unit of that name; null where there is none. */
export function compileData(name: string, facts: FactReader, options: CompileOptions): HashedUnit | null {
  const slash = name.indexOf("/");
  const source = dataSources.find(({ prefix }) => prefix === name.slice(0, slash));
  const value = source?.compile(name.slice(slash + 1), facts, options);
  return value === undefined ? null : hashUnit({ kind: "data", name, value });
}
