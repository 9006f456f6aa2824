/**
 * Certificates by ACME (RFC 8555): compile says which are wanted, this area orders them, keeps them in the state
 * folder, renews them, and gives compile their states and the data plane the answers to the CA's challenges.
 *
 *   AcmeService ─┬─ Account ── AcmeClient ── AcmeTransport      one for each issuer: key, registration, nonces
 *                └─ CertificateKeeper ── orderCertificate       one for each certificate: when, and in which file
 */
export { AcmeService } from "./acme-service.ts";
export type { AcmeServiceOptions } from "./acme-service.ts";
