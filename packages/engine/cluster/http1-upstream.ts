import { makeFault, Timer } from "../base/index.ts";
import type { Clock, Fault } from "../base/index.ts";
import { LENGTH_UNKNOWN } from "../message/index.ts";
import type { Fields, RequestHead, ResponseHead, UpstreamEvents, UpstreamStream } from "../message/index.ts";
import type { Connection, DialEvents, DialFailure } from "../net/index.ts";
import { encodeChunkSize, encodeLastChunk, encodeRequestHead, ResponseReader } from "../wire/http1/index.ts";
import type { Http1Limits, ResponseReaderEvents } from "../wire/http1/index.ts";
import { dialFault } from "./dial-fault.ts";
import { websocketAccept, withWebsocketKey } from "./websocket-handshake.ts";

/** What a connection needs of the endpoint that it belongs to. */
export interface UpstreamOwner {
  readonly name: string;
  readonly limits: Http1Limits;
  readonly clock: Clock;
  onOpened(): void;
  /** The connection is free, or gone. */
  onReleased(upstream: Http1Upstream): void;
  onGone(upstream: Http1Upstream): void;
  /** The endpoint closed it after so long without use. */
  onIdleClosed(idleMs: number): void;
  onDialFailed(failure: DialFailure): void;
}

/**
 * One HTTP/1.1 connection to an endpoint: carries one exchange at a time, and waits in the pool between them.
 *
 *   opening ─► busy ⇄ idle        busy: request and response may overlap; both done and kept alive ─► idle
 *      └─────────┴──────┴──► gone
 */
export class Http1Upstream extends Timer implements DialEvents, ResponseReaderEvents, UpstreamStream {
  private readonly owner: UpstreamOwner;
  private readonly reader: ResponseReader;
  connection!: Connection;
  private events: UpstreamEvents | null = null;
  isOpen = false;
  isReused = false;
  private isGone = false;
  /** Bytes of the current response were seen. */
  private hasResponse = false;
  private isRequestDone = false;
  private isChunked = false;
  private isTunnel = false;
  private keepsAlive = false;
  /** Set by the reader, delivered when the read returns and extra bytes would have shown. */
  private endedHead: ResponseHead | null = null;
  private isEnded = false;
  private trailers: Fields | null = null;
  private malformed: Fault | null = null;
  /** How long the server says it keeps the connection (Keep-Alive: timeout=5), in milliseconds; 0 when silent. */
  keepAliveHintMs = 0;
  /** The TLS settings that it was made under: see Cluster.epoch. */
  readonly epoch: number;
  /** Clock milliseconds from when on it takes no further request. */
  retireAtMs = Infinity;
  /** No exchange waits for it: it goes to the pool when it is open. */
  isInAdvance = false;
  /** Clock milliseconds when it became free last. */
  idleSinceMs = 0;
  /** How long it had been free when the exchange under way took it; -1: nobody has looked. */
  idleMs = -1;
  /** That it carried, the one under way included. */
  requests = 0;
  private isPaused = false;
  /** Of a WebSocket whose client speaks HTTP/2, and sent none: what the endpoint must accept. */
  private websocketKey = "";

  constructor(owner: UpstreamOwner, epoch: number) {
    super();
    this.owner = owner;
    this.epoch = epoch;
    this.reader = new ResponseReader(owner.limits, this);
  }

  /** Begins an exchange on this free connection. Nothing leaves before `flush`. */
  start(head: RequestHead, isLast: boolean, events: UpstreamEvents): void {
    this.events = events;
    this.requests++;
    this.hasResponse = false;
    this.isRequestDone = isLast;
    this.isChunked = !isLast && head.bodyLength === LENGTH_UNKNOWN && head.upgrade === "";
    this.isEnded = false;
    this.reader.expect(head.method, head.upgrade);
    this.connection.writeText(encodeRequestHead(head.upgrade === "" ? head : this.handshake(head)));
  }

  private handshake(head: RequestHead): RequestHead {
    this.websocketKey = "";
    if (head.upgrade !== "websocket" || head.version !== 20) return head;
    const own = withWebsocketKey(head);
    this.websocketKey = own.key;
    return own.head;
  }

  // UpstreamStream

  /** While the connection is being made nothing of it can have left. */
  get mayBeUnsent(): boolean {
    return !this.isOpen;
  }

  writeBody(chunk: Uint8Array): void {
    if (this.events === null) return;
    if (!this.isChunked || this.isTunnel) {
      this.connection.writeBytes(chunk);
      return;
    }
    if (chunk.length === 0) return;
    this.connection.writeText(encodeChunkSize(chunk.length));
    this.connection.writeBytes(chunk, "\r\n");
  }

  writeEnd(trailers: Fields | null): void {
    if (this.events === null) return;
    this.isRequestDone = true;
    if (this.isTunnel) this.connection.end();
    else if (this.isChunked) this.connection.writeText(encodeLastChunk(trailers));
  }

  flush(): boolean {
    return this.connection.flush();
  }

  reset(_fault: Fault): void {
    this.events = null;
    this.connection.destroy(this.isTunnel);
  }

  pauseResponseBody(): void {
    this.isPaused = true;
    this.connection.pauseReading();
  }

  resumeResponseBody(): void {
    if (!this.isPaused) return;
    this.isPaused = false;
    this.connection.resumeReading();
  }

  // ConnectionEvents

