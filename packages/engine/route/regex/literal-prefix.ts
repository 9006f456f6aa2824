import type { Node } from "./syntax.ts";

/**
 * Characters that every match begins with, as far as they are plain to see: most patterns of paths begin with a
 * literal, and a request for another path is then refused without running the pattern.
 */
export function literalPrefix(node: Node): string {
  const parts = node.kind === "sequence" ? node.parts : [node];
  let prefix = "";
  for (const part of parts) {
    if (part.kind === "assert" && part.assertion === "start" && prefix === "") continue;
    if (part.kind !== "set" || part.set.length !== 2 || part.set[0] !== part.set[1]) break;
    prefix += String.fromCharCode(part.set[0]);
  }
  return prefix;
}
