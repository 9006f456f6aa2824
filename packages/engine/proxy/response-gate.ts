import { copyBytes } from "../base/index.ts";
import type { BodyPipe } from "./body-pipe.ts";
import type { FramePipe } from "./frame-pipe.ts";

/** What response octets pass through, if anything: body filters, a gate while a filter waits on the head, a lane of frames. */
export type ResponsePipe = BodyPipe | ResponseGate | FramePipe;

/** Holds a response's octets while a filter waits on its head. */
export class ResponseGate {
  private chunks: Uint8Array[] = [];
  /** The end came, too. */
  hasEnded = false;

  write(bytes: Uint8Array): void {
    this.chunks.push(copyBytes(bytes));
  }

  end(): void {
    this.hasEnded = true;
  }

  /** It holds what comes while the head waits, which pauses the endpoint by itself. */
  get isFull(): boolean {
    return false;
  }

  resume(): void {}

  stop(): void {
    this.chunks = [];
  }

  /** What was held, in order. */
  take(): readonly Uint8Array[] {
    const { chunks } = this;
    this.chunks = [];
    return chunks;
  }
}
