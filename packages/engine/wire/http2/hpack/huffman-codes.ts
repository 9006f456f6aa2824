/**
 * The Huffman code of RFC 7541 appendix B. It is canonical: codes of one length are consecutive, by symbol, and
 * follow on those of the length before; so the lengths say all.
 */
export const EOS = 256;

/** Bits of the code of each octet, and of EOS. */
export const CODE_LENGTHS: Uint8Array = Uint8Array.from(
  [
    "13 23 28 28 28 28 28 28 28 24 30 28 28 30 28 28",
    "28 28 28 28 28 28 30 28 28 28 28 28 28 28 28 28",
    "6 10 10 12 13 6 8 11 10 10 8 11 8 6 6 6",
    "5 5 5 6 6 6 6 6 6 6 7 8 15 6 12 10",
    "13 6 7 7 7 7 7 7 7 7 7 7 7 7 7 7",
    "7 7 7 7 7 7 7 7 8 7 8 13 19 13 14 6",
    "15 5 6 5 6 5 6 6 6 5 7 7 6 6 6 5",
    "6 7 6 5 5 6 7 7 7 7 7 15 11 14 13 28",
    "20 22 20 20 22 22 22 23 22 23 23 23 23 23 24 23",
    "24 24 22 23 24 23 23 23 23 21 22 23 22 23 23 24",
    "22 21 20 22 22 23 23 21 23 22 22 24 21 22 23 23",
    "21 21 22 21 23 22 23 23 20 22 22 22 23 22 22 23",
    "26 26 20 19 22 23 22 25 26 26 26 27 27 26 24 25",
    "19 21 26 27 27 26 27 24 21 21 26 26 28 27 27 27",
    "20 24 20 21 22 21 21 23 22 22 25 25 24 24 26 23",
    "26 27 26 26 27 27 27 27 27 28 27 27 27 27 27 26",
    "30",
  ].flatMap((row) => row.split(" ").map(Number)),
);

export const MAX_CODE_LENGTH = 30;

/** Symbols by length, then by value: the order of their codes. */
export const SYMBOLS_BY_CODE: Uint16Array = Uint16Array.from(
  Array.from(CODE_LENGTHS, (_, symbol) => symbol).sort((a, b) => CODE_LENGTHS[a] - CODE_LENGTHS[b] || a - b),
);

/** The code of each symbol, right-aligned; the first code of each length, and where its symbols begin. */
export const CODES = new Uint32Array(257);
export const FIRST_CODES = new Uint32Array(MAX_CODE_LENGTH + 1);
export const FIRST_PLACES = new Uint16Array(MAX_CODE_LENGTH + 2);

{
  let code = 0;
  let place = 0;
  for (let length = 1; length <= MAX_CODE_LENGTH; length++) {
    code *= 2;
    FIRST_CODES[length] = code;
    FIRST_PLACES[length] = place;
    for (; place < 257 && CODE_LENGTHS[SYMBOLS_BY_CODE[place]] === length; place++) {
      CODES[SYMBOLS_BY_CODE[place]] = code++;
    }
  }
  FIRST_PLACES[MAX_CODE_LENGTH + 1] = place;
}
