/** Where a session puts what it sends; `net/Connection` is one. The session never flushes it. */
export interface Http2Writer {
  /** Latin1: one character, one octet. */
  writeText(text: string): void;
  /** The bytes are valid during the call only. */
  writeBytes(bytes: Uint8Array): void;
}
