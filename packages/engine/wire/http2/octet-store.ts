import { Buffer } from "node:buffer";

/** Octets that wait for more of the same frame or block: read buffers are shared. Grows with what has come. */
export class OctetStore {
  bytes: Buffer = EMPTY;
  length = 0;

  append(bytes: Uint8Array, start: number, end: number): void {
    const length = this.length + end - start;
    if (length > this.bytes.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(length, this.bytes.length * 2, 256));
      this.bytes.copy(grown, 0, 0, this.length);
      this.bytes = grown;
    }
    this.bytes.set(bytes.subarray(start, end), this.length);
    this.length = length;
  }

  clear(): void {
    this.length = 0;
    this.bytes = EMPTY;
  }
}

const EMPTY = Buffer.alloc(0);
