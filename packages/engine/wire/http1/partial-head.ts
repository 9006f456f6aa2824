import { Buffer } from "node:buffer";
import type { FieldScanner } from "./field-scanner.ts";
import { CR, LINE_ENDERS } from "../octets.ts";

/**
 * The bytes of a head, or of a trailer section, that came in more than one read, with the scanner that has worked
 * through their whole lines. Read buffers are shared, so what must outlive a read is copied.
 */
export class PartialHead<Scanner extends FieldScanner> {
  bytes: Buffer = EMPTY;
  length = 0;
  readonly scanner: Scanner;

  constructor(scanner: Scanner) {
    this.scanner = scanner;
  }

  /**
   * Copies bytes[start, end), but no more than `maxLength` in all (the scanner refuses what is longer). Says whether
   * a scan can get anywhere: without a line end among the new bytes it cannot, and would cost a slow sender's
   * long line once for each of its packets.
   */
  append(bytes: Uint8Array, start: number, end: number, maxLength: number): boolean {
    const length = Math.min(this.length + end - start, maxLength);
    if (length > this.bytes.length) this.grow(length, maxLength);
    const from = this.length;
    const added = length - from;
    this.bytes.set(bytes.subarray(start, start + added), from);
    this.length = length;
    // A CR that was the last octet so far waits for its LF.
    if (length === maxLength || (from > 0 && this.bytes[from - 1] === CR)) return true;
    for (let i = from; i < length; i++) if (LINE_ENDERS[this.bytes[i]] === 1) return true;
    return false;
  }

  private grow(length: number, maxLength: number): void {
    const grown = Buffer.allocUnsafeSlow(Math.min(Math.max(length * 2, 512), maxLength));
    this.bytes.copy(grown, 0, 0, this.length);
    this.bytes = grown;
  }
}

const EMPTY = Buffer.alloc(0);
