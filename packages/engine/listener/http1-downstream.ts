import { FAULTS, makeFault, Timer } from "../base/index.ts";
import type { Fault } from "../base/index.ts";
import { httpDate, LENGTH_UNKNOWN } from "../message/index.ts";
import type {
  ExchangeEvents,
  Fields,
  Peer,
  RequestHead,
  ResponseHead,
  ResponseSink,
} from "../message/index.ts";
import type { ListenerSettings } from "../model/index.ts";
import type { Connection } from "../net/index.ts";
import {
  encodeChunkSize,
  encodeLastChunk,
  encodeResponseHead,
  RequestReader,
  responseFraming,
  statusLine,
} from "../wire/http1/index.ts";
import type { RequestReaderEvents, ResponseFraming } from "../wire/http1/index.ts";
import type { Downstream, DownstreamOwner } from "./downstream.ts";

/** How long, and how many octets, a response waits for a client that still sends when it is complete. */
const LINGER_MS = 2_000;
const LINGER_BYTES = 67_108_864;
/** What the client has sent waits to be worked off: whether it was late is seen after it. */
const UNREAD_MS = 100;
/** After a response that promised to keep the connection, the next request may be on its way: a drain waits so long. */
const LAST_REQUEST_MS = 500;

type Phase = "idle" | "head" | "exchange" | "tunnel" | "linger" | "closed";

/**
 * One HTTP/1.1 connection from a client: one exchange at a time; bytes of pipelined requests wait.
 *
 *   idle ─(first byte)─► head ─(head complete)─► exchange ─(request and response done)─► idle
 *                          │ malformed, slow        │ 101 ─► tunnel
 *                          └──► answered ─► linger ─► closed ◄──┴─ response done, request not
 */
export class Http1Downstream extends Timer implements Downstream, RequestReaderEvents, ResponseSink {
  place = -1;
  private readonly owner: DownstreamOwner;
  private readonly connection: Connection;
  private readonly peer: Peer;
  private readonly reader: RequestReader;
  private settings: ListenerSettings;
  private phase: Phase = "idle";
  private events: ExchangeEvents | null = null;
  /** Bytes behind the current request: the next one's. At most one read's worth, since reading pauses. */
  private waiting: Buffer | null = null;
  private isReading = false;
  private isHeadTimed = false;
  private isPausedForResponse = false;
  /** Responses wait for a slow reader: the next request is not begun before they are gone. */
  private isHeld = false;
  private isBodyPaused = false;
  /** Since when, and for how long before, the body has been held back by us. */
  private pausedAtMs = 0;
  private heldMs = 0;
  private request: RequestHead | null = null;
  private keepsAlive = false;
  /** This connection alone is to end: the listener goes on. */
  private isDraining = false;
  /** The server of the exchange is gone. */
  private isMarked = false;
  private isRequestDone = false;
  private isResponseDone = false;
  private isHeadSent = false;
  private framing: ResponseFraming = "none";
  private hasEnded = false;
  private requests = 0;
  /** Clock milliseconds from when on the next response is the last. */
  private readonly wornAtMs: number;
  private bodySeen = 0;
  /** Clock milliseconds at which the current phase began, and of the last byte either way in an exchange. */
  private phaseStartMs: number;
  private lastByteMs: number;
  private bodyBytes = 0;
  private lingerBytes = 0;
  private lingerPending = 0;

  constructor(connection: Connection, peer: Peer, owner: DownstreamOwner) {
    super();
    this.owner = owner;
    this.connection = connection;
    this.peer = peer;
    const settings = owner.settings;
    this.settings = settings;
    this.reader = new RequestReader(
      settings,
      peer.tls === null ? "http" : "https",
      settings.escapedSlashes,
      settings.upgrades,
      this,
    );
    this.phaseStartMs = owner.clock.now();
    this.lastByteMs = this.phaseStartMs;
    const { maxConnectionAgeMs } = settings;
    // A tenth more or less: connections that came together do not leave together.
    const ageMs =
      maxConnectionAgeMs === 0 ? Infinity : maxConnectionAgeMs * (0.9 + 0.2 * owner.random.next());
    this.wornAtMs = this.phaseStartMs + ageMs;
    // Before the first request the head's time limit holds, not the longer one between requests.
    owner.wheel.schedule(this, this.phaseStartMs + settings.headTimeoutMs);
  }

