import { Buffer } from "node:buffer";
import { sliceLatin1 } from "../../../base/index.ts";
import { CODE_LENGTHS, CODES } from "./huffman-codes.ts";

/** Octets of the text in Huffman code. */
export function huffmanLength(text: string): number {
  let bits = 0;
  for (let i = 0; i < text.length; i++) bits += CODE_LENGTHS[text.charCodeAt(i) & 0xff];
  return (bits + 7) >> 3;
}

/** Latin1 text in Huffman code, itself as latin1; padded with ones (RFC 7541 section 5.2). */
export function encodeHuffman(text: string): string {
  const out = Buffer.allocUnsafe(huffmanLength(text));
  let at = 0;
  // At most 7 bits wait, and a code has 30: more than the bitwise operators hold.
  let acc = 0;
  let bits = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i) & 0xff;
    bits += CODE_LENGTHS[c];
    acc = acc * 2 ** CODE_LENGTHS[c] + CODES[c];
    while (bits >= 8) {
      bits -= 8;
      const octet = Math.floor(acc / 2 ** bits);
      out[at++] = octet;
      acc -= octet * 2 ** bits;
    }
  }
  if (bits > 0) out[at++] = (acc << (8 - bits)) | (0xff >> bits);
  return sliceLatin1(out, 0, at);
}
