/** HTTP Message Signatures (RFC 9421), with the digest of the body (RFC 9530). */
export { httpSignatures } from "./filter.ts";
export { KeyStore } from "./key-store.ts";
export type { HttpSignaturesConfig, SignatureAlgorithm, SignatureKey, SignatureKeyTable } from "./config.ts";
