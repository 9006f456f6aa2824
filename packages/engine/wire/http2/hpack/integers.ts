/** Integers of RFC 7541 section 5.1 as latin1 text. */

const SMALL = 256;

/** One table for each kind of first octet: the text of each integer below 256. */
function table(pattern: number, mask: number): readonly string[] {
  return Array.from({ length: SMALL }, (_, value) => encode(pattern, mask, value));
}

function encode(pattern: number, mask: number, value: number): string {
  if (value < mask) return String.fromCharCode(pattern | value);
  let out = String.fromCharCode(pattern | mask);
  let rest = value - mask;
  for (; rest >= 0x80; rest = rest >>> 7) out += String.fromCharCode((rest & 0x7f) | 0x80);
  return out + String.fromCharCode(rest);
}

const INDEXED = table(0x80, 0x7f);
const INDEXING_NAMES = table(0x40, 0x3f);
const PLAIN_NAMES = table(0x00, 0x0f);
const NEVER_NAMES = table(0x10, 0x0f);
const RAW_LENGTHS = table(0x00, 0x7f);

/** Indexes are below 256: 61 static fields, and as many as 4096 octets hold. */
export function indexedField(index: number): string {
  return INDEXED[index];
}

/** What begins a literal whose name has that index, 0 for a new name: with indexing, without, never indexed. */
export function indexingLiteral(index: number): string {
  return INDEXING_NAMES[index];
}

export function plainLiteral(index: number): string {
  return PLAIN_NAMES[index];
}

export function neverIndexedLiteral(index: number): string {
  return NEVER_NAMES[index];
}

/** A string as it is: its length, and itself. */
export function rawString(text: string): string {
  return (text.length < SMALL ? RAW_LENGTHS[text.length] : encode(0x00, 0x7f, text.length)) + text;
}

export function huffmanStringLength(length: number): string {
  return encode(0x80, 0x7f, length);
}

export function sizeUpdate(size: number): string {
  return encode(0x20, 0x1f, size);
}
