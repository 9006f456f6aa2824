/** What a client sends first (RFC 9113 section 3.4). */
export const CLIENT_PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/**
 * Whether a plain connection begins with HTTP/2 by prior knowledge (section 3.3): "h2"; "other"; or "undecided" when
 * bytes[from, to) are a beginning of the preface. No HTTP/1.1 request begins with a whole one.
 */
export function sniffPreface(bytes: Uint8Array, from: number, to: number): "h2" | "other" | "undecided" {
  const length = Math.min(to - from, CLIENT_PREFACE.length);
  for (let i = 0; i < length; i++) {
    if (bytes[from + i] !== CLIENT_PREFACE.charCodeAt(i)) return "other";
  }
  return length === CLIENT_PREFACE.length ? "h2" : "undecided";
}
