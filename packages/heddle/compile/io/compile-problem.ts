import type { ResourceKey } from "../../resources/index.ts";
import type { Finding } from "./status.ts";

/** Something to tell the user about one field. An error: what the field asks for is not done. */
export interface CompileProblem {
  readonly key: ResourceKey;
  /** Field path, such as `spec.rules[0].backendRefs[1]`. */
  readonly path: string;
  readonly message: string;
  readonly severity: "error" | "warning";
}

/** A finding as `heddle check` prints it. */
export function problemOf(key: ResourceKey, { path, message }: Finding): CompileProblem {
  return { key, path, message, severity: "error" };
}
