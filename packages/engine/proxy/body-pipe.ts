import { copyBytes } from "../base/index.ts";
import type { BodyFilter, BodyOutput, BodyStream, BufferBody, Reply, StreamBody } from "../filter/index.ts";
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
  /** Chunks came outside of a read: they should leave. False: too much waits; `resume` follows. */
  onPipeFlush(): boolean;
  /** The pipe, which was full, takes bytes again. */
  onPipeDrained(): void;
}

type Result = Uint8Array | Reply | undefined | void;

/**
 * Body bytes of one direction through the body phases of a chain, in order. A `buffer` stage lets nothing through
 * until the end; the stages behind it then see the whole as one chunk. A `stream` stage passes on when it can: while
 * it is full so is the pipe, and while those behind it are full it holds.
 */
export class BodyPipe {
  private readonly stages: readonly BodyFilter[];
  private readonly exchange: Exchange;
  private readonly output: PipeOutput;
  private readonly buffered: (Uint8Array[] | null)[];
  private readonly sizes: number[];
  /** Null: the stage is none that streams. */
  private readonly streams: readonly (StreamStage | null)[];
  private isStopped = false;

  constructor(stages: readonly BodyFilter[], exchange: Exchange, output: PipeOutput) {
    this.stages = stages;
    this.exchange = exchange;
    this.output = output;
    this.buffered = stages.map(({ phase }) => (phase.mode === "buffer" ? [] : null));
    this.sizes = stages.map(() => 0);
    this.streams = stages.map(({ phase }, at) =>
      phase.mode === "stream" ? new StreamStage(this, at, phase, exchange) : null,
    );
  }

  write(bytes: Uint8Array): void {
    if (this.isStopped) return;
    try {
      this.pass(0, bytes);
    } catch (error) {
      this.crash(error);
    }
  }

  end(): void {
    this.endFrom(0);
  }

  /** What was written may come out after its end. */
  get hasStreams(): boolean {
    return this.nextStream(0) !== null;
  }

  /** Whoever writes should wait for `onPipeDrained`. */
  get isFull(): boolean {
    const first = this.nextStream(0);
    return first !== null && first.isFull;
  }

  /** The output takes bytes again. */
  resume(): void {
    if (!this.isStopped) this.lastStream(this.streams.length)?.resume();
  }

  /** Nothing comes out any more: the exchange ended otherwise. */
  stop(): void {
    if (this.isStopped) return;
    this.isStopped = true;
    for (const stream of this.streams) if (stream !== null) stream.close();
  }

  // By the stages that stream, in their own time

  /** @internal */
  passOn(at: number, bytes: Uint8Array): boolean {
    if (this.isStopped) return false;
    try {
      this.pass(at + 1, bytes);
    } catch (error) {
      this.crash(error);
    }
    if (this.isStopped) return false;
    const next = this.nextStream(at + 1);
    return next === null ? this.output.onPipeFlush() : !next.isFull;
  }

  /** @internal */
  passEnd(at: number): void {
    if (!this.isStopped) this.endFrom(at + 1);
  }

  /** @internal The stage takes bytes again. */
  drained(at: number): void {
    if (this.isStopped) return;
    const previous = this.lastStream(at);
    if (previous !== null) previous.resume();
    else this.output.onPipeDrained();
  }

  /** @internal */
  answer(reply: Reply): void {
    if (this.isStopped) return;
    this.stop();
    this.output.onPipeReply(reply);
  }

  /** @internal */
  crash(error: unknown): void {
    if (this.isStopped) return;
    this.stop();
    this.output.onPipeError(error);
  }

  private nextStream(from: number): StreamStage | null {
    for (let at = from; at < this.streams.length; at++)
      if (this.streams[at] !== null) return this.streams[at];
    return null;
  }

  private lastStream(to: number): StreamStage | null {
    for (let at = to - 1; at >= 0; at--) if (this.streams[at] !== null) return this.streams[at];
    return null;
  }

