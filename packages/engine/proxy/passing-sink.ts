import type { Fault } from "../base/index.ts";
import type { Fields, ResponseHead, ResponseSink } from "../message/index.ts";

/** Passes a response on to another sink as it is; who extends it changes or looks at some of it on the way. */
export class PassingSink implements ResponseSink {
  protected readonly sink: ResponseSink;

  constructor(sink: ResponseSink) {
    this.sink = sink;
  }

  writeInformational(head: ResponseHead): void {
    this.sink.writeInformational(head);
  }

  writeHead(head: ResponseHead, isLast: boolean): void {
    this.sink.writeHead(head, isLast);
  }

  writeBody(chunk: Uint8Array): void {
    this.sink.writeBody(chunk);
  }

  writeEnd(trailers: Fields | null): void {
    this.sink.writeEnd(trailers);
  }

  flush(): boolean {
    return this.sink.flush();
  }

  reset(fault: Fault): void {
    this.sink.reset(fault);
  }

  pauseRequestBody(): void {
    this.sink.pauseRequestBody();
  }

  resumeRequestBody(): void {
    this.sink.resumeRequestBody();
  }
}
