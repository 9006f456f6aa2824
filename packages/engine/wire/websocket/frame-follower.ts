const OPCODE = 0x0f;
const FIN = 0x80;
const MASKED = 0x80;
const CONTROL = 0x08;
const CLOSE = 0x08;
/** Lengths in the second octet that say: two, or eight, octets of length follow. */
const LENGTH_16 = 126;
const LENGTH_64 = 127;
/** Section 5.2: of an opcode's sixteen values those that have a meaning. */
const KNOWN_OPCODES = 0b0000_0111_0000_0111;

/**
 * Knows where the frames of one direction end (RFC 6455 section 5.2), from their heads alone: nothing is kept, nor copied.
 *
 *   boundary ─► head (2 to 14 octets) ─► payload ─► boundary
 *                 └─(reserved opcode, a long or fragmented control frame, a length from 2^63 on)─► lost, for good
 *
 * Reserved bits and masks are left to the ends: extensions use the ones, and both are no matter of where a frame ends.
 */
export class FrameFollower {
  /** The sender breaks the framing. */
  isLost = false;
  /** A close frame has come, whole: what is behind it has no meaning (section 5.5.1). */
  hasClosed = false;
  /** Octets of the head that have come; 0: none is under way. */
  private headAt = 0;
  /** Where in the head its length ends, and it itself. */
  private lengthEnd = 2;
  private headEnd = 2;
  /** Of the payload. Beyond 2^53 it is not exact, nor does a frame of that length ever end. */
  private length = 0;
  /** Octets of the payload still to come. */
  private left = 0;
  private isClose = false;
  private isControl = false;

  /** Between two frames, fragments of a message too: a control frame may stand here (section 5.4). */
  get isAtBoundary(): boolean {
    return this.headAt === 0 && this.left === 0 && !this.isLost;
  }

  /** Takes bytes[start, end), or with `stops` only up to the end of the first frame; returns the offset behind what it took. */
  follow(bytes: Uint8Array, start: number, stops: boolean): number {
    let at = start;
    while (at < bytes.length && !this.isLost) {
      if (this.left > 0) at = this.skip(at, bytes.length);
      else this.takeHead(bytes[at++]);
      if (!this.isAtBoundary) continue;
      if (this.isClose) this.hasClosed = true;
      if (stops) return at;
    }
    return bytes.length;
  }

  private skip(at: number, end: number): number {
    const taken = Math.min(this.left, end - at);
    this.left -= taken;
    return at + taken;
  }

  private takeHead(octet: number): void {
    const at = this.headAt++;
    if (at === 0) this.takeOpcode(octet);
    else if (at === 1) this.takeLength(octet);
    else if (at < this.lengthEnd) this.extendLength(octet, at);
    if (this.headAt < this.headEnd) return;
    this.headAt = 0;
    this.left = this.length;
  }

  private takeOpcode(octet: number): void {
    const opcode = octet & OPCODE;
    this.isControl = (opcode & CONTROL) !== 0;
    this.isClose = opcode === CLOSE;
    this.headEnd = 2;
    if (((KNOWN_OPCODES >> opcode) & 1) === 0 || (this.isControl && (octet & FIN) === 0)) this.isLost = true;
  }

  private takeLength(octet: number): void {
    const length = octet & ~MASKED;
    const more = length === LENGTH_16 ? 2 : length === LENGTH_64 ? 8 : 0;
    this.length = more === 0 ? length : 0;
    this.lengthEnd = 2 + more;
    this.headEnd = this.lengthEnd + ((octet & MASKED) === 0 ? 0 : 4);
    if (this.isControl && more > 0) this.isLost = true;
  }

  private extendLength(octet: number, at: number): void {
    this.length = this.length * 256 + octet;
    // The first of eight, whose highest bit must be 0.
    if (at === 2 && this.lengthEnd === 10 && octet > 0x7f) this.isLost = true;
  }
}
