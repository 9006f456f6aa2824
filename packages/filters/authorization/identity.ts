import type { Exchange, PeerCertificate } from "@heddle/engine/message";
import { MAYBE, NO, not, YES, type Answer } from "./answer.ts";

/** The certificate by which the connection's client is known: one that its listener's authorities vouch for. */
function certificateOf({ peer }: Exchange): PeerCertificate | null {
  const certificate = peer.tls?.clientCertificate ?? null;
  return certificate !== null && certificate.isVerified && !certificate.isAuthority ? certificate : null;
}

/**
 * Names of the client's certificate: its URIs and DNS names. A SPIFFE certificate has one URI (X.509-SVID section 2):
 * with several nobody can tell who it is.
 */
export function identityAnswer(exchange: Exchange, has: (name: string) => boolean, isNot: boolean): Answer {
  const certificate = certificateOf(exchange);
  if (certificate === null) return isNot ? MAYBE : NO;
  const isOne = certificate.dnsNames.some(has) || (certificate.uris.length === 1 && has(certificate.uris[0]));
  const answer = isOne ? YES : certificate.uris.some(has) ? MAYBE : NO;
  return isNot ? not(answer) : answer;
}

const spiffe = /^spiffe:\/\/[^/]+\/ns\/([^/]+)\/sa\/[^/]+$/;

/** The namespace of the client's workload, of its SPIFFE id: spiffe://TRUST-DOMAIN/ns/NAMESPACE/sa/ACCOUNT. */
export function namespaceAnswer(exchange: Exchange, has: (name: string) => boolean, isNot: boolean): Answer {
  const uris = certificateOf(exchange)?.uris ?? [];
  const names = uris.flatMap((uri) => spiffe.exec(uri)?.[1] ?? []);
  if (names.length === 0) return isNot ? MAYBE : NO;
  const matched = names.some(has);
  const answer = uris.length === 1 ? (matched ? YES : NO) : matched ? MAYBE : NO;
  return isNot ? (uris.length === 1 ? not(answer) : MAYBE) : answer;
}
