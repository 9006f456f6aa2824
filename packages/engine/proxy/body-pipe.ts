import { copyBytes } from "../base/index.ts";
import type { BodyFilter, BufferBody, Reply } from "../filter/index.ts";
import type { Exchange } from "../message/index.ts";

/** Where a pipe's output goes, and what can stop it. */
export interface PipeOutput {
  /** Valid during the call only. */
  onChunk(bytes: Uint8Array): void;
  onPipeEnd(): void;
  /** A filter answered instead, found the body too large, or threw. */
  onPipeReply(reply: Reply): void;
  onPipeOverflow(maxBytes: number): void;
  onPipeError(error: unknown): void;
}

/**
 * Body bytes of one direction through the body phases of a chain, in order. A `buffer` stage lets nothing through
 * until the end; the stages behind it then see the whole as one chunk.
 */
export class BodyPipe {
  private readonly stages: readonly BodyFilter[];
  private readonly exchange: Exchange;
  private readonly output: PipeOutput;
  private readonly buffered: (Uint8Array[] | null)[];
  private readonly sizes: number[];
  private isStopped = false;

  constructor(stages: readonly BodyFilter[], exchange: Exchange, output: PipeOutput) {
    this.stages = stages;
    this.exchange = exchange;
    this.output = output;
    this.buffered = stages.map(({ phase }) => (phase.mode === "buffer" ? [] : null));
    this.sizes = stages.map(() => 0);
  }

  write(bytes: Uint8Array): void {
    if (this.isStopped) return;
    try {
      this.pass(0, bytes);
    } catch (error) {
      this.stop();
      this.output.onPipeError(error);
    }
  }

  end(): void {
    this.endFrom(0);
  }

  /** Nothing comes out any more: the exchange ended otherwise. */
  stop(): void {
    this.isStopped = true;
  }

  private pass(from: number, bytes: Uint8Array): void {
    let current: Uint8Array | null = bytes;
    for (let at = from; at < this.stages.length; at++) {
      const phase = this.stages[at].phase;
      if (phase.mode === "observe") {
        const reply = phase.chunk(this.exchange, current);
        if (reply !== undefined) {
          this.stop();
          this.output.onPipeReply(reply);
          return;
        }
      } else if (phase.mode === "transform") {
        current = phase.chunk(this.exchange, current);
        if (current === null || current.length === 0) return;
      } else {
        this.keep(at, phase, current);
        return;
      }
      if (this.isStopped) return;
    }
    this.output.onChunk(current);
  }

  private keep(at: number, phase: BufferBody, bytes: Uint8Array): void {
    if (this.isStopped) return;
    this.sizes[at] += bytes.length;
    if (this.sizes[at] > phase.maxBytes) {
      this.stop();
      this.output.onPipeOverflow(phase.maxBytes);
      return;
    }
    this.buffered[at]!.push(copyBytes(bytes));
  }

  private endFrom(from: number): void {
    try {
      for (let at = from; at < this.stages.length; at++) {
        if (this.isStopped) return;
        const phase = this.stages[at].phase;
        if (phase.mode === "observe") {
          phase.end?.(this.exchange);
        } else if (phase.mode === "transform") {
          const rest = phase.end(this.exchange);
          if (rest !== null && rest.length > 0) this.pass(at + 1, rest);
        } else {
          const whole = join(this.buffered[at]!, this.sizes[at]);
          this.buffered[at] = [];
          const result = phase.whole(this.exchange, whole);
          if (result instanceof Promise) {
            result.then(
              (value) => this.resume(at, whole, value),
              (error: unknown) => this.crash(error),
            );
            return;
          }
          if (!this.settle(at, whole, result)) return;
        }
      }
    } catch (error) {
      this.crash(error);
      return;
    }
    if (!this.isStopped) this.output.onPipeEnd();
  }

  private resume(at: number, whole: Uint8Array, result: Uint8Array | Reply | undefined | void): void {
    if (this.isStopped) return;
    try {
      if (!this.settle(at, whole, result)) return;
    } catch (error) {
      this.crash(error);
      return;
    }
    this.endFrom(at + 1);
  }

  /** False when the filter answered itself. */
  private settle(at: number, whole: Uint8Array, result: Uint8Array | Reply | undefined | void): boolean {
    if (result !== undefined && !(result instanceof Uint8Array)) {
      this.stop();
      this.output.onPipeReply(result);
      return false;
    }
    const next = result ?? whole;
    if (next.length > 0) this.pass(at + 1, next);
    return !this.isStopped;
  }

  private crash(error: unknown): void {
    if (this.isStopped) return;
    this.stop();
    this.output.onPipeError(error);
  }
}

export function join(chunks: readonly Uint8Array[], size: number): Uint8Array {
  if (chunks.length === 1) return chunks[0];
  const whole = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}
