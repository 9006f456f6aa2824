import tls from "node:tls";
import type { SecureContext, SecureContextOptions } from "node:tls";

/** Certificates, keys and rules of one end of TLS connections. */
export type { SecureContext };

/** Throws on what OpenSSL refuses: a malformed certificate, a key that does not fit. */
export function makeSecureContext(options: SecureContextOptions): SecureContext {
  return tls.createSecureContext(options);
}
