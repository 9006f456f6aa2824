/**
 * Messages without a protocol: request and response heads, fields, trailers, and the Exchange. Every codec
 * decodes to these, and router, filters and proxy see nothing else. With them, what must have one form everywhere:
 * paths, authorities, IP addresses, and the address of the client behind trusted hops.
 */
export { isIdempotent } from "./idempotent.ts";
export { Fields, isFieldValue, isToken, makeFieldBlock, SPAN, TOKEN_BYTES } from "./fields.ts";
export type { FieldBlock } from "./fields.ts";
export { hasHeaderLine, headerLines, typedLines } from "./header-lines.ts";
export { hostOf, LENGTH_UNKNOWN, portOf, RequestHead, ResponseHead } from "./head.ts";
export type { Scheme } from "./head.ts";
export type { Principal } from "./principal.ts";
export { readCookie } from "./cookie.ts";
export { Credentials } from "./credentials.ts";
export type { LoginAnswer, OfferedLogin } from "./credentials.ts";
export { httpDate } from "./http-date.ts";
export { KNOWN_NAMES, knownNameId, NAME } from "./known-names.ts";
export type { KnownName } from "./known-names.ts";
export { parseAuthority } from "./authority.ts";
export { normalizePath } from "./path.ts";
export { trimAround } from "./trim-around.ts";
export { clientAddress, compileTrustedHops, forwardedElement } from "./forwarded.ts";
export { formatIpv4, formatIpv6, mappedIpv4, parseIpv4, parseIpv6 } from "./ip-address.ts";
export { copyExchange } from "./copy-exchange.ts";
export { Exchange, IN_PROCESS_PEER, PeerMemo } from "./exchange.ts";
export type {
  BodySource,
  BodyStart,
  ExchangeEvents,
  GrpcForm,
  MatchInfo,
  Peer,
  PeerCertificate,
  PeerTls,
  ResponseSink,
  UpstreamEvents,
  UpstreamStream,
} from "./exchange.ts";
export {
  fieldsMistake,
  requestHeadMistake,
  responseHeadMistake,
  wholeRequestMistake,
  wholeResponseMistake,
} from "./head-mistake.ts";
export { isFramingName } from "./framing-names.ts";
export { reasonOf } from "./status-reason.ts";
