import { sliceLatin1 } from "../base/index.ts";

/**
 * Trace and span ids: random enough to be unique, not secret. xoshiro128** (Blackman and Vigna, 2018), because
 * asking the system for random bytes costs more than the rest of a request's trace.
 *
 * Text is made for a batch of ids at once, and each is a slice of it: joining digits per request cost a tenth of the
 * data plane's own time (bench/micro/gateway.ts).
 */
const BATCH = 16;
/** What the trace id is in front of, and the span id: "00-<32 hex>-<16 hex>-01". */
const TEMPLATE = `00-${"0".repeat(32)}-${"0".repeat(16)}-01`;
const STRIDE = TEMPLATE.length;
const TRACE_AT = 3;
const SPAN_AT = 36;
const FLAGS_AT = 52;

const DIGITS = Uint8Array.from("0123456789abcdef", (digit) => digit.charCodeAt(0));

/** Ids that share their left half: a trace's right half alone is random enough (W3C Trace Context 2, 3.2.2.3). */
const BATCHES_PER_PREFIX = 256;

export class TraceIds {
  private readonly state: Int32Array;
  private readonly bytes = Uint8Array.from(TEMPLATE.repeat(BATCH), (c) => c.charCodeAt(0));
  private text = "";
  private next = BATCH;
  private batchesLeft = 0;

  /** `seed`: 4 random words, not all zero, of the system's randomness; each worker its own. */
  constructor(seed: Uint32Array) {
    if (seed.length !== 4 || seed.every((word) => word === 0)) {
      throw new RangeError("a trace seed is 4 words, not all zero");
    }
    this.state = Int32Array.from(seed);
  }

  /** The traceparent of a trace that begins here. */
  traceparent(isSampled: boolean): string {
    const at = this.take();
    return isSampled ? this.text.slice(at, at + STRIDE) : `${this.text.slice(at, at + FLAGS_AT)}-00`;
  }

  /** 32 hex digits, never all zero: 64 fresh bits behind 64 that many share. */
  traceId(): string {
    const at = this.take() + TRACE_AT;
    return this.text.slice(at, at + 32);
  }

  /** 16 hex digits, never all zero: 32 fresh bits, unique within one trace is all that is asked. */
  spanId(): string {
    const at = this.take() + SPAN_AT;
    return this.text.slice(at, at + 16);
  }

  private take(): number {
    if (this.next === BATCH) this.refill();
    return this.next++ * STRIDE;
  }

  private refill(): void {
    const { bytes } = this;
    if (this.batchesLeft === 0) this.refreshPrefixes();
    this.batchesLeft--;
    for (let at = 0; at < bytes.length; at += STRIDE) {
      writeHex(bytes, at + TRACE_AT + 16, this.nextWord());
      writeHex(bytes, at + TRACE_AT + 24, this.nextWord());
      writeHex(bytes, at + SPAN_AT + 8, this.nextWord());
    }
    this.text = sliceLatin1(bytes, 0, bytes.length);
    this.next = 0;
  }

  private refreshPrefixes(): void {
    const [left, right, span] = [this.nonZeroWord(), this.nextWord(), this.nonZeroWord()];
    for (let at = 0; at < this.bytes.length; at += STRIDE) {
      writeHex(this.bytes, at + TRACE_AT, left);
      writeHex(this.bytes, at + TRACE_AT + 8, right);
      writeHex(this.bytes, at + SPAN_AT, span);
    }
    this.batchesLeft = BATCHES_PER_PREFIX;
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

/** Eight digits at `at`. */
function writeHex(bytes: Uint8Array, at: number, word: number): void {
  for (let i = 7; i >= 0; i--) {
    bytes[at + i] = DIGITS[word & 15];
    word >>>= 4;
  }
}