  // ConnectionEvents

  onBytes(bytes: Buffer, length: number): void {
    if (this.phase === "linger") {
      this.lingerBytes += length;
      if (this.lingerBytes > LINGER_BYTES) this.close();
      return;
    }
    if (this.phase === "closed") return;
    if (this.waiting !== null || (this.isRequestDone && this.events !== null && this.phase !== "tunnel")) {
      this.wait(bytes, 0, length);
      return;
    }
    this.consume(bytes, length);
  }

  private consume(bytes: Buffer, length: number): void {
    this.isReading = true;
    let at = 0;
    if (this.phase === "idle") this.phase = "head";
    for (;;) {
      at = this.reader.read(bytes, at, length);
      const { events } = this;
      if (events !== null) events.onRequestReadDone();
      if (at >= length || this.isOver()) break;
      // The request is complete. Its response may be too: then the next one begins in the same bytes.
      if (this.events !== null || !this.isIdle()) {
        this.wait(bytes, at, length);
        break;
      }
      this.phase = "head";
    }
    this.isReading = false;
    if (this.phase === "head") this.awaitHead();
    // Also with an exchange under way: what was answered at once must not wait for it.
    if (!this.connection.flush()) this.hold();
  }

  /** A client that asks and asks but does not read gets no further than the high-water mark. */
  private hold(): void {
    if (this.phase !== "idle" && this.phase !== "head") return;
    this.isHeld = true;
    if (this.isPausedForResponse) return;
    this.isPausedForResponse = true;
    this.connection.pauseReading();
  }

  /** A function, since the phase changes within calls that the compiler cannot see. */
  private isOver(): boolean {
    return this.phase === "closed" || this.phase === "linger";
  }

  private isIdle(): boolean {
    return this.phase === "idle";
  }

  /** The head did not come whole: from its first byte on it has its own time limit, which more bytes do not move. */
  private awaitHead(): void {
    if (this.reader.state === "idle") {
      this.phase = "idle";
      return;
    }
    if (this.isHeadTimed) return;
    this.isHeadTimed = true;
    this.phaseStartMs = this.owner.clock.now();
    this.owner.wheel.schedule(this, this.phaseStartMs + this.settings.headTimeoutMs);
  }

  /** The head's first byte came then, before this connection was known to speak HTTP/1.1: its time runs since. */
  beginHead(firstByteMs: number): void {
    this.isHeadTimed = true;
    this.phase = "head";
    this.phaseStartMs = firstByteMs;
    this.owner.wheel.schedule(this, firstByteMs + this.settings.headTimeoutMs);
  }

  private wait(bytes: Buffer, from: number, to: number): void {
    const rest = Buffer.from(bytes.subarray(from, to));
    this.waiting = this.waiting === null ? rest : Buffer.concat([this.waiting, rest]);
    if (!this.isPausedForResponse) {
      this.isPausedForResponse = true;
      this.connection.pauseReading();
    }
  }

  onEnd(): void {
    this.hasEnded = true;
    switch (this.phase) {
      case "linger":
        // What the client has not read yet still goes out.
        if (this.connection.pendingBytes === 0) this.connection.destroy();
        return;
      case "idle":
      case "head":
        // A head cut short is nobody's request.
        this.close();
        return;
      case "tunnel": {
        this.events?.onRequestEnd(null);
        return;
      }
      case "exchange":
        // A half-close after a whole request is legitimate: the response is still wanted.
        if (this.isRequestDone) {
          this.keepsAlive = false;
          return;
        }
        this.drop(makeFault("HDL_DOWNSTREAM_RESET", "client closed within the request body"));
        return;
      case "closed":
        return;
    }
  }

