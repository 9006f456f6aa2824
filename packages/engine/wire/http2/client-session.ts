import { makeFault } from "../../base/index.ts";
import type { Fault, FaultCode } from "../../base/index.ts";
import type { RequestHead, ResponseHead } from "../../message/index.ts";
import { goAwayFrame, headersFrames } from "./encode-frames.ts";
import { encodeRequestHead } from "./encode-request.ts";
import { isBodiless } from "./encode-response.ts";
import { errorName, H2 } from "./errors.ts";
import type { Http2ErrorCode } from "./errors.ts";
import { MAX_31, SETTING } from "./frames.ts";
import type { Http2Limits } from "./limits.ts";
import { MAX_FRAME_BYTES, MAX_INFORMATIONAL } from "./limits.ts";
import { CLIENT_PREFACE } from "./preface.ts";
import { ResponseCollector } from "./response-collector.ts";
import type { SessionEvents } from "./session-events.ts";
import { Http2Session } from "./session.ts";
import type { ResponseStreamEvents } from "./stream-events.ts";
import type { Http2Stream } from "./stream.ts";
import { TrailerCollector } from "./trailer-collector.ts";
import type { Http2Writer } from "./writer.ts";

/** One for all connections: a block is collected within one call. */
const collector = new ResponseCollector();
const trailerCollector = new TrailerCollector("HDL_UPSTREAM_MALFORMED", "HDL_UPSTREAM_HEAD_TOO_LARGE");

/** The client's end of a connection: requests out, responses in. Server push is refused. */
export class Http2ClientSession extends Http2Session {
  protected readonly isClient = true;
  protected readonly malformedCode: FaultCode = "HDL_UPSTREAM_MALFORMED";
  protected readonly trailers = trailerCollector;
  private hasGoAway = false;

  constructor(writer: Http2Writer, limits: Http2Limits, events: SessionEvents) {
    // A server may refuse and reset what we ask for as fast as we ask.
    super(writer, limits, events, Number.POSITIVE_INFINITY);
  }

  override start(): void {
    this.writer.writeText(CLIENT_PREFACE);
    this.writeSettings([[SETTING.ENABLE_PUSH, 0]]);
    super.start();
  }

  /**
   * Begins a request: its head is written, and `events` gets the response. Null when `canOpen` is false. `isLast`: no
   * body follows. A head with `upgrade` goes out as an extended CONNECT (see `canConnectExtended`), and is never last.
   * Throws RangeError for a head that no request may have; then nothing was written.
   */
  open(head: RequestHead, isLast: boolean, events: ResponseStreamEvents): Http2Stream | null {
    if (!this.canOpen) return null;
    const { upgrade } = head;
    const block = encodeRequestHead(this.encoder, head);
    const id = this.lastOwnStream === 0 ? 1 : this.lastOwnStream + 2;
    this.lastOwnStream = id;
    const stream = this.addStream(id);
    stream.events = events;
    stream.method = upgrade === "" ? head.method : "CONNECT";
    stream.upgrade = upgrade;
    stream.isLocalEnded = isLast && stream.method !== "CONNECT";
    this.writeControl(headersFrames(block, stream.isLocalEnded, stream.idText, MAX_FRAME_BYTES));
    return stream;
  }

  /** Another stream may be opened now. */
  get canOpen(): boolean {
    return this.openable > 0;
  }

  /** How many streams may be opened now: by the peer's limit, 0 after GOAWAY or `drain`, and near the last id. */
  get openable(): number {
    if (this.isDead || this.hasGoAway || this.isDraining) return 0;
    return Math.min(this.peer.maxStreams - this.streams.size, (MAX_31 - this.lastOwnStream) >> 1);
  }

  /** The peer takes extended CONNECT (RFC 8441 section 3). */
  get canConnectExtended(): boolean {
    return this.peer.takesExtendedConnect;
  }

  /** Opens no more streams, and says so; those that are open go on. */
  override drain(): void {
    if (this.isDraining || this.isDead) return;
    this.isDraining = true;
    this.isDrained = true;
    this.writeControl(goAwayFrame(0, H2.NO_ERROR));
  }

  protected faultCode(_code: Http2ErrorCode): FaultCode {
    return "HDL_UPSTREAM_MALFORMED";
  }

