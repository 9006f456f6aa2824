/**
 * Trace and span ids: random enough to be unique, not secret. xoshiro128** (Blackman and Vigna, 2018), because
 * asking the system for random bytes costs more than the rest of a request's trace.
 */
const HEX3: readonly string[] = Array.from({ length: 4_096 }, (_, n) => n.toString(16).padStart(3, "0"));
const HEX2: readonly string[] = Array.from({ length: 256 }, (_, n) => n.toString(16).padStart(2, "0"));

/** Trace ids that share their left half. The right one alone is random enough (W3C Trace Context 2, section 3.2.2.3). */
const IDS_PER_PREFIX = 4_096;

export class TraceIds {
  private readonly state: Int32Array;
  private prefix = "";
  private left = 0;

  /** `seed`: 4 random words, not all zero, of the system's randomness; each worker its own. */
  constructor(seed: Uint32Array) {
    if (seed.length !== 4 || seed.every((word) => word === 0)) {
      throw new RangeError("a trace seed is 4 words, not all zero");
    }
    this.state = Int32Array.from(seed);
  }

  /** 32 hex digits, never all zero. */
  traceId(): string {
    if (this.left === 0) {
      this.prefix = this.spanId();
      this.left = IDS_PER_PREFIX;
    }
    this.left--;
    return this.prefix + this.spanId();
  }

  /** 16 hex digits, never all zero. */
  spanId(): string {
    const high = this.nextWord();
    const low = this.nextWord();
    if ((high | low) === 0) return this.spanId();
    return hex(high) + hex(low);
  }

  private nextWord(): number {
    const state = this.state;
    const word = Math.imul(rotate(Math.imul(state[1], 5), 7), 9);
    const shifted = state[1] << 9;
    state[2] ^= state[0];
    state[3] ^= state[1];
    state[1] ^= state[2];
    state[0] ^= state[3];
    state[2] ^= shifted;
    state[3] = rotate(state[3], 11);
    return word;
  }
}

const rotate = (word: number, by: number): number => (word << by) | (word >>> (32 - by));

const hex = (word: number): string => HEX3[word >>> 20] + HEX3[(word >>> 8) & 0xfff] + HEX2[word & 0xff];
