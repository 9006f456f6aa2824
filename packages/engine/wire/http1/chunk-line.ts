import { TOKEN_BYTES } from "../../message/index.ts";
import { INCOMPLETE, REFUSED } from "./field-scanner.ts";
import { CHUNK_EXTENSION_CREDIT, MAX_CHUNK_EXTENSION_BYTES } from "./limits.ts";
import { CR, HEX_VALUES, LF, VALUE_OCTETS } from "../octets.ts";

/**
 * Reads chunk-size lines (RFC 9112 section 7.1), an octet at a time, over any number of reads:
 *
 *   DIGITS ─CR→ END ─LF→ done
 *     └─";"→ NAME ─"="→ VALUE ─'"'→ QUOTED ⇄ ESCAPED        NAME, VALUE, CLOSED ─";"→ NAME, ─CR→ END
 *                                     └─'"'→ CLOSED
 *
 * Extensions are checked and dropped: chunks are framed anew on the way out. White space around ";" and "=", which
 * the RFC lets a sender have and which parsers differ on, is refused.
 */
const DIGITS = 0;
const NAME = 1;
const VALUE = 2;
const QUOTED = 3;
const ESCAPED = 4;
const CLOSED = 5;
const END = 6;

const SEMICOLON = 59;
const EQUALS = 61;
const QUOTE = 34;
const BACKSLASH = 92;

export class ChunkLine {
  /** Of the chunk, when `read` is done. */
  size = 0;
  /** Set with REFUSED. */
  message = "";
  private step = DIGITS;
  /** Octets since the step began; a name or token value must have one. */
  private count = 0;
  private extensionBytes = 0;
  private credit = CHUNK_EXTENSION_CREDIT;

  /** Ready for the first chunk of a body. */
  reset(): void {
    this.credit = CHUNK_EXTENSION_CREDIT;
    this.begin();
  }

  private begin(): void {
    this.size = 0;
    this.step = DIGITS;
    this.count = 0;
    this.extensionBytes = 0;
  }

  /** Ready for the next chunk, after one of `size` octets. */
  next(): void {
    this.credit = Math.min(CHUNK_EXTENSION_CREDIT, this.credit + Math.floor(this.size / 16));
    this.begin();
  }

  /** Returns the offset behind the line, INCOMPLETE or REFUSED. */
  read(bytes: Uint8Array, start: number, end: number): number {
    for (let at = start; at < end; at++) {
      const c = bytes[at];
      if (this.step === DIGITS) {
        const digit = HEX_VALUES[c];
        if (digit >= 0) {
          this.size = this.size * 16 + digit;
          if (++this.count > 16 || this.size > Number.MAX_SAFE_INTEGER)
            return this.refuse("chunk size too large");
          continue;
        }
        if (this.count === 0) return this.refuse("chunk size is not hexadecimal digits");
        if (!this.endPart(c)) return this.refuse("octet that no chunk size may have");
      } else if (this.step === END) {
        return c === LF ? at + 1 : this.refuse("bare CR in a chunk size line");
      } else if (!this.readExtension(c)) {
        return REFUSED;
      }
    }
    return INCOMPLETE;
  }

  private readExtension(c: number): boolean {
    if (++this.extensionBytes > MAX_CHUNK_EXTENSION_BYTES || --this.credit < 0) {
      this.message = "too many bytes of chunk extensions";
      return false;
    }
    if (!this.isExtension(c)) this.message = "malformed chunk extension";
    return this.message === "";
  }

  private isExtension(c: number): boolean {
    switch (this.step) {
      case NAME:
        if (TOKEN_BYTES[c] === 1) return ++this.count > 0;
        if (this.count === 0) return false;
        return c === EQUALS ? this.enter(VALUE) : this.endPart(c);
      case VALUE:
        if (TOKEN_BYTES[c] === 1) return ++this.count > 0;
        return this.count === 0 ? c === QUOTE && this.enter(QUOTED) : this.endPart(c);
      case QUOTED:
        if (c === QUOTE) return this.enter(CLOSED);
        return c === BACKSLASH ? this.enter(ESCAPED) : VALUE_OCTETS[c] === 1;
      case ESCAPED:
        return VALUE_OCTETS[c] === 1 && this.enter(QUOTED);
      default:
        return this.endPart(c);
    }
  }

  /** A semicolon begins another extension, CR ends the line. */
  private endPart(c: number): boolean {
    if (c === SEMICOLON) return this.enter(NAME);
    return c === CR && this.enter(END);
  }

  private enter(step: number): boolean {
    this.step = step;
    this.count = 0;
    return true;
  }

  private refuse(message: string): number {
    this.message = message;
    return REFUSED;
  }
}
