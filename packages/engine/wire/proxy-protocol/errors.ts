/** What is wrong with the beginning of a connection that should be a header. */
export type HeaderMistake =
  | "signature"
  | "line"
  | "line-too-long"
  | "address"
  | "port"
  | "version"
  | "command"
  | "family"
  | "too-long"
  | "too-short"
  | "tlv"
  | "checksum";

const TEXTS: Readonly<Record<HeaderMistake, string>> = {
  signature: "connection does not begin with a PROXY protocol header",
  line: "PROXY protocol line is malformed",
  "line-too-long": "PROXY protocol line is over 107 bytes",
  address: "PROXY protocol header has an invalid address",
  port: "PROXY protocol header has an invalid port",
  version: "PROXY protocol header has an unknown version",
  command: "PROXY protocol header has an unknown command",
  family: "PROXY protocol header has an unknown family or transport",
  "too-long": "PROXY protocol header is over the limit",
  "too-short": "PROXY protocol header is shorter than its addresses",
  tlv: "PROXY protocol header has a malformed TLV",
  checksum: "PROXY protocol header has a wrong checksum",
};

export function mistakeText(mistake: HeaderMistake): string {
  return TEXTS[mistake];
}
