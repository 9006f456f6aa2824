import type { X509Certificate } from "node:crypto";
import type { DetailedPeerCertificate, TLSSocket } from "node:tls";
import type { PeerCertificate } from "../message/index.ts";
import { isVerifiedClient } from "./tls-facts.ts";
import { altNamesOf } from "./peer-identity.ts";

/**
 * The certificate that the client of a connection showed, null where it showed none. A resumed session showed none: its
 * ticket says what was true then.
 */
export function peerCertificateOf(socket: TLSSocket): PeerCertificate | null {
  if (socket.destroyed || socket.isSessionReused()) return null;
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) return null;
  return {
    isVerified: isVerifiedClient(socket),
    isAuthority: certificate.ca,
    subject: oneLine(certificate.subject),
    issuer: oneLine(certificate.issuer),
    commonName: commonNameOf(certificate),
    dnsNames: altNamesOf(certificate, "DNS"),
    uris: altNamesOf(certificate, "URI"),
    emails: altNamesOf(certificate, "email"),
    fingerprint: plainHex(certificate.fingerprint256),
    issuers: issuersOf(socket.getPeerCertificate(true)),
  };
}

/** OpenSSL's order, as "CN=orders, O=Shop". */
const oneLine = (name: string | undefined): string => (name ?? "").replaceAll("\n", ", ");

function commonNameOf({ subject }: X509Certificate): string {
  const line = (subject ?? "").split("\n").find((one) => one.startsWith("CN="));
  return line === undefined ? "" : line.slice(3);
}

/** Longer than any chain that is verified. */
const maxDepth = 10;

function issuersOf(leaf: DetailedPeerCertificate): string[] {
  const found: string[] = [];
  let at = leaf;
  while (found.length < maxDepth) {
    const next = at.issuerCertificate;
    // A root is its own issuer.
    if (next === undefined || next === null || next === at || next.fingerprint256 === at.fingerprint256)
      break;
    found.push(plainHex(next.fingerprint256));
    at = next;
  }
  return found;
}

const plainHex = (fingerprint: string): string => fingerprint.replaceAll(":", "").toLowerCase();
