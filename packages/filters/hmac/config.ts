/** Signatures by a shared secret, as webhooks have them: a header with an HMAC over the body. */
export interface HmacConfig {
  /** Name of the data unit with the secrets (HmacSecrets). */
  readonly secrets: string;
  /** Who the sender is, whichever of the secrets it has. */
  readonly subject: string;
  /** Lower-case name of the header with the signature. */
  readonly header: string;
  /** What stands before a signature in that header: "sha256=", "v1="; "" for nothing. */
  readonly prefix: string;
  readonly encoding: "hex" | "base64";
  readonly hash: "sha256" | "sha512";
  /** What is signed, one behind the other. */
  readonly content: readonly SignedPart[];
  /** Null: no time is asked for, and a request can be sent again by whoever saw it. */
  readonly timestamp: TimestampPlace | null;
  /** How far the time may be off, either way. */
  readonly maxAgeMs: number;
  /** What was signed is taken once, within the time that it is good; where `timestamp` is null there is none. */
  readonly refusesReplays: boolean;
  /** Bodies are held until they are whole, up to so much. */
  readonly maxBodyBytes: number;
}

export type SignedPart =
  | { readonly type: "text" | "header"; readonly value: string }
  | { readonly type: "timestamp" | "method" | "path" | "query" | "body" };

/** Seconds since the epoch: all of a header, or its part behind `prefix` ("t="). */
export interface TimestampPlace {
  readonly header: string;
  readonly prefix: string;
}

export interface HmacSecrets {
  /** In base64. */
  readonly secrets: readonly string[];
}
