/** A certificate with its key. Travels apart from the rest: never logged, never in dumps. */
export interface SecretUnit {
  readonly kind: "secret";
  /** "namespace/name". */
  readonly name: string;
  readonly certificatePem: string;
  readonly privateKeyPem: string;
  /** DNS names of the certificate, lower-case, wildcards as they stand. */
  readonly dnsNames: readonly string[];
}

/** The roots that the system trusts, for clusters whose `caPem` is null. Without it these trust what Node brings. */
export interface AuthoritiesUnit {
  readonly kind: "authorities";
  readonly name: "system";
  readonly caPem: string;
}