  protected peerReset(stream: Http2Stream, code: number): Fault {
    const message = `upstream reset the stream with ${errorName(code)}`;
    // Section 8.7: it was not processed.
    if (code === H2.REFUSED_STREAM && !stream.hasResponse) return makeFault("HDL_UPSTREAM_REFUSED", message);
    // The response is whole: the rest of the request is not wanted.
    if (stream.isRemoteEnded) return makeFault("HDL_UPSTREAM_RESET", message, undefined, "no");
    return makeFault(stream.hasResponse ? "HDL_UPSTREAM_BODY_CUT_SHORT" : "HDL_UPSTREAM_RESET", message);
  }

  protected isIdle(id: number): boolean {
    return id > this.lastOwnStream || (id & 1) === 0;
  }

  protected isTrailers(stream: Http2Stream): boolean {
    return stream.hasResponse;
  }

  protected onHead(id: number, isLast: boolean, bytes: Uint8Array, start: number, end: number): void {
    const stream = this.streams.get(id);
    if (stream === undefined) {
      this.onConnectionError(H2.PROTOCOL_ERROR, "HEADERS on a stream that was not opened");
      return;
    }
    const { limits } = this;
    collector.reset(limits.maxHeadBytes, limits.maxFields);
    if (!this.decode(bytes, start, end, collector)) return;
    const head = collector.finish();
    if (head === null) {
      this.breakStream(stream, H2.PROTOCOL_ERROR, `response head: ${collector.problem}`, collector.code);
    } else if (head.status < 200) {
      this.onInformational(stream, head, isLast);
    } else {
      this.onFinal(stream, head, isLast);
    }
  }

  /** Section 8.1, and 8.6: there is no 101. */
  private onInformational(stream: Http2Stream, head: ResponseHead, isLast: boolean): void {
    stream.informationals++;
    if (isLast || head.status === 101 || head.bodyLength > 0 || stream.informationals > MAX_INFORMATIONAL) {
      this.breakStream(
        stream,
        H2.PROTOCOL_ERROR,
        "1xx response that is last, 101, has a body, or is one too many",
      );
      return;
    }
    head.bodyLength = 0;
    head.fields.delete("content-length");
    this.touch(stream);
    (stream.events as ResponseStreamEvents | null)?.onInformational(head);
  }

  private onFinal(stream: Http2Stream, head: ResponseHead, isLast: boolean): void {
    const { method, upgrade } = stream;
    const { status } = head;
    const isTunnel = method === "CONNECT" && status < 300;
    if (isTunnel) {
      // RFC 9110 section 9.3.6: a length means nothing here.
      head.fields.delete("content-length");
      head.bodyLength = 0;
      if (upgrade !== "") {
        head.status = 101;
        head.fields.addTrusted("upgrade", upgrade);
      }
    } else if (isBodiless(status, method)) {
      if (status === 204) head.fields.delete("content-length");
      head.bodyLength = 0;
      stream.expected = 0;
    } else if (isLast) {
      if (head.bodyLength > 0) {
        this.breakStream(stream, H2.PROTOCOL_ERROR, "content-length without a body");
        return;
      }
      head.bodyLength = 0;
    } else {
      stream.expected = head.bodyLength;
    }
    stream.hasResponse = true;
    stream.isRemoteEnded = isLast;
    this.touch(stream);
    const events = stream.events as ResponseStreamEvents | null;
    events?.onResponse(head, isLast && !isTunnel);
    if (!isLast) return;
    if (isTunnel && !stream.isClosed) events?.onEnd(null);
    if (stream.isLocalEnded) this.endStream(stream);
  }

  override onGoAway(lastStream: number, code: number): void {
    this.hasGoAway = true;
    // Section 6.8: those above it were not processed, and never will be.
    for (const stream of this.streams.toArray()) {
      if (stream.id <= lastStream) continue;
      const message = `upstream said GOAWAY with ${errorName(code)} before the request`;
      this.closed.addReset(stream.id, true);
      this.lose(stream, makeFault("HDL_UPSTREAM_REFUSED", message));
    }
    super.onGoAway(lastStream, code);
  }

  /** The server may still answer. */
  protected onHalfClosed(stream: Http2Stream): void {
    if (stream.isRemoteEnded) this.endStream(stream);
  }

  writeInformational(): void {
    throw new Error("a client sends no response");
  }

  writeHead(): void {
    throw new Error("a client sends no response");
  }
}
