/**
 * The PROXY protocol, versions 1 and 2 (HAProxy's proxy-protocol.txt, "the specification" here): what a proxy says of
 * its client before the first octet of a connection. Sans-IO: bytes in, a header out, and back to text.
 *
 * The reader is strict: what is no header of either version is a mistake, and with it the connection is over. There is
 * no guessing whether a header is there (specification section 2): that is a matter of configuration.
 */
export { encodeProxyHeader } from "./encode.ts";
export type { ProxyVersion } from "./encode.ts";
export { mistakeText } from "./errors.ts";
export type { HeaderMistake } from "./errors.ts";
export type { ProxyAddresses, ProxyHeader } from "./header.ts";
export { parseProxyHeader } from "./parse.ts";
export { ProxyHeaderReader } from "./reader.ts";
