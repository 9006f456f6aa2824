import { makeFault } from "../../base/index.ts";
import type { Fault, FaultCode } from "../../base/index.ts";
import type { Fields, ResponseHead } from "../../message/index.ts";
import { headersFrames } from "./encode-frames.ts";
import { encodeResponseHead, isBodiless } from "./encode-response.ts";
import { errorName, H2, resetCodeOf } from "./errors.ts";
import type { Http2ErrorCode } from "./errors.ts";
import { SETTING } from "./frames.ts";
import type { Http2Limits } from "./limits.ts";
import { MAX_FRAME_BYTES } from "./limits.ts";
import { CLIENT_PREFACE } from "./preface.ts";
import { RequestCollector } from "./request-collector.ts";
import { RequestMemo } from "./request-memo.ts";
import type { ServerSessionOptions } from "./server-options.ts";
import type { ServerSessionEvents } from "./session-events.ts";
import { Http2Session } from "./session.ts";
import type { Http2Stream } from "./stream.ts";
import { TrailerCollector } from "./trailer-collector.ts";
import type { Http2Writer } from "./writer.ts";

/** One for all connections: a block is collected within one call. */
const collector = new RequestCollector();
const trailerCollector = new TrailerCollector("HDL_REQUEST_MALFORMED", "HDL_REQUEST_HEAD_TOO_LARGE");

/** The server's end of a connection: requests in, responses out. */
export class Http2ServerSession extends Http2Session {
  protected readonly isClient = false;
  protected readonly malformedCode: FaultCode = "HDL_REQUEST_MALFORMED";
  protected readonly trailers = trailerCollector;
  private readonly options: ServerSessionOptions;
  private readonly events: ServerSessionEvents;
  private readonly memo = new RequestMemo();
  /** Octets of the client's preface that have come. */
  private prefaceAt = 0;
  /** The stream that is being refused: its end is not the usual one. */
  private refused: Http2Stream | null = null;

  constructor(
    writer: Http2Writer,
    limits: Http2Limits,
    options: ServerSessionOptions,
    events: ServerSessionEvents,
  ) {
    super(writer, limits, events, limits.resetsPerSecond);
    this.options = options;
    this.events = events;
  }

  override start(): void {
    this.writeSettings([
      [SETTING.MAX_CONCURRENT_STREAMS, this.limits.maxStreams],
      [SETTING.ENABLE_CONNECT_PROTOCOL, this.options.upgrades.length > 0 ? 1 : 0],
    ]);
    super.start();
  }

  override read(bytes: Uint8Array, from: number, to: number, nowMs: number): void {
    let at = from;
    for (; this.prefaceAt < CLIENT_PREFACE.length && at < to; at++, this.prefaceAt++) {
      if (bytes[at] === CLIENT_PREFACE.charCodeAt(this.prefaceAt)) continue;
      this.onConnectionError(H2.PROTOCOL_ERROR, "not the preface of HTTP/2");
      return;
    }
    super.read(bytes, at, to, nowMs);
  }

  protected faultCode(code: Http2ErrorCode): FaultCode {
    return code === H2.ENHANCE_YOUR_CALM ? "HDL_DOWNSTREAM_FLOOD" : "HDL_DOWNSTREAM_PROTOCOL_ERROR";
  }

  protected peerReset(_stream: Http2Stream, code: number): Fault {
    return makeFault("HDL_DOWNSTREAM_RESET", `client reset the stream with ${errorName(code)}`);
  }

  /** Section 5.1.1: a client's streams are odd, and rise. We begin none. */
  protected isIdle(id: number): boolean {
    return id > this.lastPeerStream || (id & 1) === 0;
  }

  /** The head is what the stream began with. */
  protected isTrailers(_stream: Http2Stream): boolean {
    return true;
  }