  private pass(from: number, bytes: Uint8Array): void {
    let current: Uint8Array | null = bytes;
    for (let at = from; at < this.stages.length; at++) {
      const phase = this.stages[at].phase;
      switch (phase.mode) {
        case "observe": {
          const reply = phase.chunk(this.exchange, current);
          if (reply !== undefined) this.answer(reply);
          break;
        }
        case "transform":
          current = phase.chunk(this.exchange, current);
          if (current === null || current.length === 0) return;
          break;
        case "stream":
          this.streams[at]!.write(current);
          return;
        case "buffer":
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
        if (this.isStopped || !this.endStage(at)) return;
      }
    } catch (error) {
      this.crash(error);
      return;
    }
    if (!this.isStopped) this.output.onPipeEnd();
  }

  /** False: what comes of it, if anything, comes later. */
  private endStage(at: number): boolean {
    const phase = this.stages[at].phase;
    switch (phase.mode) {
      case "observe": {
        const reply = phase.end?.(this.exchange);
        if (reply !== undefined) this.answer(reply);
        return true;
      }
      case "transform": {
        const rest = phase.end(this.exchange);
        if (rest !== null && rest.length > 0) this.pass(at + 1, rest);
        return true;
      }
      case "stream":
        this.streams[at]!.end();
        return false;
      case "buffer":
        return this.endBuffer(at, phase);
    }
  }

  private endBuffer(at: number, phase: BufferBody): boolean {
    const whole = join(this.buffered[at]!, this.sizes[at]);
    this.buffered[at] = [];
    const result = phase.whole(this.exchange, whole);
    if (!(result instanceof Promise)) return this.settle(at, whole, result);
    result.then(
      (value) => this.goOn(at, whole, value),
      (error: unknown) => this.crash(error),
    );
    return false;
  }

  private goOn(at: number, whole: Uint8Array, result: Result): void {
    if (this.isStopped) return;
    try {
      if (!this.settle(at, whole, result)) return;
    } catch (error) {
      this.crash(error);
      return;
    }
    try {
      this.endFrom(at + 1);
    } catch (error) {
      this.output.onPipeError(error);
    }
  }

  /** False when the filter answered itself. */
  private settle(at: number, whole: Uint8Array, result: Result): boolean {
    if (result !== undefined && !(result instanceof Uint8Array)) {
      this.answer(result);
      return false;
    }
    const next = result ?? whole;
    if (next.length > 0) this.pass(at + 1, next);
    return !this.isStopped;
  }
}

/** A stage whose work comes out in its own time, and the flow control around it. */
class StreamStage implements BodyOutput {
  private readonly pipe: BodyPipe;
  private readonly at: number;
  private readonly phase: StreamBody;
  private readonly exchange: Exchange;
  /** Null before the first octet. */
  private stream: BodyStream | null = null;
  /** Enough waits in it. */
  isFull = false;
  /** Those behind it are full. */
  private isHeld = false;

  constructor(pipe: BodyPipe, at: number, phase: StreamBody, exchange: Exchange) {
    this.pipe = pipe;
    this.at = at;
    this.phase = phase;
    this.exchange = exchange;
  }

  private opened(): BodyStream {
    return (this.stream ??= this.phase.open(this.exchange, this));
  }

  write(bytes: Uint8Array): void {
    if (!this.opened().write(bytes)) this.isFull = true;
  }

  end(): void {
    this.opened().end();
  }

  resume(): void {
    if (!this.isHeld) return;
    this.isHeld = false;
    this.stream!.resume();
  }

  close(): void {
    this.stream?.close();
  }

  // BodyOutput

  push(bytes: Uint8Array): boolean {
    if (!this.pipe.passOn(this.at, bytes)) this.isHeld = true;
    return !this.isHeld;
  }

  ended(): void {
    this.pipe.passEnd(this.at);
  }

  drained(): void {
    if (!this.isFull) return;
    this.isFull = false;
    this.pipe.drained(this.at);
  }

  reply(reply: Reply): void {
    this.pipe.answer(reply);
  }

  fail(error: unknown): void {
    this.pipe.crash(error);
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
