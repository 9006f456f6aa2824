/** Heddle frames messages by itself; who changed these fields would break the framing, or the routing. */
const framingNames: ReadonlySet<string> = new Set([
  "connection",
  "content-length",
  "expect",
  "host",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

export function isFramingName(name: string): boolean {
  return framingNames.has(name.toLowerCase());
}