  onDrain(): void {
    if (this.phase === "linger") return;
    if (this.isHeld) {
      this.isHeld = false;
      this.goOn();
      return;
    }
    this.events?.onResponseDrain();
  }

  onClosed(error: Error | null): void {
    const { events } = this;
    this.phase = "closed";
    this.events = null;
    this.waiting = null;
    this.owner.wheel.cancel(this);
    this.owner.onDownstreamClosed(this);
    events?.onRequestReset(makeFault("HDL_DOWNSTREAM_RESET", "client closed the connection", error));
    this.peer.memo?.close();
  }

  /** Tells an exchange that its client is gone, and closes. */
  private drop(fault: Fault): void {
    const { events } = this;
    this.events = null;
    this.connection.destroy(this.isHeadSent);
    events?.onRequestReset(fault);
  }

  // RequestReaderEvents

  onRequestHead(head: RequestHead, isLast: boolean, keepAlive: boolean): void {
    // The reader's limits stay those that the connection began with.
    const { settings } = this.owner;
    this.settings = settings;
    this.request = head;
    this.requests++;
    this.isRequestDone = isLast;
    this.isResponseDone = false;
    this.isHeadSent = false;
    this.bodyBytes = 0;
    this.bodySeen = 0;
    this.heldMs = 0;
    const nowMs = this.owner.clock.now();
    const isSpent =
      nowMs >= this.wornAtMs ||
      (settings.maxRequestsPerConnection > 0 && this.requests >= settings.maxRequestsPerConnection);
    this.keepsAlive = keepAlive && !isSpent && !this.isLeaving && head.upgrade === "";
    this.phase = "exchange";
    this.isHeadTimed = false;
    this.phaseStartMs = nowMs;
    this.lastByteMs = nowMs;
    if (!isLast) this.owner.wheel.schedule(this, nowMs + settings.bodyRateGraceMs);
    const refusal = this.refusal(head);
    if (refusal !== null) {
      this.refuse(refusal);
      return;
    }
    const events = this.owner.handler.open(head, isLast, this.peer, this);
    // The response may be complete already; then the exchange is over and its events are not wanted.
    if (this.phase === "exchange" && !this.isResponseDone) this.events = events;
  }

  private refusal(head: RequestHead): Fault | null {
    if (head.method === "CONNECT") {
      return makeFault("HDL_REQUEST_METHOD_UNSUPPORTED", "CONNECT is not served on this listener");
    }
    const { maxBodyBytes } = this.settings;
    if (maxBodyBytes > 0 && head.bodyLength > maxBodyBytes) {
      return makeFault(
        "HDL_REQUEST_BODY_TOO_LARGE",
        `body is ${head.bodyLength} bytes, limit ${maxBodyBytes}`,
      );
    }
    return null;
  }

  onRequestBody(chunk: Uint8Array): void {
    this.bodyBytes += chunk.length;
    const { maxBodyBytes } = this.settings;
    if (maxBodyBytes > 0 && this.bodyBytes > maxBodyBytes && this.phase === "exchange") {
      const { events } = this;
      const fault = makeFault("HDL_REQUEST_BODY_TOO_LARGE", `body is over ${maxBodyBytes} bytes, the limit`);
      this.events = null;
      events?.onRequestReset(fault);
      this.refuse(fault, events !== null);
      return;
    }
    this.events?.onRequestBody(chunk);
  }

  onRequestEnd(trailers: Fields | null): void {
    this.isRequestDone = true;
    const { events } = this;
    if (events !== null) events.onRequestEnd(trailers);
    if (this.isResponseDone && this.phase === "exchange") this.exchangeDone();
  }

  onRequestMalformed(fault: Fault): void {
    const { events } = this;
    this.events = null;
    events?.onRequestReset(fault);
    this.refuse(fault, events !== null);
  }

