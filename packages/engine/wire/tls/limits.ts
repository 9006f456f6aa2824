/** Octets of a ClientHello with its records; with post-quantum key shares it has some 2,000. */
export const MAX_CLIENT_HELLO_BYTES = 16_384;
