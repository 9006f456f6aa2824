import { makeFault, Timer } from "../base/index.ts";
import type { Fault } from "../base/index.ts";
import type { ExchangeEvents, Fields, Peer, RequestHead } from "../message/index.ts";
import type { ListenerSettings } from "../model/index.ts";
import type { Connection } from "../net/index.ts";
import { RequestReader } from "../wire/http1/index.ts";
import type { RequestReaderEvents } from "../wire/http1/index.ts";
import { connectionAgeMs } from "./connection-age.ts";
import type { Downstream, DownstreamOwner } from "./downstream.ts";
import { ExchangePace } from "./exchange-pace.ts";
import { Http1Response } from "./http1-response.ts";
import type { ResponseHome } from "./http1-response.ts";
import { Linger } from "./linger.ts";
import { ReadGate } from "./read-gate.ts";
import { encodeRefusal, refusalOf } from "./refusal.ts";

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
 *
 * Its ReadGate says when the client is read, its ExchangePace whether that is fast enough, its Linger how it ends.
 */
export class Http1Downstream extends Timer implements Downstream, RequestReaderEvents, ResponseHome {
  place = -1;
  private readonly owner: DownstreamOwner;
  private readonly connection: Connection;
  private readonly peer: Peer;
  private readonly reader: RequestReader;
  private readonly gate: ReadGate;
  private readonly pace: ExchangePace;
  private readonly response: Http1Response;
  private settings: ListenerSettings;
  private phase: Phase = "idle";
  private events: ExchangeEvents | null = null;
  private isReading = false;
  private isHeadTimed = false;
  /** Responses wait for a slow reader: the next request is not begun before they are gone. */
  private isHeld = false;
  /** This connection alone is to end: the listener goes on. */
  private isDraining = false;
  /** The server of the exchange is gone. */
  private isMarked = false;
  isRequestDone = false;
  /** The client has said that the request is its last, and that it has no body. */
  private isLastRequest = false;
  private hasEnded = false;
  private requests = 0;
  /** Clock milliseconds from when on the next response is the last. */
  private readonly wornAtMs: number;
  /** Clock milliseconds at which the connection became idle, or the head's time began. */
  private phaseStartMs: number;
  private ending: Linger | null = null;

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
    this.gate = new ReadGate(connection);
    this.pace = new ExchangePace(this.phaseStartMs);
    this.response = new Http1Response(connection, this.gate, this.pace, owner.clock, this);
    this.wornAtMs = this.phaseStartMs + connectionAgeMs(settings.maxConnectionAgeMs, owner.random);
    // Before the first request the head's time limit holds, not the longer one between requests.
    owner.wheel.schedule(this, this.phaseStartMs + settings.headTimeoutMs);
  }

  // ConnectionEvents

  onBytes(bytes: Buffer, length: number): void {
    if (this.isOver()) {
      this.ending?.onBytes(length);
      return;
    }
    const mustWait = this.isRequestDone && this.events !== null && this.phase !== "tunnel";
    if (mustWait || this.gate.waiting !== null) {
      this.gate.hold(bytes, 0, length);
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
        this.gate.hold(bytes, at, length);
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
    this.gate.shut();
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

  onEnd(): void {
    this.hasEnded = true;
    switch (this.phase) {
      case "linger":
        this.ending!.onEnd();
        return;
      case "idle":
      case "head":
        // A head cut short is nobody's request.
        this.close();
        return;
      case "tunnel":
        this.events?.onRequestEnd(null);
        return;
      case "exchange":
        // A half-close after a whole request is legitimate: the response is still wanted.
        if (this.isRequestDone) {
          this.response.keepsAlive = false;
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
    this.gate.waiting = null;
    this.ending?.stop();
    this.owner.wheel.cancel(this);
    this.owner.onDownstreamClosed(this);
    events?.onRequestReset(makeFault("HDL_DOWNSTREAM_RESET", "client closed the connection", error));
    this.peer.memo?.close();
  }

  /** Tells an exchange that its client is gone, and closes. */
  private drop(fault: Fault): void {
    const { events } = this;
    this.events = null;
    this.connection.destroy(this.response.isHeadSent);
    events?.onRequestReset(fault);
  }

  // RequestReaderEvents

  onRequestHead(head: RequestHead, isLast: boolean, keepAlive: boolean): void {
    // The reader's limits stay those that the connection began with.
    const { settings } = this.owner;
    this.settings = settings;
    this.requests++;
    this.isRequestDone = isLast;
    this.isLastRequest = isLast && !keepAlive;
    const nowMs = this.owner.clock.now();
    const isSpent =
      nowMs >= this.wornAtMs ||
      (settings.maxRequestsPerConnection > 0 && this.requests >= settings.maxRequestsPerConnection);
    const keepsAlive = keepAlive && !isSpent && !this.isLeaving && head.upgrade === "";
    this.response.begin(head, keepsAlive);
    this.phase = "exchange";
    this.isHeadTimed = false;
    this.pace.begin(nowMs);
    if (!isLast) this.owner.wheel.schedule(this, nowMs + settings.bodyRateGraceMs);
    const refusal = refusalOf(head, settings);
    if (refusal !== null) {
      this.refuse(refusal);
      return;
    }
    const events = this.owner.handler.open(head, isLast, this.peer, this.response);
    // The response may be complete already; then the exchange is over and its events are not wanted.
    if (this.phase === "exchange" && !this.response.isDone) this.events = events;
  }

  onRequestBody(chunk: Uint8Array): void {
    const { pace } = this;
    pace.bodyBytes += chunk.length;
    const { maxBodyBytes } = this.settings;
    if (maxBodyBytes > 0 && pace.bodyBytes > maxBodyBytes && this.phase === "exchange") {
      this.onRequestMalformed(
        makeFault("HDL_REQUEST_BODY_TOO_LARGE", `body is over ${maxBodyBytes} bytes, the limit`),
      );
      return;
    }
    this.events?.onRequestBody(chunk);
  }

  onRequestEnd(trailers: Fields | null): void {
    this.isRequestDone = true;
    const { events } = this;
    if (events !== null) events.onRequestEnd(trailers);
    if (this.response.isDone && this.phase === "exchange") this.exchangeDone();
  }

  /** Nor can it go on where it breaks a limit of ours. */
  onRequestMalformed(fault: Fault): void {
    const { events } = this;
    this.events = null;
    events?.onRequestReset(fault);
    this.refuse(fault, events !== null);
  }

  /** Answers a request that never became an exchange, or cannot stay one (which counts it then), and closes. */
  private refuse(fault: Fault, isExchange: boolean = false): void {
    if (!isExchange) this.owner.onRefused(fault, this.peer);
    const { response } = this;
    response.keepsAlive = false;
    if (response.isHeadSent) {
      this.connection.destroy(true);
      return;
    }
    if (this.phase !== "linger") {
      const isHead = response.request !== null && response.request.method === "HEAD";
      this.connection.writeText(encodeRefusal(fault, this.owner.clock.wallMs(), isHead));
    }
    this.linger();
  }

  // ResponseHome

  get isExchanging(): boolean {
    return this.phase === "exchange";
  }

  onTunnel(): void {
    this.phase = "tunnel";
    this.isRequestDone = false;
    this.reader.startTunnel();
    this.owner.wheel.cancel(this);
    this.connection.flush();
    // What the client sent too early waited for the 101 (threats 12).
    queueMicrotask(() => this.releaseTunnel());
  }

  private releaseTunnel(): void {
    if (this.phase !== "tunnel") return;
    const rest = this.gate.take();
    if (rest !== null) {
      this.reader.read(rest, 0, rest.length);
      this.events?.onRequestReadDone();
    }
    this.gate.open();
    if (this.hasEnded) this.events?.onRequestEnd(null);
  }

  onResponseDone(): void {
    this.events = null;
    if (this.isRequestDone) this.exchangeDone();
    else this.linger();
  }

  /** RST, and no last chunk: a body cut short must not look like a whole one, close-delimited ones included. */
  onResponseBroken(): void {
    this.events = null;
    if (this.phase === "closed") return;
    this.connection.flush();
    this.connection.destroy(true);
  }

  private exchangeDone(): void {
    const { response } = this;
    response.end();
    if (!response.keepsAlive) {
      this.linger();
      return;
    }
    this.phase = "idle";
    this.reader.next();
    // A filter may have held the body back to the end, or a request without one.
    response.resumeRequestBody();
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
    if (this.hasEnded && this.gate.waiting === null) {
      this.linger();
      return;
    }
    if (this.gate.isShut) queueMicrotask(() => this.takeWaiting());
  }

  private takeWaiting(): void {
    if (this.phase !== "idle" && this.phase !== "head") return;
    const { gate } = this;
    const rest = gate.take();
    if (rest !== null) this.consume(rest, rest.length);
    if (gate.waiting !== null || this.isHeld || this.isOver()) return;
    gate.open();
    if (this.hasEnded && this.isIdle()) this.linger();
  }

  // Ending

  private linger(): void {
    if (this.isOver()) return;
    const { clock, wheel } = this.owner;
    const isDone = this.hasHeardAll();
    this.phase = "linger";
    this.gate.waiting = null;
    wheel.cancel(this);
    this.ending = new Linger(this.connection, wheel, clock.now(), this.settings.streamIdleMs, isDone);
    this.connection.resumeReading();
  }

  /**
   * RFC 9112 section 9.6: after a request with `Connection: close` (or of HTTP/1.0) nothing comes. Bodies are left out, since
   * some clients send a line break behind theirs; TLS, which ends with words of its own; and whoever has sent more already.
   */
  private hasHeardAll(): boolean {
    if (!this.isLastRequest || !this.isRequestDone || this.phase !== "exchange" || this.isReading)
      return false;
    return this.peer.tls === null && this.gate.waiting === null && this.connection.waitingReads === 0;
  }

  private close(): void {
    if (this.connection.pendingBytes === 0) this.connection.destroy();
    else this.connection.end();
  }

  /**
   * Drain: an idle connection closes once no request can be on its way any more, a busy one with its response, unless
   * that has promised more already. Tunnels go on until they are cut.
   */
  get isLeaving(): boolean {
    return this.isDraining || this.owner.isDraining;
  }

  drain(): void {
    this.isDraining = true;
    if (this.phase === "idle") this.expire(this.owner.clock.now());
    else if (!this.response.isHeadSent) this.response.keepsAlive = false;
  }

  private idleLimitMs(): number {
    if (this.isLeaving && !this.owner.handsOver) return LAST_REQUEST_MS;
    return this.requests === 0 ? this.settings.headTimeoutMs : this.settings.keepAliveIdleMs;
  }

  farewell(): void {
    if (this.phase === "tunnel") this.events?.onFarewell();
  }

  farewellMarked(): void {
    if (this.isMarked) this.farewell();
  }

  /** The end of the drain time: whatever is still open is cut, visibly. */
  cut(): void {
    this.connection.destroy(this.phase === "exchange" || this.phase === "tunnel");
  }

  markGone(isGone: (authority: string) => boolean): boolean {
    if (this.phase !== "exchange" && this.phase !== "tunnel") return false;
    const { request } = this.response;
    if (request === null || !isGone(request.authority)) return false;
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
      case "tunnel":
      case "linger":
      case "closed":
        return;
    }
  }

  private expireExchange(nowMs: number): void {
    const { pace, settings, isRequestDone } = this;
    const fault = pace.check(nowMs, isRequestDone, settings);
    if (fault === null) this.owner.wheel.schedule(this, pace.nextLookMs(nowMs, isRequestDone, settings));
    else this.onRequestMalformed(fault);
  }

  private isDue(deadlineMs: number, nowMs: number): boolean {
    if (deadlineMs <= nowMs) return true;
    this.owner.wheel.schedule(this, deadlineMs);
    return false;
  }
}
