/**
 * `grpc-message` (grpc/doc/PROTOCOL-HTTP2.md, "Percent-Encoded"): Unicode text as UTF-8, of which space to tilde
 * stand for themselves, but for the percent sign.
 */
const HEX = "0123456789ABCDEF";

export function encodeStatusMessage(text: string): string {
  if (/^[ -$&-~]*$/.test(text)) return text;
  let encoded = "";
  for (const byte of Buffer.from(text, "utf8")) {
    encoded +=
      byte >= 32 && byte < 127 && byte !== 37
        ? String.fromCharCode(byte)
        : `%${HEX[byte >> 4]}${HEX[byte & 15]}`;
  }
  return encoded;
}

/** Never fails, as the specification asks: what is no escape stands for itself, what is no UTF-8 becomes U+FFFD. */
export function decodeStatusMessage(text: string): string {
  if (!text.includes("%")) return text;
  const bytes: number[] = [];
  for (let i = 0; i < text.length; i++) {
    const escape = text.charCodeAt(i) === 37 ? text.slice(i + 1, i + 3) : "";
    if (/^[0-9A-Fa-f]{2}$/.test(escape)) {
      bytes.push(parseInt(escape, 16));
      i += 2;
    } else {
      bytes.push(text.charCodeAt(i));
    }
  }
  return Buffer.from(bytes).toString("utf8");
}
