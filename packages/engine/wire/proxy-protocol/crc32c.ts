/** CRC-32C (Castagnoli; RFC 9260 appendix A), reflected: not the CRC-32 of zlib. */
const TABLE: Uint32Array = (() => {
  const table = new Uint32Array(256);
  for (let octet = 0; octet < 256; octet++) {
    let value = octet;
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0x82f63b78 : value >>> 1;
    table[octet] = value;
  }
  return table;
})();

/** Of bytes[0, length), with zeroes in place of those in [skipFrom, skipTo). */
export function crc32c(bytes: Uint8Array, length: number, skipFrom: number, skipTo: number): number {
  let crc = 0xffffffff;
  for (let at = 0; at < length; at++) {
    const octet = at >= skipFrom && at < skipTo ? 0 : bytes[at]!;
    crc = TABLE[(crc ^ octet) & 255]! ^ (crc >>> 8);
  }
  return (crc ^ 0xffffffff) >>> 0;
}
