import type { ResourceKey } from "../resources/index.ts";

/** Something to tell the user about one field. An error: what the field asks for is not done. */
export interface CompileProblem {
  readonly key: ResourceKey;
  /** Field path, such as `spec.rules[0].backendRefs[1]`. */
  readonly path: string;
  readonly message: string;
  readonly severity: "error" | "warning";
}

/** A finding's message as `heddle check` prints it: the field path, with which it begins, apart. */
export function problemOf(key: ResourceKey, text: string): CompileProblem {
  const end = text.indexOf(": ");
  return { key, path: text.slice(0, end), message: text.slice(end + 2), severity: "error" };
}