  protected onHead(id: number, isLast: boolean, bytes: Uint8Array, start: number, end: number): void {
    if ((id & 1) === 0) {
      this.onConnectionError(H2.PROTOCOL_ERROR, "HEADERS on a stream that a client cannot begin");
      return;
    }
    const { limits } = this;
    // Section 6.8: what comes behind the last GOAWAY is ignored, not answered.
    const isServed = !this.isDrained && this.streams.size < limits.maxStreams;
    if (!isServed) {
      if (this.decode(bytes, start, end, null)) this.refuseStream(id);
      return;
    }
    const { generation } = this.decoder;
    let head = isLast ? this.memo.find(bytes, start, end, generation) : null;
    if (head === null) {
      collector.reset(limits.maxHeadBytes, limits.maxFields);
      if (!this.decode(bytes, start, end, collector)) return;
      head = collector.finish(isLast, this.options, limits.maxTargetBytes);
      if (head !== null && isLast && this.decoder.generation === generation) {
        this.memo.keep(bytes, start, end, generation, head);
      }
    }
    this.lastPeerStream = id;
    const stream = this.addStream(id);
    stream.isRemoteEnded = isLast;
    if (head === null) {
      this.refuse(stream, makeFault(collector.code, `request head: ${collector.problem}`));
      return;
    }
    stream.method = head.upgrade === "" ? head.method : "CONNECT";
    stream.upgrade = head.upgrade;
    if (!isLast && stream.method !== "CONNECT") stream.expected = head.bodyLength;
    this.touch(stream);
    const events = this.events.onRequest(stream, head, isLast && stream.upgrade === "");
    if (stream.isClosed) return;
    stream.events = events;
    if (isLast && stream.upgrade !== "") events?.onEnd(null);
  }

  private refuseStream(id: number): void {
    this.lastPeerStream = id;
    if (this.isDrained) this.closed.addReset(id, false);
    else this.breakUnknown(id, H2.REFUSED_STREAM);
  }

  /**
   * Section 8.1.1: a malformed request may be answered, and its stream is reset all the same. What is refused for
   * another reason and answered ends well.
   */
  private refuse(stream: Http2Stream, fault: Fault): void {
    this.refused = stream;
    this.events.onRequestRefused(stream, fault);
    this.refused = null;
    if (this.isDead) return;
    const isAnswered = stream.isLocalEnded && fault.code !== "HDL_REQUEST_MALFORMED";
    if (isAnswered && stream.isRemoteEnded) this.endStream(stream);
    else this.dropStream(stream, isAnswered ? H2.NO_ERROR : resetCodeOf(fault.code));
    this.countReset();
  }

  writeInformational(stream: Http2Stream, head: ResponseHead): void {
    if (stream.isWriteEnded || stream.hasResponse) return;
    const block = encodeResponseHead(this.encoder, head, head.status, stream.method);
    this.writeControl(headersFrames(block, false, stream.idText, MAX_FRAME_BYTES));
  }

  writeHead(stream: Http2Stream, head: ResponseHead, isLast: boolean): void {
    if (stream.isWriteEnded || stream.hasResponse) return;
    const { method, upgrade } = stream;
    // RFC 8441 section 5: what is 101 in HTTP/1.1.
    const status = head.status === 101 && upgrade !== "" ? 200 : head.status;
    const ends = isLast || isBodiless(status, method);
    const block = encodeResponseHead(this.encoder, head, status, method);
    stream.hasResponse = true;
    // A refusal of the tunnel is a response like any other, and ends the stream.
    if (status >= 300) stream.upgrade = "";
    this.writeControl(headersFrames(block, ends, stream.idText, MAX_FRAME_BYTES));
    if (ends) this.onEndSent(stream);
  }

  /** There is no body before a head: such a stream would be malformed. */
  override writeBody(stream: Http2Stream, chunk: Uint8Array): void {
    if (stream.hasResponse) super.writeBody(stream, chunk);
  }

  override writeEnd(stream: Http2Stream, trailers: Fields | null): void {
    if (stream.hasResponse) super.writeEnd(stream, trailers);
  }

  /** Section 8.1: the rest of the request is not wanted. The halves of a tunnel end one by one. */
  protected onHalfClosed(stream: Http2Stream): void {
    if (stream === this.refused || this.isDead) return;
    if (stream.isRemoteEnded) this.endStream(stream);
    else if (stream.upgrade === "") this.dropStream(stream, H2.NO_ERROR);
  }
}
