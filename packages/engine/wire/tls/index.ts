/** What a TLS client says before a handshake: bytes in, its ClientHello out. No cryptography. */
export { MAX_CLIENT_HELLO_BYTES } from "./limits.ts";
export { parseClientHello } from "./parse.ts";
export type { ClientHello } from "./parse.ts";
