/** Certificates and keys of this process, and the TLS contexts that are made of them. */
export { ClientContexts } from "./client-contexts.ts";
export { ChallengeCertificates } from "./challenge-certificates.ts";
export { dnsNamesOf, ServerCertificates } from "./server-certificates.ts";
export type { TlsServer } from "./server-certificates.ts";
