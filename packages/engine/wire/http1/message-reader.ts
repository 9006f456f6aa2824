import { makeFault, sliceLatin1 } from "../../base/index.ts";
import type { Fault, FaultCode } from "../../base/index.ts";
import { Fields } from "../../message/index.ts";
import { ChunkLine } from "./chunk-line.ts";
import { FieldScanner, INCOMPLETE, REFUSED } from "./field-scanner.ts";
import type { Http1Limits } from "./limits.ts";
import { DEFAULT_MAX_TRAILER_BYTES } from "./limits.ts";
import { CR, LF } from "../octets.ts";
import { PartialHead } from "./partial-head.ts";
import { keepTrailers } from "../keep-trailers.ts";

/**
 *   idle ─first octet→ head ─→ body ─→ done ─(next, expect)→ idle
 *                        └──────────────↑
 *   done ─(startTunnel)→ tunnel            any ─fault, close→ dead
 *
 * A reader of responses is in "head" as soon as one is expected. A body steps through:
 *
 *   LENGTH, CLOSE     octets alone
 *   SIZE ─→ DATA ─→ DATA_END ─→ SIZE …  ─size 0→ TRAILERS
 */
export type ReaderState = "idle" | "head" | "body" | "done" | "tunnel" | "dead";

const LENGTH = 0;
const CLOSE = 1;
const SIZE = 2;
const DATA = 3;
const DATA_END = 4;
const TRAILERS = 5;

/** What readers of requests and of responses have in common: the body, and what spans several reads. */
export abstract class MessageReader {
  state: ReaderState = "idle";
  protected readonly limits: Http1Limits;
  private step = LENGTH;
  /** Octets of the body, or of its current chunk, still to come. */
  private remaining = 0;
  /** The next octet of a chunk's CRLF is the LF. */
  private hasCr = false;
  /** Read() returns: the message is over, whatever its last event has led to. */
  private isOver = false;
  private chunkLine: ChunkLine | null = null;
  private trailers: PartialHead<FieldScanner> | null = null;

  constructor(limits: Http1Limits) {
    this.limits = limits;
  }

  /** Reads a head from bytes[start, end); returns the offset of the first octet that it did not take. */
  protected abstract readHead(bytes: Uint8Array, start: number, end: number): number;
  protected abstract emitBody(chunk: Uint8Array): void;
  protected abstract emitEnd(trailers: Fields | null): void;
  protected abstract emitMalformed(fault: Fault): void;
  protected abstract readonly names: Uint8Array;
  protected abstract readonly malformed: FaultCode;
  protected abstract readonly tooLarge: FaultCode;

  /**
   * Takes bytes[start, end) and returns the offset of the first octet it did not take. It stops behind a message's
   * end, also when an event has called for the next one, and takes nothing once it is done or dead.
   */
  read(bytes: Uint8Array, start: number, end: number): number {
    this.isOver = false;
    let at = start;
    while (at < end && !this.isOver) {
      switch (this.state) {
        case "idle":
        case "head":
          at = this.readHead(bytes, at, end);
          break;
        case "body":
          at = this.readBody(bytes, at, end);
          break;
        case "tunnel":
          this.emitBody(bytes.subarray(at, end));
          return end;
        default:
          return at;
      }
    }
    return at;
  }

  /** Everything from here on is tunnel octets: after a 101, or a 2xx to CONNECT. */
  startTunnel(): void {
    if (this.state === "dead") return;
    this.state = "tunnel";
  }

  /** Takes and reports nothing more. */
  close(): void {
    this.state = "dead";
    this.trailers = null;
  }

  /** Makes `read` return when the current step has. */
  protected stop(): void {
    this.isOver = true;
  }

  /** Ends the message: to be called before its last event. */
  protected endMessage(): void {
    this.state = "done";
    this.isOver = true;
  }

  protected beginLengthBody(length: number): void {
    this.state = "body";
    this.step = LENGTH;
    this.remaining = length;
  }

