/** Octets of the prefix of a message: a flag and the length (PROTOCOL-HTTP2.md, "Length-Prefixed-Message"). */
export const PREFIX_BYTES = 5;

/** Octets of one message that Heddle itself reads whole, as of a health check; calls that pass through have no bound. */
export const MAX_MESSAGE_BYTES = 4_194_304;

/** The bit of a message's flag that says that it is compressed. */
export const COMPRESSED = 0x01;

/** The bit that makes a frame of gRPC-Web the trailers (PROTOCOL-WEB.md). */
export const TRAILERS = 0x80;
