/** Where authenticators find what clients show: headers, with or without a scheme, and query parameters. */
export { AMBIGUOUS } from "./config.ts";
export { dropCredential, readCredential } from "./read-credential.ts";
export type { CredentialSource } from "./config.ts";