  /** Answers a request that never became an exchange, or cannot stay one (which counts it then), and closes. */
  private refuse(fault: Fault, isExchange: boolean = false): void {
    if (!isExchange) this.owner.onRefused(fault, this.peer);
    this.keepsAlive = false;
    if (this.isHeadSent) {
      this.connection.destroy(true);
      return;
    }
    if (this.phase !== "linger") {
      const { status } = FAULTS[fault.code];
      const body = `${fault.message} (${fault.code})\n`;
      const retry = status === 503 ? "retry-after: 1\r\n" : "";
      const isHead = this.request !== null && this.request.method === "HEAD";
      this.connection.writeText(
        `${statusLine(status)}date: ${httpDate(this.owner.clock.wallMs())}\r\n` +
          "content-type: text/plain; charset=utf-8\r\n" +
          `${retry}content-length: ${body.length}\r\nconnection: close\r\n\r\n${isHead ? "" : body}`,
      );
    }
    this.linger();
  }

  // ResponseSink

  writeInformational(head: ResponseHead): void {
    if (this.phase !== "exchange" || this.request!.version === 10) return;
    this.connection.writeText(encodeResponseHead(head, this.request!.method, this.request!.version, true));
  }

  writeHead(head: ResponseHead, isLast: boolean): void {
    const request = this.request!;
    this.isHeadSent = true;
    this.touch();
    if (head.status === 101) {
      this.beginTunnel(head);
      return;
    }
    // Threats 9: after an early response the rest of the request is not read as a request of its own.
    if (!this.isRequestDone || this.isLeaving) this.keepsAlive = false;
    this.framing = responseFraming(head, request.method, request.version);
    if (this.framing === "close") this.keepsAlive = false;
    this.connection.writeText(encodeResponseHead(head, request.method, request.version, this.keepsAlive));
    if (isLast) this.responseDone(head.bodyLength === LENGTH_UNKNOWN ? null : undefined);
  }

  private beginTunnel(head: ResponseHead): void {
    this.connection.writeText(encodeResponseHead(head, this.request!.method, this.request!.version, true));
    this.phase = "tunnel";
    this.framing = "close";
    this.isRequestDone = false;
    this.keepsAlive = false;
    this.reader.startTunnel();
    this.owner.wheel.cancel(this);
    this.connection.flush();
    // What the client sent too early waited for the 101 (threats 12).
    queueMicrotask(() => this.releaseTunnel());
  }

  private releaseTunnel(): void {
    if (this.phase !== "tunnel") return;
    const rest = this.waiting;
    this.waiting = null;
    if (rest !== null) {
      this.reader.read(rest, 0, rest.length);
      this.events?.onRequestReadDone();
    }
    if (this.isPausedForResponse) {
      this.isPausedForResponse = false;
      if (!this.isBodyPaused) this.connection.resumeReading();
    }
    if (this.hasEnded) this.events?.onRequestEnd(null);
  }

  writeBody(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    this.touch();
    if (this.framing === "none") return;
    if (this.framing !== "chunked") {
      this.connection.writeBytes(chunk);
      return;
    }
    this.connection.writeText(encodeChunkSize(chunk.length));
    this.connection.writeBytes(chunk);
    this.connection.writeText("\r\n");
  }

  writeEnd(trailers: Fields | null): void {
    if (this.phase === "tunnel") {
      this.isResponseDone = true;
      this.connection.end();
      return;
    }
    this.responseDone(trailers);
  }

  /** `trailers` undefined: the head was everything. */
  private responseDone(trailers: Fields | null | undefined): void {
    if (this.framing === "chunked" && trailers !== undefined) {
      this.connection.writeText(encodeLastChunk(trailers));
    }
    this.isResponseDone = true;
    this.events = null;
    if (this.isRequestDone) this.exchangeDone();
    else this.linger();
  }

