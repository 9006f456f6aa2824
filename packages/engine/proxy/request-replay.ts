import { copyBytes } from "../base/index.ts";

/** Request octets kept so that an attempt can be repeated. Longer bodies are sent once. */
const REPLAY_BYTES = 65_536;

const NO_CHUNKS: readonly Uint8Array[] = [];

/**
 * Request octets kept while there is no attempt to send them to, or while the attempt under way might be repeated.
 *
 *   complete ──(too much, or no repeat could follow)──► lost: keeps nothing more
 *
 * Invariant: while it is complete, every octet of the body that was read so far is in it.
 */
export class RequestReplay {
  isComplete = true;
  byteLength = 0;
  private kept: Uint8Array[] | null = null;

  get chunks(): readonly Uint8Array[] {
    return this.kept ?? NO_CHUNKS;
  }

  /** Keeps a chunk that goes nowhere else yet. Without a bound: the client is paused, or a filter's bound holds. */
  hold(chunk: Uint8Array): void {
    this.kept ??= [];
    this.kept.push(copyBytes(chunk));
    this.byteLength += chunk.length;
  }

  /** Keeps a chunk that is also sent, up to the bound. */
  record(chunk: Uint8Array): void {
    if (!this.isComplete) return;
    if (this.byteLength + chunk.length > REPLAY_BYTES) this.lose();
    else this.hold(chunk);
  }

  /** Hands over what is kept; it goes through filters before it is kept again. */
  take(): readonly Uint8Array[] {
    const { chunks } = this;
    this.kept = null;
    this.byteLength = 0;
    return chunks;
  }

  /** No attempt will be repeated with this body. */
  lose(): void {
    this.isComplete = false;
    this.kept = null;
    this.byteLength = 0;
  }
}
