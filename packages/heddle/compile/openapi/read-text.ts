import { parse } from "yaml";
import { parseJson } from "../../resources/index.ts";
import { isNode, type Node } from "./document-view.ts";

/** Of a document. */
export const MAX_DOCUMENT_BYTES = 1_048_576;
const MAX_DEPTH = 128;
const MAX_NODES = 200_000;

/** A document in JSON or YAML; or what is wrong with it. */
export function readDocumentText(text: string): Node | string {
  if (Buffer.byteLength(text) > MAX_DOCUMENT_BYTES) return `has more than ${MAX_DOCUMENT_BYTES} bytes`;
  let value: unknown;
  try {
    value = parseJson(text)?.value ?? parse(text, { maxAliasCount: 100, prettyErrors: false });
  } catch (error) {
    return `is neither JSON nor YAML: ${(error as Error).message.split("\n")[0]}`;
  }
  if (!isNode(value)) return "is no OpenAPI document: it must be an object";
  return boundsMistake(value) ?? value;
}

/** What aliases of YAML repeat counts each time. */
function boundsMistake(root: unknown): string | null {
  let nodes = 0;
  const walk = (value: unknown, depth: number): string | null => {
    if (typeof value !== "object" || value === null) return null;
    if (depth > MAX_DEPTH) return `is nested deeper than ${MAX_DEPTH}`;
    if (++nodes > MAX_NODES) return `has more than ${MAX_NODES} objects and lists`;
    for (const [name, child] of Object.entries(value)) {
      if (name === "__proto__") return "has a member __proto__, which is not taken";
      const mistake = walk(child, depth + 1);
      if (mistake !== null) return mistake;
    }
    return null;
  };
  return walk(root, 0);
}
