import assert from "node:assert/strict";
import type { BodyOutput, BodyPhase, BodyStream, Reply } from "@heddle/engine/filter";
import type { Exchange } from "@heddle/engine/message";

/** A `stream` phase fed by hand, and what came out of it. */
export class StreamRun implements BodyOutput {
  private readonly stream: BodyStream;
  private readonly chunks: Buffer[] = [];
  private readonly over = Promise.withResolvers<void>();
  private room: PromiseWithResolvers<void> | null = null;
  answer: Reply | null = null;
  error: unknown = null;
  isOver = false;
  /** `push` says that it takes no more until `release`. */
  isFull = false;

  constructor(phase: BodyPhase | undefined, exchange: Exchange) {
    assert.equal(phase?.mode, "stream");
    this.stream = (phase as Extract<BodyPhase, { mode: "stream" }>).open(exchange, this);
  }

  get output(): Buffer {
    return Buffer.concat(this.chunks);
  }

  /** Writes as the runner does: no more than the stream takes, until it is over. */
  async write(...chunks: readonly Uint8Array[]): Promise<void> {
    for (const chunk of chunks) {
      if (this.isOver) return;
      if (!this.stream.write(chunk)) {
        this.room = Promise.withResolvers();
        await Promise.race([this.room.promise, this.over.promise]);
      }
    }
  }

  async end(): Promise<void> {
    if (!this.isOver) this.stream.end();
    await this.over.promise;
    this.stream.close();
  }

  release(): void {
    this.isFull = false;
    this.stream.resume();
  }

  close(): void {
    this.stream.close();
  }

  // BodyOutput

  push(bytes: Uint8Array): boolean {
    assert.ok(!this.isOver, "nothing comes after the end");
    this.chunks.push(Buffer.from(bytes));
    return !this.isFull;
  }
  ended(): void {
    this.finish();
  }
  drained(): void {
    this.room?.resolve();
    this.room = null;
  }
  reply(reply: Reply): void {
    this.answer = reply;
    this.finish();
  }
  fail(error: unknown): void {
    this.error = error;
    this.finish();
  }

  private finish(): void {
    this.isOver = true;
    this.over.resolve();
  }
}
