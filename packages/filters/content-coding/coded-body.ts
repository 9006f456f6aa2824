import { copyBytes } from "@heddle/engine/base";
import type { BodyOutput, BodyStream } from "@heddle/engine/filter";
import type { CodingStream } from "./coding.ts";

/**
 * A body on its way through a stream of `node:zlib`, whose threads do the work: in as it comes, out as it is ready, held
 * where those behind are full.
 */
export class CodedBody implements BodyStream {
  protected readonly stream: CodingStream;
  protected readonly output: BodyOutput;
  private isClosed = false;

  constructor(stream: CodingStream, output: BodyOutput) {
    this.stream = stream;
    this.output = output;
    stream.on("data", (bytes: Buffer) => this.out(bytes));
    stream.on("drain", () => output.drained());
    stream.on("end", () => this.ended());
    stream.on("error", (error) => {
      if (!this.isClosed) this.failed(error);
    });
  }

  write(bytes: Uint8Array): boolean {
    return this.stream.write(copyBytes(bytes));
  }

  end(): void {
    this.stream.end();
  }

  resume(): void {
    this.stream.resume();
  }

  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.stream.destroy();
  }

  protected ended(): void {
    this.output.ended();
  }

  protected out(bytes: Uint8Array): void {
    if (!this.output.push(bytes)) this.stream.pause();
  }

  protected failed(error: Error): void {
    this.output.fail(error);
  }
}
