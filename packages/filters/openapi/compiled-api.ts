import type { ApiDocument } from "./config.ts";
import { PathTable } from "./path-table.ts";
import { SchemaChecker } from "./schema-checker.ts";

/** A document ready to check messages by. */
export interface CompiledApi {
  readonly paths: PathTable;
  readonly requests: SchemaChecker;
  readonly responses: SchemaChecker;
}

interface CompileOptions {
  readonly basePath: string | null;
  readonly allowsReadOnly: boolean;
}

/** Of each document once for all the filters that use it alike. */
const compiled = new WeakMap<ApiDocument, Map<string, CompiledApi>>();

export function compileApi(api: ApiDocument, { basePath, allowsReadOnly }: CompileOptions): CompiledApi {
  let variants = compiled.get(api);
  if (variants === undefined) compiled.set(api, (variants = new Map()));
  const key = `${allowsReadOnly} ${basePath ?? "*"}`;
  let found = variants.get(key);
  if (found === undefined) {
    found = {
      paths: new PathTable(api.paths, basePath),
      requests: new SchemaChecker(api.requests, allowsReadOnly),
      responses: new SchemaChecker(api.responses, false),
    };
    variants.set(key, found);
  }
  return found;
}
