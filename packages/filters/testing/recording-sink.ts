import { copyBytes } from "@heddle/engine/base";
import type { Fault } from "@heddle/engine/base";
import type { Fields, ResponseHead, ResponseSink } from "@heddle/engine/message";

/** A client that takes whatever comes; `done` resolves when the response is over, whole or broken. */
export class RecordingSink implements ResponseSink {
  readonly done: Promise<void>;
  head: ResponseHead | null = null;
  readonly chunks: Uint8Array[] = [];
  trailers: Fields | null = null;
  /** Why it was broken off; null where it is whole. */
  fault: Fault | null = null;
  private readonly resolve: () => void;

  constructor() {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.done = promise;
    this.resolve = resolve;
  }

  writeInformational(): void {}

  writeHead(head: ResponseHead, isLast: boolean): void {
    this.head = head;
    if (isLast) this.resolve();
  }

  writeBody(chunk: Uint8Array): void {
    this.chunks.push(copyBytes(chunk));
  }

  writeEnd(trailers: Fields | null): void {
    this.trailers = trailers;
    this.resolve();
  }

  flush(): boolean {
    return true;
  }

  reset(fault: Fault): void {
    this.fault = fault;
    this.resolve();
  }

  pauseRequestBody(): void {}
  resumeRequestBody(): void {}
}
