/** Octets of a header of version 1, CRLF included (specification section 2.1). */
export const MAX_V1_BYTES = 107;

/** Signature, version, command, family and length of a header of version 2 (section 2.2). */
export const V2_FIXED_BYTES = 16;

/**
 * Octets behind the fixed part. Addresses have 216 at most; a client's certificate among the TLVs (section 2.2.5) has
 * a few thousand.
 */
export const MAX_V2_PAYLOAD_BYTES = 16_384;
