import { createRequire } from "node:module";
import type { DocumentNode } from "graphql/language";

type Parse = (source: string, options: { noLocation: boolean; maxTokens: number }) => DocumentNode;

let parse: Parse | null = null;

/** The parser of the reference implementation, which a worker has in memory only once a policy needs it. */
export function loadParser(): Parse {
  parse ??= (createRequire(import.meta.url)("graphql/language") as { parse: Parse }).parse;
  return parse;
}
