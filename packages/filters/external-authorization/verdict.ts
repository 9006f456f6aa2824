import type { Reply } from "@heddle/engine/filter";

/** How a field is put among those that are there. */
export type FieldAction = "set" | "add" | "add-if-absent" | "set-if-present";

/** A change of one field; the name is lower-case, a token, and frames no message. */
export interface FieldChange {
  readonly action: FieldAction;
  readonly name: string;
  readonly value: string;
}

/** What the service said of a request. Plain data, so that it can be kept. */
export type Verdict = AllowedVerdict | DeniedVerdict;

export interface AllowedVerdict {
  readonly isAllowed: true;
  /** Of the request on its way to the upstream. */
  readonly requestChanges: readonly FieldChange[];
  /** Removed before `requestChanges` are made. */
  readonly requestRemovals: readonly string[];
  readonly querySet: readonly (readonly [string, string])[];
  readonly queryRemovals: readonly string[];
  /** Of the response on its way to the client. */
  readonly responseChanges: readonly FieldChange[];
}

export interface DeniedVerdict {
  readonly isAllowed: false;
  readonly reply: Reply;
}

/** An answer that is no verdict. `isBroken`: the service answered, and what it said cannot be done; never let through. */
export interface NoVerdict {
  readonly failure: string;
  readonly isBroken: boolean;
}