  private exchangeDone(): void {
    this.request = null;
    this.isHeadSent = false;
    if (!this.keepsAlive) {
      this.linger();
      return;
    }
    this.phase = "idle";
    this.reader.next();
    // A filter may have held the body back to the end, or a request without one.
    if (this.isBodyPaused) this.resumeRequestBody();
    const nowMs = this.owner.clock.now();
    this.phaseStartMs = nowMs;
    // Usually a field write: the timer is filed for an earlier time and moved when that comes.
    this.owner.wheel.schedule(this, nowMs + this.idleLimitMs());
    if (this.isReading) return;
    if (this.connection.flush()) this.goOn();
    else this.hold();
  }

  /** Works off what waited, outside the call that ended the exchange before it. */
  private goOn(): void {
    if (this.hasEnded && this.waiting === null) {
      this.linger();
      return;
    }
    if (this.isPausedForResponse) queueMicrotask(() => this.takeWaiting());
  }

  private takeWaiting(): void {
    if (this.phase !== "idle" && this.phase !== "head") return;
    const rest = this.waiting;
    this.waiting = null;
    if (rest !== null) this.consume(rest, rest.length);
    if (this.waiting !== null || this.isHeld || this.isOver()) return;
    this.isPausedForResponse = false;
    if (!this.isBodyPaused) this.connection.resumeReading();
    if (this.hasEnded && this.isIdle()) this.linger();
  }

  flush(): boolean {
    return this.connection.flush();
  }

  reset(_fault: Fault): void {
    this.events = null;
    if (this.phase === "closed") return;
    // RST, and no last chunk: a body cut short must not look like a whole one, close-delimited ones included.
    this.connection.flush();
    this.connection.destroy(true);
  }

  pauseRequestBody(): void {
    if (this.isBodyPaused) return;
    this.isBodyPaused = true;
    this.pausedAtMs = this.owner.clock.now();
    if (!this.isPausedForResponse) this.connection.pauseReading();
  }

  resumeRequestBody(): void {
    if (!this.isBodyPaused) return;
    this.isBodyPaused = false;
    this.lastByteMs = this.owner.clock.now();
    this.heldMs += this.lastByteMs - this.pausedAtMs;
    if (!this.isPausedForResponse) this.connection.resumeReading();
  }

  private touch(): void {
    this.lastByteMs = this.owner.clock.now();
  }

  // Ending

  /** Sends what there is, then FIN, and reads on for a while: closing at once would lose the response to a RST. */
  private linger(): void {
    if (this.phase === "linger" || this.phase === "closed") return;
    this.phase = "linger";
    this.waiting = null;
    this.connection.end();
    this.connection.resumeReading();
    this.lingerPending = this.connection.pendingBytes;
    this.touch();
    this.owner.wheel.schedule(this, this.lastByteMs + LINGER_MS);
  }

  /** A slow reader gets its response as long as it reads; after that the client has a moment to close. */
  private expireLinger(nowMs: number): void {
    const before = this.lingerPending;
    const pending = this.connection.pendingBytes;
    this.lingerPending = pending;
    if (pending < before) this.lastByteMs = nowMs;
    const isWaiting = pending > 0 && nowMs - this.lastByteMs < this.settings.streamIdleMs;
    if (isWaiting || pending < before) this.owner.wheel.schedule(this, nowMs + LINGER_MS);
    else this.connection.destroy(pending > 0);
  }

  private close(): void {
    if (this.connection.pendingBytes === 0 || this.phase === "linger") this.connection.destroy();
    else this.connection.end();
  }

  /**
   * Drain: an idle connection closes once no request can be on its way any more, a busy one with its response, unless
   * that has promised more already. Tunnels go on until they are cut.
   */
  private get isLeaving(): boolean {
    return this.isDraining || this.owner.isDraining;
  }

  drain(): void {
    this.isDraining = true;
    if (this.phase === "idle") this.expire(this.owner.clock.now());
    else if (!this.isHeadSent) this.keepsAlive = false;
  }

  private idleLimitMs(): number {
    if (this.isLeaving && !this.owner.handsOver) return LAST_REQUEST_MS;
    return this.requests === 0 ? this.settings.headTimeoutMs : this.settings.keepAliveIdleMs;
  }

