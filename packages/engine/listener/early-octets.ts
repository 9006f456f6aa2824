/**
 * Octets that a client sends into a tunnel before it is there (threats 12). The stream's window bounds them: it is not
 * opened again before they are passed on. One buffer that doubles, since a frame may hold a single octet.
 */
export class EarlyOctets {
  private bytes: Buffer = Buffer.alloc(0);
  private length = 0;
  /** The client has ended its half already. */
  hasEnded = false;

  hold(chunk: Uint8Array): void {
    const length = this.length + chunk.length;
    if (length > this.bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(length, 2 * this.bytes.length));
      this.bytes.copy(larger, 0, 0, this.length);
      this.bytes = larger;
    }
    this.bytes.set(chunk, this.length);
    this.length = length;
  }

  get held(): Uint8Array {
    return this.bytes.subarray(0, this.length);
  }
}