  protected beginChunkedBody(): void {
    this.state = "body";
    this.step = SIZE;
    this.chunkLine ??= new ChunkLine();
    this.chunkLine.reset();
  }

  protected beginCloseBody(): void {
    this.state = "body";
    this.step = CLOSE;
  }

  /** The body ends where the connection does. */
  protected get endsWithConnection(): boolean {
    return this.step === CLOSE;
  }

  protected fail(code: FaultCode, message: string): void {
    this.close();
    this.isOver = true;
    this.emitMalformed(makeFault(code, message));
  }

  private readBody(bytes: Uint8Array, start: number, end: number): number {
    switch (this.step) {
      case CLOSE:
        this.emitBody(bytes.subarray(start, end));
        return end;
      case LENGTH:
      case DATA:
        return this.readData(bytes, start, end);
      case SIZE:
        return this.readChunkLine(bytes, start, end);
      case DATA_END:
        return this.readDataEnd(bytes, start);
      default:
        return this.readTrailers(bytes, start, end);
    }
  }

  private readData(bytes: Uint8Array, start: number, end: number): number {
    const length = Math.min(end - start, this.remaining);
    this.remaining -= length;
    const isLast = this.remaining === 0 && this.step === LENGTH;
    if (this.remaining === 0) this.step = this.step === LENGTH ? LENGTH : DATA_END;
    this.emitBody(bytes.subarray(start, start + length));
    // An event may have closed the reader.
    if (isLast && this.state === "body") {
      this.endMessage();
      this.emitEnd(null);
    }
    return start + length;
  }

  private readChunkLine(bytes: Uint8Array, start: number, end: number): number {
    const line = this.chunkLine!;
    const at = line.read(bytes, start, end);
    if (at === INCOMPLETE) return end;
    if (at === REFUSED) {
      this.fail(this.malformed, line.message);
      return start;
    }
    this.remaining = line.size;
    if (line.size > 0) {
      this.step = DATA;
      line.next();
    } else {
      this.step = TRAILERS;
    }
    return at;
  }

  /** The CRLF behind a chunk's data. */
  private readDataEnd(bytes: Uint8Array, start: number): number {
    if (bytes[start] !== (this.hasCr ? LF : CR)) {
      this.fail(this.malformed, "chunk data does not end in CRLF where its size says");
      return start;
    }
    if (this.hasCr) this.step = SIZE;
    this.hasCr = !this.hasCr;
    return start + 1;
  }

  private readTrailers(bytes: Uint8Array, start: number, end: number): number {
    let partial = this.trailers;
    if (partial === null) {
      if (end - start >= 2 && bytes[start] === CR && bytes[start + 1] === LF) {
        this.endMessage();
        this.emitEnd(null);
        return start + 2;
      }
      partial = this.trailers = new PartialHead(new FieldScanner());
    }
    const { maxTrailerBytes = DEFAULT_MAX_TRAILER_BYTES, maxFields } = this.limits;
    const had = partial.length;
    if (!partial.append(bytes, start, end, maxTrailerBytes + 1)) return end;
    const { scanner } = partial;
    const at = scanner.scanFields(
      partial.bytes,
      0,
      partial.length,
      this.names,
      maxTrailerBytes,
      maxFields,
      this.malformed,
      this.tooLarge,
    );
    if (at === INCOMPLETE) return end;
    this.trailers = null;
    if (at === REFUSED) {
      this.fail(scanner.code, `trailers: ${scanner.message}`);
      return start;
    }
    const spans = scanner.spans.slice(0, scanner.size);
    const fields = keepTrailers(new Fields(sliceLatin1(partial.bytes, 0, scanner.line), spans));
    if (fields === "refused") {
      this.fail(this.malformed, "trailers with a field that frames the message");
      return start;
    }
    this.endMessage();
    this.emitEnd(fields);
    return start + at - had;
  }
}
