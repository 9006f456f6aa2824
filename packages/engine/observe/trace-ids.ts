/**
 * Trace and span ids: random enough to be unique, not secret. xoshiro128** (Blackman and Vigna, 2018), because
 * asking the system for random bytes costs more than the rest of a request's trace.
 */
const HEX3: readonly string[] = Array.from({ length: 4_096 }, (_, n) => n.toString(16).padStart(3, "0"));
const HEX2: readonly string[] = Array.from({ length: 256 }, (_, n) => n.toString(16).padStart(2, "0"));

/** Ids that share their left half: a trace's right half alone is random enough (W3C Trace Context 2, 3.2.2.3). */
const IDS_PER_PREFIX = 4_096;

export class TraceIds {
  private readonly state: Int32Array;
  private tracePrefix = "";
  private spanPrefix = "";
  private left = 0;

  /** `seed`: 4 random words, not all zero, of the system's randomness; each worker its own. */
  constructor(seed: Uint32Array) {
    if (seed.length !== 4 || seed.every((word) => word === 0)) {
      throw new RangeError("a trace seed is 4 words, not all zero");
    }
    this.state = Int32Array.from(seed);
  }

  /** 32 hex digits, never all zero: 64 fresh bits behind 64 that many share. */
  traceId(): string {
    if (this.left === 0) this.refresh();
    this.left--;
    return this.tracePrefix + hex(this.nextWord()) + hex(this.nextWord());
  }

  /** 16 hex digits, never all zero: 32 fresh bits, unique within one trace is all that is asked. */
  spanId(): string {
    if (this.left === 0) this.refresh();
    this.left--;
    return this.spanPrefix + hex(this.nextWord());
  }

  private refresh(): void {
    this.tracePrefix = hex(this.nonZeroWord()) + hex(this.nextWord());
    this.spanPrefix = hex(this.nonZeroWord());
    this.left = IDS_PER_PREFIX;
  }

  private nonZeroWord(): number {
    return this.nextWord() || 1;
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
