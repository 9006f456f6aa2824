import type { CharSet } from "./char-set.ts";

/** What a zero-width assertion asks of the place where it stands. */
export type Assertion = "start" | "end" | "word-boundary" | "no-word-boundary";

/** The tree of a parsed pattern. Groups leave no node: nothing is captured. */
export type Node =
  | { readonly kind: "empty" }
  | { readonly kind: "set"; readonly set: CharSet }
  | { readonly kind: "assert"; readonly assertion: Assertion }
  | { readonly kind: "sequence"; readonly parts: readonly Node[] }
  | { readonly kind: "either"; readonly options: readonly Node[] }
  /** `max` is Infinity for an open repetition. */
  | { readonly kind: "repeat"; readonly body: Node; readonly min: number; readonly max: number };

/** A pattern that is refused; caught at the door (`compileRegex`). */
export class PatternError extends Error {
  /** Zero-based index in the pattern. */
  readonly position: number;
  constructor(message: string, position: number) {
    super(message);
    this.position = position;
  }
}
