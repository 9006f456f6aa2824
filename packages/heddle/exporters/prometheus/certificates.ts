import { Family, labels } from "./exposition.ts";

/** When a certificate that a listener shows ends. */
export interface CertificateExpiry {
  /** `namespace/gateway/listener` */
  readonly listener: string;
  /** `namespace/name` of its Secret; `acme:namespace/issuer/hostname/hash` of one that was ordered. */
  readonly certificate: string;
  readonly notAfterMs: number;
}

/** Series of certificates: those that end first, since nobody waits for the others. */
const maxSeries = 1_000;

export function renderCertificates(expiries: readonly CertificateExpiry[]): string {
  const family = new Family(
    "heddle_certificate_expiration_timestamp_seconds",
    "gauge",
    "End of the validity of a listener's certificate, seconds since the epoch.",
  );
  const first = expiries.toSorted((a, b) => a.notAfterMs - b.notAfterMs).slice(0, maxSeries);
  for (const { listener, certificate, notAfterMs } of first) {
    const pairs = [
      ["listener", listener],
      ["certificate", certificate],
    ] as const;
    family.sample(labels(pairs), notAfterMs / 1_000);
  }
  return family.text;
}
