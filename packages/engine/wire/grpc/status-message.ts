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