  onBytes(bytes: Buffer, length: number): void {
    const events = this.events;
    if (events === null) {
      // Threats 35: bytes that nobody asked for would answer the next request.
      this.connection.destroy();
      return;
    }
    this.hasResponse = true;
    const at = this.reader.read(bytes, 0, length);
    if (this.malformed !== null) {
      this.fail(this.malformed);
      return;
    }
    // An event may have ended the exchange (reset by the client's side).
    if (this.events !== events) return;
    if (this.isEnded) this.deliverEnd(events, at < length);
    events.onResponseReadDone();
  }

  private deliverEnd(events: UpstreamEvents, hasExtraBytes: boolean): void {
    const head = this.endedHead;
    const trailers = this.trailers;
    this.endedHead = null;
    this.trailers = null;
    this.events = null;
    const isReusable = this.keepsAlive && this.isRequestDone && !hasExtraBytes && !this.isTunnel;
    // Before the client hears of the end: its next request finds the connection in the pool.
    if (isReusable) this.release();
    if (head !== null) events.onResponseHead(head, true);
    else events.onResponseEnd(trailers);
    if (!isReusable) this.connection.destroy();
  }

  private release(): void {
    // The client's side may have held it back: nobody would let it go on.
    this.resumeResponseBody();
    this.owner.onReleased(this);
  }

  onEnd(): void {
    if (this.events === null) {
      this.owner.onIdleClosed(this.freeMs);
      this.connection.destroy();
      return;
    }
    const events = this.events;
    if (this.isTunnel) {
      // The client's half may go on; with it done, both sides have ended and the socket closes by itself.
      this.isEnded = true;
      events.onResponseEnd(null);
      return;
    }
    if (!this.hasResponse) {
      this.fail(this.emptyResponse(null));
      return;
    }
    this.reader.finish();
    if (this.malformed !== null) {
      this.fail(this.malformed);
      return;
    }
    if (this.isEnded) {
      this.keepsAlive = false;
      this.deliverEnd(events, false);
      events.onResponseReadDone();
    }
  }

  onDrain(): void {
    this.events?.onUpstreamDrain();
  }

  onClosed(error: Error | null): void {
    if (this.isGone) return;
    this.isGone = true;
    if (this.events === null && error !== null && this.isOpen) this.owner.onIdleClosed(this.freeMs);
    this.owner.onGone(this);
    if (this.events === null) return;
    if (!this.hasResponse) {
      this.fail(this.emptyResponse(error));
      return;
    }
    // Of a head that is not whole nothing was passed on: an idempotent request may be tried again.
    this.fail(
      this.reader.state === "head"
        ? makeFault("HDL_UPSTREAM_RESET", "upstream connection closed within a response head", error)
        : makeFault("HDL_UPSTREAM_BODY_CUT_SHORT", "upstream connection closed within a response", error),
    );
  }

  /** Closed without a byte of the response: a reused connection was probably closed while it was idle. */
  private emptyResponse(error: Error | null): Fault {
    if (!this.isReused)
      return makeFault("HDL_UPSTREAM_RESET", "upstream closed the connection before a response", error);
    if (this.idleMs >= 0) this.owner.onIdleClosed(this.idleMs);
    return makeFault(
      "HDL_UPSTREAM_STALE",
      "kept-alive upstream connection was closed before a response",
      error,
    );
  }

  private fail(fault: Fault): void {
    const events = this.events;
    this.events = null;
    this.connection.destroy();
    events?.onUpstreamReset(fault);
  }

  // DialEvents

  onOpen(): void {
    this.isOpen = true;
    this.owner.onOpened();
    if (this.isInAdvance) this.owner.onReleased(this);
  }

  onDialFailed(failure: DialFailure): void {
    this.owner.onDialFailed(failure);
    this.fail(dialFault(this.owner.name, failure));
  }

  // ResponseReaderEvents

  onInformational(head: ResponseHead): void {
    this.events?.onInformational(head);
  }

  onResponseHead(head: ResponseHead, isLast: boolean, keepAlive: boolean): void {
    this.keepsAlive = keepAlive;
    this.keepAliveHintMs = this.reader.keepAliveSeconds * 1_000;
    if (isLast) {
      this.endedHead = head;
      this.isEnded = true;
      return;
    }
    if (head.status === 101) {
      if (this.websocketKey !== "" && !this.accepts(head)) {
        this.malformed = makeFault("HDL_UPSTREAM_MALFORMED", "endpoint answers another WebSocket handshake");
        return;
      }
      this.isTunnel = true;
      this.isRequestDone = false;
      this.reader.startTunnel();
    }
    this.events?.onResponseHead(head, false);
  }

  /** RFC 6455 section 4.1, in place of the client. */
  private accepts({ fields }: ResponseHead): boolean {
    const accept = fields.get("sec-websocket-accept");
    fields.delete("sec-websocket-accept");
    return accept === websocketAccept(this.websocketKey);
  }

  onResponseBody(chunk: Uint8Array): void {
    if (this.malformed === null) this.events?.onResponseBody(chunk);
  }

  onResponseEnd(trailers: Fields | null): void {
    this.trailers = trailers;
    this.isEnded = true;
  }

  onResponseMalformed(fault: Fault): void {
    this.malformed = fault;
  }

  // Timer: an idle connection has waited long enough; a busy one is looked at again when it is released.
  expire(): void {
    if (this.events === null) this.connection.destroy();
  }

  private get freeMs(): number {
    return this.owner.clock.now() - this.idleSinceMs;
  }

  /** In the pool and sound. */
  get isIdle(): boolean {
    return this.events === null && !this.isGone;
  }
}
