import type { CompileOptions } from "../io/compile-io.ts";
import type { FactReader } from "../pass/facts.ts";

/** Makes the values of data units whose names begin with `prefix` and a slash. */
export interface DataSource {
  readonly prefix: string;
  /** `name` is what follows the slash. Undefined: there is no such unit, and filters that need it fail closed. */
  compile(name: string, facts: FactReader, options: CompileOptions): unknown;
}
