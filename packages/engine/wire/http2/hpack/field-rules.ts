import { knownNameId, TOKEN_BYTES } from "../../../message/index.ts";
import { STATIC_NAMES } from "./static-table.ts";

/** What whoever builds a head does with a field, by its name. */
export const RULE = {
  REGULAR: 0,
  COOKIE: 1,
  CONTENT_LENGTH: 2,
  HOST: 3,
  TE: 4,
  EXPECT: 5,
  /** Of this connection only, and harmless: not passed on. */
  DROPPED: 6,
  /** RFC 9113 section 8.2.2: makes a message malformed. */
  CONNECTION_SPECIFIC: 7,
  /** Not lower-case, or an octet that no name may have: malformed, section 8.2.1. */
  BAD_NAME: 8,
  /** Section 8.3; those that are not defined make a message malformed. */
  METHOD: 9,
  SCHEME: 10,
  AUTHORITY: 11,
  PATH: 12,
  STATUS: 13,
  PROTOCOL: 14,
  UNKNOWN_PSEUDO: 15,
} as const;

export const FIRST_PSEUDO_RULE = RULE.METHOD;

const RULES: ReadonlyMap<string, number> = new Map([
  ["cookie", RULE.COOKIE],
  ["content-length", RULE.CONTENT_LENGTH],
  ["host", RULE.HOST],
  ["te", RULE.TE],
  ["expect", RULE.EXPECT],
  ["trailer", RULE.DROPPED],
  ["http2-settings", RULE.DROPPED],
  ["connection", RULE.CONNECTION_SPECIFIC],
  ["keep-alive", RULE.CONNECTION_SPECIFIC],
  ["proxy-connection", RULE.CONNECTION_SPECIFIC],
  ["transfer-encoding", RULE.CONNECTION_SPECIFIC],
  ["upgrade", RULE.CONNECTION_SPECIFIC],
  [":method", RULE.METHOD],
  [":scheme", RULE.SCHEME],
  [":authority", RULE.AUTHORITY],
  [":path", RULE.PATH],
  [":status", RULE.STATUS],
  [":protocol", RULE.PROTOCOL],
]);

/** A field name as HPACK carries it, with all that is decided by it. */
export class FieldName {
  readonly text: string;
  /** Of KNOWN_NAMES; 0 for another. */
  readonly id: number;
  /** One of RULE. */
  readonly rule: number;
  readonly hasUnderscore: boolean;

  constructor(text: string) {
    this.text = text;
    this.id = knownNameId(text);
    this.rule = RULES.get(text) ?? ruleOf(text);
    this.hasUnderscore = text.includes("_");
  }
}

function ruleOf(text: string): number {
  if (text.charCodeAt(0) === 58) return RULE.UNKNOWN_PSEUDO;
  if (text === "") return RULE.BAD_NAME;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (TOKEN_BYTES[c] === 0 || (c >= 65 && c <= 90)) return RULE.BAD_NAME;
  }
  return RULE.REGULAR;
}

/** Names that need not be looked at again: what the static table has, and a few that everybody sends. */
const COMMON: ReadonlyMap<string, FieldName> = new Map(
  [
    ...STATIC_NAMES.keys(),
    ...RULES.keys(),
    ...words("content-security-policy dnt grpc-accept-encoding grpc-encoding grpc-message grpc-status"),
    ...words("grpc-timeout origin priority sec-ch-ua sec-ch-ua-mobile sec-ch-ua-platform sec-fetch-dest"),
    ...words("sec-fetch-mode sec-fetch-site sec-fetch-user traceparent tracestate"),
    ...words("upgrade-insecure-requests x-content-type-options x-forwarded-for x-forwarded-host"),
    ...words("x-forwarded-proto x-request-id x-requested-with"),
  ].map((text) => [text, new FieldName(text)]),
);

function words(text: string): string[] {
  return text.split(" ");
}

export function fieldName(text: string): FieldName {
  return COMMON.get(text) ?? new FieldName(text);
}
