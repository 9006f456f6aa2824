/** What compile asks of the part that orders certificates, and what it is told of them. */

export type AcmeChallengeType = "http-01" | "tls-alpn-01";
export type AcmeKeyType = "ecdsa-p256" | "ecdsa-p384" | "rsa-2048" | "rsa-3072" | "rsa-4096";

/** An AcmeIssuer with what it refers to. */
export interface AcmeIssuerPlan {
  /** "namespace/name" */
  readonly name: string;
  readonly directory: string;
  readonly emails: readonly string[];
  readonly isTermsAgreed: boolean;
  /** In order of preference. */
  readonly challenges: readonly AcmeChallengeType[];
  readonly keyType: AcmeKeyType;
  /** The key in base64url. */
  readonly externalAccount: { readonly keyId: string; readonly hmacKey: string } | null;
  /** PEM of the roots for the directory's own certificate; null for the system's. */
  readonly caPem: string | null;
  /** Null: with a third of its life left. */
  readonly renewBeforeMs: number | null;
}

/** A certificate that listeners ask for. Listeners that ask for the same one share it. */
export interface AcmeRequest {
  /** Of issuer, directory, kind of key and names: another one is another certificate. */
  readonly id: string;
  readonly issuer: AcmeIssuerPlan;
  /** Lower-case and sorted; none is a wildcard. */
  readonly names: readonly string[];
  /** Those that can be answered here, in order of preference. */
  readonly challenges: readonly AcmeChallengeType[];
}

/** Where a certificate stands. */
export interface AcmeCertificateState {
  readonly issued: AcmeIssuedCertificate | null;
  readonly isOrdering: boolean;
  /** What the last try came to; null where it went well, or there was none. */
  readonly problem: string | null;
  /** When it is tried again after a problem. */
  readonly nextTryMs: number | null;
}

export interface AcmeIssuedCertificate {
  readonly certificatePem: string;
  readonly privateKeyPem: string;
  readonly notAfterMs: number;
  readonly renewAtMs: number;
}

export interface AcmeIssuerState {
  /** URL of the account; null without one. */
  readonly account: string | null;
  readonly problem: string | null;
}

/** All of it, by `AcmeRequest.id` and by `AcmeIssuerPlan.name`. */
export interface AcmeStates {
  readonly certificates: ReadonlyMap<string, AcmeCertificateState>;
  readonly issuers: ReadonlyMap<string, AcmeIssuerState>;
}

export const noAcmeStates: AcmeStates = { certificates: new Map(), issuers: new Map() };
