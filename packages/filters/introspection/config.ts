/** Asks an authorization server about opaque bearer tokens (RFC 7662). */
export interface IntrospectionConfig {
  readonly cluster: string;
  /** Host of the question. */
  readonly authority: string;
  /** With its slash. */
  readonly path: string;
  readonly clientId: string;
  /** Name of the data unit with the secret, as text. */
  readonly clientSecret: string;
  readonly clientAuthentication: "basic" | "post";
  readonly timeoutMs: number;
  /** Of the principal, where the answer has no `iss`. */
  readonly issuer: string;
  /** One of them must be in `aud`; without any `aud` is not looked at. */
  readonly audiences: readonly string[];
  /** How long an answer is kept at most; never beyond `exp`. 0: not at all. */
  readonly cacheTtlMs: number;
  /** How long it is kept that a token is not active. */
  readonly negativeTtlMs: number;
  /** Answers kept, per worker. */
  readonly maxEntries: number;
  readonly claimHeaders: readonly { readonly claim: readonly string[]; readonly header: string }[];
  /** Whether the token goes on to the backend. */
  readonly forwards: boolean;
}
