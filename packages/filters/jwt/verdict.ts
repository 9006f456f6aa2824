import type { Principal } from "@heddle/engine/message";

/** What was made of a token. */
export interface Verdict {
  /**
   * "foreign": it is none of these issuers' tokens. "unknown-key": its issuer may have a key that is not there yet.
   * "no-keys": its issuer's key set has not come.
   */
  readonly outcome: "accepted" | "refused" | "foreign" | "unknown-key" | "no-keys";
  /** Index of the issuer; -1 for none. */
  readonly issuer: number;
  /** Why it is not accepted, in a few words for the client. */
  readonly reason: string;
  readonly principal: Principal | null;
  readonly headers: readonly (readonly [string, string])[];
  /** Milliseconds since the epoch: it is this verdict from the first until before the second. */
  readonly fromMs: number;
  readonly untilMs: number;
  /** Of the issuer's keys, which it was judged by. */
  readonly version: number;
  /** "" for none. */
  readonly keyId: string;
}

const neutral: Verdict = {
  outcome: "foreign",
  issuer: -1,
  reason: "",
  principal: null,
  headers: [],
  fromMs: Number.NEGATIVE_INFINITY,
  untilMs: Number.POSITIVE_INFINITY,
  version: -1,
  keyId: "",
};

/** A verdict with what it does not share with a token that nobody knows. */
export function makeVerdict(outcome: Verdict["outcome"], rest: Partial<Verdict> = {}): Verdict {
  return { ...neutral, ...rest, outcome };
}
