/** The answer to a question of an ACME server (RFC 8555 section 8), in the Snapshot while the server may ask it. */
export interface AcmeChallengeUnit {
  readonly kind: "acme-challenge";
  /** "http-01/HOSTNAME/TOKEN" or "tls-alpn-01/HOSTNAME". */
  readonly name: string;
  /** Exact, lower-case. */
  readonly hostname: string;
  readonly answer: HttpChallengeAnswer | TlsAlpnChallengeAnswer;
}

/** RFC 8555 section 8.3: every plain listener answers it, before its routes. */
export interface HttpChallengeAnswer {
  readonly type: "http-01";
  /** "/.well-known/acme-challenge/TOKEN" */
  readonly path: string;
  readonly keyAuthorization: string;
}

/** RFC 8737: shown by TLS listeners to clients that offer the protocol "acme-tls/1" for that name, and to no others. */
export interface TlsAlpnChallengeAnswer {
  readonly type: "tls-alpn-01";
  readonly certificatePem: string;
  readonly privateKeyPem: string;
}
