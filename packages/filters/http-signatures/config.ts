/** HTTP Message Signatures (RFC 9421): what a signature has to cover, and how old it may be. */
export interface HttpSignaturesConfig {
  /** Name of the data unit with the keys (SignatureKeyTable). */
  readonly keys: string;
  /** What must be covered, without quotes: "@method", "content-type". "@target-uri" stands for authority, path and query. */
  readonly components: readonly string[];
  /** Signatures without this tag are not looked at; "" for any. */
  readonly tag: string;
  readonly maxAgeMs: number;
  /** Clocks of signers may be off by so much, either way. */
  readonly clockSkewMs: number;
  /** A nonce has to be there, and is taken once; else one that is there is not looked at. */
  readonly requiresNonce: boolean;
  /** "required": bodies must be covered by a Content-Digest; "if-covered": one that is covered must be right. */
  readonly contentDigest: "required" | "if-covered";
  /** Bodies are held until they are whole, up to so much. */
  readonly maxBodyBytes: number;
}

export type SignatureAlgorithm =
  | "hmac-sha256"
  | "rsa-pss-sha512"
  | "rsa-v1_5-sha256"
  | "ecdsa-p256-sha256"
  | "ecdsa-p384-sha384"
  | "ed25519";

export interface SignatureKeyTable {
  readonly keys: readonly SignatureKey[];
}

export interface SignatureKey {
  readonly keyId: string;
  /** The only one that it is used with, whatever a signature says. */
  readonly algorithm: SignatureAlgorithm;
  /** PEM of a public key; of "hmac-sha256" the secret in base64. */
  readonly material: string;
  readonly consumer: string;
  readonly scopes: readonly string[];
  /** Milliseconds since the epoch; 0 for never. */
  readonly expiresMs: number;
  readonly metadata: Readonly<Record<string, string>>;
}
