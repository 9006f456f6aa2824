import type { ClaimPath } from "../claim-path/index.ts";

/** Rules on who may do what. */
export interface AuthorizationConfig {
  /** Who says so, for logs: "AccessPolicy shop/orders". */
  readonly policy: string;
  /** What would be denied is counted and logged, and goes on. */
  readonly isDryRun: boolean;
  readonly rules: readonly AuthorizationRule[];
}

export interface AuthorizationRule {
  /** Its own, or its number. */
  readonly name: string;
  readonly action: "allow" | "deny";
  /** All must hold; a rule without any is for every request. */
  readonly conditions: readonly ConditionConfig[];
}

/** `isNot`: it holds where the rest does not. */
export type ConditionConfig = { readonly isNot: boolean } & (
  | TextCondition
  | { readonly on: "claim"; readonly claim: ClaimPath; readonly values: readonly string[] }
  | { readonly on: "all-scopes"; readonly values: readonly string[] }
  /** Addresses and CIDR ranges. */
  | { readonly on: "client-address"; readonly ranges: readonly string[] }
  | { readonly on: "path"; readonly paths: readonly TextMatch[] }
  /** No matches: it is there. `name` in lower case. */
  | { readonly on: "header"; readonly name: string; readonly matches: readonly TextMatch[] }
  | { readonly on: "time"; readonly windows: readonly TimeWindow[] }
);

/** One of the texts; all but methods may end with "*", for whatever begins so. Server names may begin with "*.". */
export interface TextCondition {
  readonly on:
    | "subject"
    | "issuer"
    | "authenticated-by"
    | "scope"
    | "identity"
    | "namespace"
    | "method"
    | "server-name";
  readonly values: readonly string[];
}

export interface TextMatch {
  /** A prefix of a path is one by segments. */
  readonly type: "exact" | "prefix" | "regex";
  readonly value: string;
}

export interface TimeWindow {
  /** From 0, Sunday, on: the days on which it begins. Empty: all. */
  readonly days: readonly number[];
  /** Minutes of the day; from the first until before the second, which may be of the next day. Equal: all day. */
  readonly fromMinute: number;
  readonly toMinute: number;
  /** As in the IANA database; "UTC". */
  readonly timeZone: string;
  /** Milliseconds since the epoch; null: without beginning, without end. */
  readonly sinceMs: number | null;
  readonly untilMs: number | null;
}
