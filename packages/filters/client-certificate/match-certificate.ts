import type { PeerCertificate } from "@heddle/engine/message";
import type { CertificateMatch } from "./config.ts";

/** Whether a certificate fits one of `allowed`, or there are none. */
export function matchCertificate(
  certificate: PeerCertificate,
  allowed: readonly CertificateMatch[],
): boolean {
  return allowed.length === 0 || allowed.some((one) => fits(certificate, one));
}

function fits(certificate: PeerCertificate, { type, value }: CertificateMatch): boolean {
  switch (type) {
    case "uri":
      return certificate.uris.some((uri) => matchUri(uri, value));
    case "dns":
      return certificate.dnsNames.some((name) => matchName(name.toLowerCase(), value));
    case "email":
      return certificate.emails.includes(value);
    case "common-name":
      return certificate.commonName === value;
    case "subject":
      return certificate.subject === value;
    case "fingerprint":
      return certificate.fingerprint === value;
  }
}

/** "spiffe://shop.example/ns/shop/*" is all below that path, not the path itself. */
function matchUri(uri: string, pattern: string): boolean {
  if (!pattern.endsWith("/*")) return uri === pattern;
  const prefix = pattern.slice(0, -1);
  return uri.length > prefix.length && uri.startsWith(prefix);
}

/** A wildcard in the certificate itself is a server's, and fits only where the policy names it so. */
function matchName(name: string, pattern: string): boolean {
  if (name === pattern) return true;
  if (!pattern.startsWith("*.")) return false;
  const label = name.slice(0, -(pattern.length - 1));
  return name.endsWith(pattern.slice(1)) && label !== "" && label !== "*" && !label.includes(".");
}

/** What a certificate's owner is called; "" where it has no such name, or several and it is not plain which. */
export function subjectOf(
  certificate: PeerCertificate,
  from: "auto" | "uri" | "dns" | "email" | "common-name" | "subject",
): string {
  const { uris, dnsNames, emails, commonName, subject } = certificate;
  switch (from) {
    case "uri":
      // SPIFFE X.509-SVID section 2: exactly one.
      return uris.length === 1 ? uris[0] : "";
    case "dns":
      return dnsNames[0]?.toLowerCase() ?? "";
    case "email":
      return emails[0] ?? "";
    case "common-name":
      return commonName;
    case "subject":
      return subject;
    case "auto":
      if (uris.length > 0) return subjectOf(certificate, "uri");
      return dnsNames[0]?.toLowerCase() ?? emails[0] ?? subject;
  }
}
