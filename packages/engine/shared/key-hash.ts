/**
 * HalfSipHash-1-3 with 64 bits of output (Aumasson and Bernstein; the variant that Linux keys its hash tables with),
 * over 32-bit words: who does not know the key can make no two inputs collide, nor crowd a bucket. No allocation, no
 * BigInt: the result is two numbers.
 *
 *   begin ─► (text | word)* ─► end ─► hi, lo
 */
export class KeyHash {
  /** The result: signed 32-bit numbers. */
  hi = 0;
  lo = 0;
  private readonly key0: number;
  private readonly key1: number;
  private v0 = 0;
  private v1 = 0;
  private v2 = 0;
  private v3 = 0;
  private words = 0;

  constructor(key0: number, key1: number) {
    this.key0 = key0 | 0;
    this.key1 = key1 | 0;
  }

  /** A hash of its own for each name: what collides in one does not in another. */
  derive(name: string): KeyHash {
    this.begin();
    this.text(name);
    this.end();
    return new KeyHash(this.hi, this.lo);
  }

  begin(): void {
    this.v0 = this.key0;
    this.v1 = this.key1 ^ 0xee;
    this.v2 = this.key0 ^ 0x6c796765;
    this.v3 = this.key1 ^ 0x74656462;
    this.words = 0;
  }

  word(value: number): void {
    this.v3 ^= value;
    this.round();
    this.v0 ^= value;
    this.words++;
  }

  /** Its length goes first, so that no two lists of texts have the same words. */
  text(text: string): void {
    const { length } = text;
    this.word(length);
    const even = length & ~1;
    for (let at = 0; at < even; at += 2) this.word(text.charCodeAt(at) | (text.charCodeAt(at + 1) << 16));
    if (even < length) this.word(text.charCodeAt(even));
  }

  end(): void {
    // The length in octets, modulo 256, on top of the octets that make no whole word: there are none.
    const last = this.words << 26;
    this.v3 ^= last;
    this.round();
    this.v0 ^= last;
    this.v2 ^= 0xee;
    this.rounds();
    this.hi = this.v1 ^ this.v3;
    this.v1 ^= 0xdd;
    this.rounds();
    this.lo = this.v1 ^ this.v3;
  }

  private rounds(): void {
    this.round();
    this.round();
    this.round();
  }

  private round(): void {
    let { v0, v1, v2, v3 } = this;
    v0 = (v0 + v1) | 0;
    v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
    v0 = (v0 << 16) | (v0 >>> 16);
    v2 = (v2 + v3) | 0;
    v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
    v0 = (v0 + v3) | 0;
    v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
    v2 = (v2 + v1) | 0;
    v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
    v2 = (v2 << 16) | (v2 >>> 16);
    this.v0 = v0;
    this.v1 = v1;
    this.v2 = v2;
    this.v3 = v3;
  }
}
