import {
  CODE_LENGTHS,
  CODES,
  EOS,
  FIRST_CODES,
  FIRST_PLACES,
  MAX_CODE_LENGTH,
  SYMBOLS_BY_CODE,
} from "./huffman-codes.ts";

/** Bits of one look-up. Text has codes of 5 to 8 bits, so that most look-ups give two symbols. */
const WIDTH = 12;
const MASK = (1 << WIDTH) - 1;

/**
 * For each 12 bits: the symbols that they begin with.
 *
 *   bits 0–7 first symbol, 8–15 second, 16–20 length of the first code, 21–25 of both, 26–27 number of symbols
 *
 * 0: the first code is longer than 12 bits.
 */
const TABLE: Uint32Array = (() => {
  const table = new Uint32Array(1 << WIDTH);
  const short = Array.from(SYMBOLS_BY_CODE).filter((symbol) => CODE_LENGTHS[symbol] <= WIDTH);
  const fill = (code: number, length: number, entry: number): void => {
    const free = WIDTH - length;
    table.fill(entry, code << free, (code + 1) << free);
  };
  for (const first of short) {
    const length = CODE_LENGTHS[first];
    fill(CODES[first], length, (first | (length << 16) | (length << 21) | (1 << 26)) >>> 0);
    for (const second of short) {
      const both = length + CODE_LENGTHS[second];
      if (both > WIDTH) continue;
      const entry = first | (second << 8) | (length << 16) | (both << 21) | (2 << 26);
      fill((CODES[first] << CODE_LENGTHS[second]) | CODES[second], both, entry >>> 0);
    }
  }
  return table;
})();

/**
 * Decodes bytes[at, end) into `out` from 0 on, and returns the number of octets; -1 when it is no Huffman code:
 * EOS within it, padding of 8 bits or more, or of other bits than EOS begins with (RFC 7541 section 5.2).
 * `out` has room for 8/5 of the octets, and one.
 */
export function decodeHuffman(bytes: Uint8Array, at: number, end: number, out: Uint8Array): number {
  let size = 0;
  // The low `bits` bits of `acc` are still to be decoded; above them is what was.
  let acc = 0;
  let bits = 0;
  for (;;) {
    if (bits < WIDTH) {
      if (at + 1 < end) {
        acc = (acc << 16) | (bytes[at] << 8) | bytes[at + 1];
        at += 2;
        bits += 16;
      } else if (at < end) {
        acc = (acc << 8) | bytes[at++];
        bits += 8;
        if (bits < WIDTH) break;
      } else {
        break;
      }
    }
    const entry = TABLE[(acc >>> (bits - WIDTH)) & MASK];
    if (entry !== 0) {
      out[size] = entry & 0xff;
      out[size + 1] = (entry >>> 8) & 0xff;
      size += entry >>> 26;
      bits -= (entry >>> 21) & 31;
      continue;
    }
    // A long code: bit by bit, rare in text.
    let code = 0;
    let length = 0;
    let symbol = -1;
    while (symbol < 0) {
      if (length === MAX_CODE_LENGTH) return -1;
      if (bits === 0) {
        if (at === end) return -1;
        acc = bytes[at++];
        bits = 8;
      }
      bits--;
      code = code * 2 + ((acc >>> bits) & 1);
      length++;
      const place = FIRST_PLACES[length] + code - FIRST_CODES[length];
      if (code >= FIRST_CODES[length] && place < FIRST_PLACES[length + 1]) symbol = SYMBOLS_BY_CODE[place];
    }
    if (symbol === EOS) return -1;
    out[size++] = symbol;
  }
  return decodeTail(acc, bits, out, size);
}

/** The last bits, fewer than a look-up's. */
function decodeTail(acc: number, bits: number, out: Uint8Array, size: number): number {
  for (;;) {
    const missing = WIDTH - bits;
    const entry = TABLE[((acc << missing) | ((1 << missing) - 1)) & MASK];
    const length = (entry >>> 16) & 31;
    if (entry === 0 || length > bits) break;
    out[size++] = entry & 0xff;
    bits -= length;
  }
  const ones = (1 << bits) - 1;
  return bits < 8 && (acc & ones) === ones ? size : -1;
}