  /** The end of the drain time: whatever is still open is cut, visibly. */
  cut(): void {
    this.connection.destroy(this.phase === "exchange" || this.phase === "tunnel");
  }

  markGone(isGone: (authority: string) => boolean): boolean {
    if (this.phase !== "exchange" && this.phase !== "tunnel") return false;
    if (this.request === null || !isGone(this.request.authority)) return false;
    this.isMarked = true;
    this.drain();
    return true;
  }

  cutMarked(): void {
    if (this.isMarked) this.cut();
  }

  // Timer

  expire(nowMs: number): void {
    const { settings } = this;
    if (this.connection.waitingReads > 0 && (this.phase === "idle" || this.phase === "head")) {
      this.owner.wheel.schedule(this, nowMs + UNREAD_MS);
      return;
    }
    switch (this.phase) {
      case "idle":
        if (this.isDue(this.phaseStartMs + this.idleLimitMs(), nowMs)) this.linger();
        return;
      case "head":
        if (this.isDue(this.phaseStartMs + settings.headTimeoutMs, nowMs)) {
          this.refuse(
            makeFault(
              "HDL_REQUEST_HEAD_TIMEOUT",
              `no whole request head within ${settings.headTimeoutMs} ms`,
            ),
          );
        }
        return;
      case "exchange":
        this.expireExchange(nowMs);
        return;
      case "linger":
        this.expireLinger(nowMs);
        return;
      case "tunnel":
      case "closed":
        return;
    }
  }

  private expireExchange(nowMs: number): void {
    const { settings } = this;
    const wholeMs = this.phaseStartMs + settings.requestTimeoutMs;
    if (!this.isRequestDone && wholeMs <= nowMs) {
      this.endExchange(
        makeFault("HDL_REQUEST_TIMEOUT", `no whole request within ${settings.requestTimeoutMs} ms`),
      );
      return;
    }
    const activeMs = Math.max(this.lastByteMs, this.phaseStartMs);
    const idleMs = activeMs + settings.streamIdleMs;
    if (idleMs <= nowMs && this.bodySince(nowMs) === 0) {
      this.endExchange(
        makeFault("HDL_DOWNSTREAM_IDLE_TIMEOUT", `no byte either way within ${settings.streamIdleMs} ms`),
      );
      return;
    }
    if (this.isTooSlow(nowMs)) {
      const limit = settings.minBodyBytesPerSecond;
      this.endExchange(
        makeFault("HDL_REQUEST_BODY_TOO_SLOW", `request body is slower than ${limit} bytes per second`),
      );
      return;
    }
    const next = this.isRequestDone ? idleMs : Math.min(wholeMs, nowMs + 1_000);
    this.owner.wheel.schedule(this, Math.max(next, nowMs + 1));
  }

  /** Octets of the body since the last look; 0 lets the idle limit act. */
  private bodySince(nowMs: number): number {
    const seen = this.bodyBytes - this.bodySeen;
    this.bodySeen = this.bodyBytes;
    if (seen > 0) this.lastByteMs = nowMs;
    return seen;
  }

  /** While we hold the client back ourselves, its pace is not its own. */
  private isTooSlow(nowMs: number): boolean {
    const { minBodyBytesPerSecond, bodyRateGraceMs } = this.settings;
    const elapsedMs = nowMs - this.phaseStartMs - this.heldMs;
    if (this.isRequestDone || this.isBodyPaused || minBodyBytesPerSecond === 0) return false;
    if (elapsedMs < bodyRateGraceMs) return false;
    return this.bodyBytes * 1_000 < minBodyBytesPerSecond * elapsedMs;
  }

  private endExchange(fault: Fault): void {
    const { events } = this;
    this.events = null;
    events?.onRequestReset(fault);
    this.refuse(fault, events !== null);
  }

  private isDue(deadlineMs: number, nowMs: number): boolean {
    if (deadlineMs <= nowMs) return true;
    this.owner.wheel.schedule(this, deadlineMs);
    return false;
  }
}
