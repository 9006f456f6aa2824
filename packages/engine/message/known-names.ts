/**
 * Field names that the request path itself looks at, each with a small number, so that a parsed head can be
 * asked for them without comparing strings. Id 0 means "any other name".
 */
export const KNOWN_NAMES = [
  "",
  "host",
  "connection",
  "content-length",
  "transfer-encoding",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "upgrade",
  "expect",
  "http2-settings",
  "x-forwarded-for",
  "x-forwarded-proto",
  "x-forwarded-host",
  "x-forwarded-port",
  "x-forwarded-client-cert",
  "forwarded",
  "via",
  "traceparent",
  "tracestate",
  "content-type",
  "cookie",
  "set-cookie",
  "authorization",
  "origin",
  "location",
  "date",
  "server",
  "user-agent",
  "accept",
  "accept-encoding",
  "referer",
  "x-request-id",
  "proxy-authenticate",
  "proxy-authorization",
  "x-real-ip",
] as const;

export type KnownName = (typeof KNOWN_NAMES)[number];

const ids = new Map<string, number>(KNOWN_NAMES.map((name, id) => [name, id]));

/** The id of a lower-case name; 0 when it is none of ours. */
export function knownNameId(lowerName: string): number {
  return ids.get(lowerName) ?? 0;
}

const id = (name: KnownName): number => ids.get(name)!;

export const NAME = {
  HOST: id("host"),
  CONNECTION: id("connection"),
  CONTENT_LENGTH: id("content-length"),
  TRANSFER_ENCODING: id("transfer-encoding"),
  KEEP_ALIVE: id("keep-alive"),
  PROXY_CONNECTION: id("proxy-connection"),
  TE: id("te"),
  TRAILER: id("trailer"),
  UPGRADE: id("upgrade"),
  EXPECT: id("expect"),
  HTTP2_SETTINGS: id("http2-settings"),
  X_FORWARDED_FOR: id("x-forwarded-for"),
  X_FORWARDED_PROTO: id("x-forwarded-proto"),
  X_FORWARDED_HOST: id("x-forwarded-host"),
  X_FORWARDED_PORT: id("x-forwarded-port"),
  FORWARDED: id("forwarded"),
  VIA: id("via"),
  TRACEPARENT: id("traceparent"),
  TRACESTATE: id("tracestate"),
  CONTENT_TYPE: id("content-type"),
  COOKIE: id("cookie"),
  SET_COOKIE: id("set-cookie"),
  AUTHORIZATION: id("authorization"),
  ORIGIN: id("origin"),
  LOCATION: id("location"),
  DATE: id("date"),
  SERVER: id("server"),
  USER_AGENT: id("user-agent"),
  X_REQUEST_ID: id("x-request-id"),
  X_REAL_IP: id("x-real-ip"),
  REFERER: id("referer"),
} as const;
