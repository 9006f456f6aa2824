import type { MessageMistake } from "./errors.ts";
import { COMPRESSED, MAX_MESSAGE_BYTES, PREFIX_BYTES } from "./limits.ts";

export interface MessageReaderEvents {
  /** A whole message, without its prefix; the bytes are the receiver's. */
  onMessage(bytes: Uint8Array, isCompressed: boolean): void;
}

/**
 * Reads length-prefixed messages from a stream of octets, however it is cut:
 *
 *   prefix ─(five octets)─► message ─(as many as they say)─► prefix        either ─(mistake)─► broken
 *
 * Only where Heddle is an end of the call: those that pass through are not taken apart.
 */
export class MessageReader {
  private readonly events: MessageReaderEvents;
  private readonly maxBytes: number;
  private readonly prefix = new Uint8Array(PREFIX_BYTES);
  private prefixLength = 0;
  private message: Uint8Array | null = null;
  private filled = 0;
  mistake: MessageMistake | null = null;

  constructor(events: MessageReaderEvents, maxBytes: number = MAX_MESSAGE_BYTES) {
    this.events = events;
    this.maxBytes = maxBytes;
  }

  read(bytes: Uint8Array): void {
    let at = 0;
    while (this.mistake === null && (at < bytes.length || this.isFull())) {
      if (this.message === null) at = this.readPrefix(bytes, at);
      else at = this.readMessage(this.message, bytes, at);
    }
  }

  /** The stream is over. */
  end(): void {
    if (this.prefixLength > 0) this.mistake ??= "cut-short";
  }

  /** A message of no octets is complete with its prefix. */
  private isFull(): boolean {
    return this.message !== null && this.filled === this.message.length;
  }

  private readPrefix(bytes: Uint8Array, from: number): number {
    let at = from;
    while (at < bytes.length && this.prefixLength < PREFIX_BYTES)
      this.prefix[this.prefixLength++] = bytes[at++];
    if (this.prefixLength < PREFIX_BYTES) return at;
    const length = readLength(this.prefix);
    if (this.prefix[0] > COMPRESSED) this.mistake = "flag";
    else if (length > this.maxBytes) this.mistake = "too-large";
    else this.message = new Uint8Array(length);
    this.filled = 0;
    return at;
  }

  private readMessage(message: Uint8Array, bytes: Uint8Array, from: number): number {
    const end = Math.min(bytes.length, from + message.length - this.filled);
    message.set(bytes.subarray(from, end), this.filled);
    this.filled += end - from;
    if (this.filled === message.length) {
      this.message = null;
      this.prefixLength = 0;
      this.events.onMessage(message, this.prefix[0] === COMPRESSED);
    }
    return end;
  }
}

/** The length in a prefix: unsigned, big-endian. */
function readLength(prefix: Uint8Array): number {
  return prefix[1] * 0x1000000 + ((prefix[2] << 16) | (prefix[3] << 8) | prefix[4]);
}
