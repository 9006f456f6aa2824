import type { Position } from "../resources/index.ts";

/** Where a document was written. */
export interface Origin {
  /** As it was named to us, relative paths left relative; "--route" for the command line. */
  readonly file: string;
  /** Where a field path is written, or its nearest parent; undefined where a source has no lines. */
  position(path: string): Position | undefined;
}

/** `file:line:column`, or the file alone. */
export function formatOrigin(origin: Origin, path: string = ""): string {
  const at = origin.position(path);
  return at === undefined ? origin.file : `${origin.file}:${at.line}:${at.column}`;
}
