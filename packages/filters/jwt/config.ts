import type { ClaimPath } from "../claim-path/index.ts";

/** JSON Web Tokens (RFC 7519) as bearer tokens (RFC 6750). */
export interface JwtConfig {
  /** No two with the same `issuer`. */
  readonly issuers: readonly JwtIssuer[];
}

export interface JwtIssuer {
  /** The `iss` claim, letter by letter. */
  readonly issuer: string;
  /** The data unit with its keys, a KeySetData; "" where they are here. */
  readonly keySet: string;
  readonly inlineKeys?: KeySetData;
  /** The main thread fetches the keys, and can be told that one is missing. */
  readonly isRemote: boolean;
  /** Names of JSON Web Algorithms: a token with another is not looked at. */
  readonly algorithms: readonly string[];
  /** One of them must be in `aud`. Empty: it is not looked at. */
  readonly audiences: readonly string[];
  /** Lower-case media types without "application/" that `typ` may have; "" for none. */
  readonly types: readonly string[];
  readonly requiredClaims: readonly RequiredClaim[];
  readonly clockSkewMs: number;
  readonly from: readonly TokenPlace[];
  readonly claimHeaders: readonly ClaimHeader[];
  /** Whether the token goes on to the backend. */
  readonly forwards: boolean;
}

export interface RequiredClaim {
  readonly claim: ClaimPath;
  /** One of them; of a list it is enough that it has one of them. Empty: it is there, and not null. */
  readonly values: readonly string[];
}

/** Where a token is looked for. */
export interface TokenPlace {
  readonly in: "header" | "cookie" | "query";
  /** Of a header in lower case. */
  readonly name: string;
  /** Of a header, with its blank ("Bearer "), compared without case; "" for none. */
  readonly prefix: string;
}

export interface ClaimHeader {
  readonly claim: ClaimPath;
  /** Lower-case. What a client sends under this name never reaches the backend. */
  readonly header: string;
}

/** The keys of an issuer, as data unit. */
export interface KeySetData {
  readonly keys: readonly KeyData[];
}

export interface KeyData {
  /** "" for none. */
  readonly kid: string;
  /** Signatures that this key is for, of its own type only. */
  readonly algorithms: readonly string[];
  /** Public members only, or `k` of a shared secret. */
  readonly jwk: Readonly<Record<string, unknown>>;
}
