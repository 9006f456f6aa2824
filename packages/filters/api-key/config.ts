import type { CredentialSource } from "../credential-source/index.ts";

/** API keys: where they are looked for, and among which. */
export interface ApiKeyConfig {
  /** Never empty. */
  readonly sources: readonly CredentialSource[];
  /** Name of the data unit with the keys (ApiKeyTable). */
  readonly keys: string;
  /** "any" takes keys without a checksum, made elsewhere. */
  readonly format: "heddle" | "any";
  /** The upstream gets the key too. Default: it is taken off. */
  readonly isForwarded: boolean;
}

/** Keys by the first 22 letters of their digest (SHA-256, base64url): found in one step, however many there are. */
export interface ApiKeyTable {
  readonly keys: Readonly<Record<string, ApiKeyRecord>>;
}

export interface ApiKeyRecord {
  /** The rest of the digest. */
  readonly rest: string;
  /** What may be shown: the name of its entry in the Secret. */
  readonly id: string;
  readonly consumer: string;
  readonly scopes: readonly string[];
  /** Milliseconds since the epoch; 0 for never. */
  readonly expiresMs: number;
  readonly metadata: Readonly<Record<string, string>>;
}

/** Letters of a digest that a table is looked up by: 132 bits, which no two keys share. */
export const digestHeadLength = 22;
