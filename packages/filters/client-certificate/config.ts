/** Client certificates: whose are taken, and what their owner is called. */
export interface ClientCertificateConfig {
  /** One of them has to fit; none at all: whatever the listener verified is taken. */
  readonly allowed: readonly CertificateMatch[];
  /** Fingerprints (SHA-256, lower-case hex) of authorities, one of which has to have issued it; empty: any of the listener's. */
  readonly authorities: readonly string[];
  /** What becomes the principal's subject; "auto": the first of URI, DNS name, e-mail address and subject that it has. */
  readonly subject: "auto" | "uri" | "dns" | "email" | "common-name" | "subject";
  /** The upstream is told of the certificate in X-Forwarded-Client-Cert. */
  readonly isForwarded: boolean;
}

export interface CertificateMatch {
  readonly type: "uri" | "dns" | "email" | "common-name" | "subject" | "fingerprint";
  /** Of "dns" may begin with "*.", for one label; of "uri" may end with "/*", for all below. Letter by letter otherwise. */
  readonly value: string;
}
