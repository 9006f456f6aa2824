export interface HeaderValue {
  /** Lower-case token. */
  readonly name: string;
  readonly value: string;
}

/**
 * RequestHeaderModifier and ResponseHeaderModifier of the Gateway API: set, then add, then remove. No name is twice
 * in one list, and none frames the message (compile refuses those).
 */
export interface HeaderModifierConfig {
  readonly direction: "request" | "response";
  /** Replaces all values of the name. */
  readonly set: readonly HeaderValue[];
  /** Appends to the values that are there. */
  readonly add: readonly HeaderValue[];
  /** Lower-case names. */
  readonly remove: readonly string[];
}
