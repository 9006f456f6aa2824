import type { CompileOptions } from "./compile-io.ts";
import type { FactReader } from "./facts.ts";
import { hashUnit } from "./hash-unit.ts";
import type { HashedUnit } from "./compile-io.ts";

/** Makes the values of data units whose names begin with `prefix` and a slash. */
export interface DataSource {
  readonly prefix: string;
  /** `name` is what follows the slash. Undefined: there is no such unit, and filters that need it fail closed. */
  compile(name: string, facts: FactReader, options: CompileOptions): unknown;
}

export const dataSources: readonly DataSource[] = [];

/** The data unit of that name; null where there is none. */
export function compileData(name: string, facts: FactReader, options: CompileOptions): HashedUnit | null {
  const slash = name.indexOf("/");
  const source = dataSources.find(({ prefix }) => prefix === name.slice(0, slash));
  const value = source?.compile(name.slice(slash + 1), facts, options);
  return value === undefined ? null : hashUnit({ kind: "data", name, value });
}
