import type { Fault } from "../base/index.ts";
import { fieldsMistake, wholeResponseMistake } from "../message/index.ts";
import type { Fields, ResponseHead, ResponseSink } from "../message/index.ts";

/** A sink that throws TypeError for what no encoder could write, before any of it is written. */
export class CheckedSink implements ResponseSink {
  private readonly sink: ResponseSink;

  constructor(sink: ResponseSink) {
    this.sink = sink;
  }

  writeInformational(head: ResponseHead): void {
    refuse(wholeResponseMistake(head));
    this.sink.writeInformational(head);
  }

  writeHead(head: ResponseHead, isLast: boolean): void {
    refuse(wholeResponseMistake(head));
    this.sink.writeHead(head, isLast);
  }

  writeBody(chunk: Uint8Array): void {
    this.sink.writeBody(chunk);
  }

  writeEnd(trailers: Fields | null): void {
    if (trailers !== null) refuse(fieldsMistake(trailers));
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

export function refuse(mistake: string | null): void {
  if (mistake !== null) throw new TypeError(`a filter ${mistake}`);
}
