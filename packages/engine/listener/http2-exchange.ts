import { FAULTS, makeFault } from "../base/index.ts";
import type { Clock, Fault } from "../base/index.ts";
import { Fields, ResponseHead } from "../message/index.ts";
import type { ExchangeEvents, Peer, RequestHead, ResponseSink } from "../message/index.ts";
import type { ListenerSettings } from "../model/index.ts";
import { grpcFormOfRequest, grpcStatusFields } from "../wire/grpc/index.ts";
import { H2, resetCodeOf } from "../wire/http2/index.ts";
import type { Http2Stream, StreamEvents } from "../wire/http2/index.ts";
import type { RequestHandler } from "./downstream.ts";
import { EarlyOctets } from "./early-octets.ts";
import { refusalOf } from "./refusal.ts";

/** What an exchange needs of the connection that carries it. */
export interface StreamHome {
  readonly clock: Clock;
  readonly peer: Peer;
  readonly settings: ListenerSettings;
  readonly handler: RequestHandler;
  /** Something was written: it leaves with the others of this turn. */
  wrote(bytes: number): void;
  onRefused(fault: Fault): void;
  /** The exchange must be looked at by then. */
  watch(deadlineMs: number): void;
}

/**
 * One stream of a client's HTTP/2 connection: a request and its response, with the time limits that an HTTP/1.1
 * connection has in an exchange. It has no timer of its own: the connection looks at its streams.
 *
 *   open ─► request done ─┐
 *     │                   ├─► over (the stream is closed when the last octet has left)
 *     └─► response done ──┘        a response that is done first resets the request's half (RFC 9113 section 8.1)
 */
export class Http2Exchange implements ResponseSink, StreamEvents {
  readonly stream: Http2Stream;
  /** @internal links of the connection's list */
  next: Http2Exchange | null = null;
  /** @internal */
  previous: Http2Exchange | null = null;
  private readonly home: StreamHome;
  private readonly head: RequestHead;
  private events: ExchangeEvents | null = null;
  /** A call of gRPC may go on for as long as it likes, and say little: its deadline is its own. */
  private readonly isCall: boolean;
  private isRequestDone: boolean;
  private isResponseDone = false;
  private isHeadSent = false;
  private isTunnel = false;
  /** Its server is gone. */
  isMarked = false;
  /** What comes for a tunnel before its 101 (threats 12). */
  private early: EarlyOctets | null = null;
  private readonly startedMs: number;
  /** Of the last octet of a body, either way. */
  private lastByteMs: number;
  private isBodyPaused = false;
  private pausedAtMs = 0;
  private heldMs = 0;
  private bodyBytes = 0;
  /** Octets of the response's body. */
  private written = 0;
  /** Since when octets wait for the client's window, and how many had left by then; -1: none wait. */
  private stalledSinceMs = -1;
  private leftAtStall = 0;

  constructor(home: StreamHome, stream: Http2Stream, head: RequestHead, isLast: boolean) {
    this.home = home;
    this.stream = stream;
    this.head = head;
    this.isCall = grpcFormOfRequest(head) === "grpc";
    this.isRequestDone = isLast;
    this.startedMs = home.clock.now();
    this.lastByteMs = this.startedMs;
  }

  /** Hands the request on. The response may be complete when this returns. */
  open(): void {
    const { home, head } = this;
    const { streamIdleMs, requestTimeoutMs, bodyRateGraceMs } = home.settings;
    home.watch(
      this.startedMs +
        (this.isRequestDone ? streamIdleMs : Math.min(streamIdleMs, requestTimeoutMs, bodyRateGraceMs)),
    );
    const refusal = refusalOf(head, home.settings);
    if (refusal !== null) {
      this.refuse(refusal);
      return;
    }
    // As the head of an Upgrade, that of an extended CONNECT is a whole request; what follows is the tunnel's.
    const isLast = this.isRequestDone || head.upgrade !== "";
    if (head.upgrade !== "") {
      this.early = new EarlyOctets();
      this.stream.pause();
    }
    const events = home.handler.open(head, isLast, home.peer, this);
    if (!this.isResponseDone && !this.stream.isClosed) this.events = events;
  }

  /** Answers a request that never became an exchange, or cannot stay one (which counts it then). */
  private refuse(fault: Fault, isExchange: boolean = false): void {
    if (!isExchange) this.home.onRefused(fault);
    this.isResponseDone = true;
    this.early = null;
    if (this.isHeadSent) this.stream.reset(resetCodeOf(fault.code));
    else if (this.isCall) answerCall(this.stream, fault, this.head);
    else answerFault(this.stream, fault, this.head.method === "HEAD");
    this.home.wrote(0);
  }

  private end(fault: Fault): void {
    const { events } = this;
    this.events = null;
    events?.onRequestReset(fault);
    this.refuse(fault, events !== null);
  }

  // StreamEvents

  onBody(chunk: Uint8Array): void {
    this.bodyBytes += chunk.length;
    this.lastByteMs = this.home.clock.now();
    if (this.early !== null) {
      this.early.hold(chunk);
      return;
    }
    const { maxBodyBytes } = this.home.settings;
    if (maxBodyBytes > 0 && this.bodyBytes > maxBodyBytes && !this.isTunnel && !this.isResponseDone) {
      this.end(makeFault("HDL_REQUEST_BODY_TOO_LARGE", `body is over ${maxBodyBytes} bytes, the limit`));
      return;
    }
    this.events?.onRequestBody(chunk);
  }

  onEnd(trailers: Fields | null): void {
    if (this.early !== null) {
      this.early.hasEnded = true;
      return;
    }
    this.isRequestDone = true;
    this.events?.onRequestEnd(trailers);
  }

  onReadDone(): void {
    this.events?.onRequestReadDone();
  }

  onDrain(): void {
    this.stalledSinceMs = -1;
    this.events?.onResponseDrain();
  }

  onReset(fault: Fault): void {
    const { events } = this;
    this.events = null;
    this.early = null;
    this.isResponseDone = true;
    events?.onRequestReset(fault);
  }

  // ResponseSink

  writeInformational(head: ResponseHead): void {
    this.stream.writeInformational(head);
    this.home.wrote(0);
  }

  writeHead(head: ResponseHead, isLast: boolean): void {
    this.isHeadSent = true;
    this.touch();
    this.stream.writeHead(head, isLast);
    if (head.status === 101) this.beginTunnel();
    else if (isLast) this.responseDone();
  }

  private beginTunnel(): void {
    this.isTunnel = true;
    // Outside of the call that began it: who called does not expect octets yet.
    queueMicrotask(() => this.releaseEarly());
  }

  private releaseEarly(): void {
    const { early, events } = this;
    this.early = null;
    if (early === null || events === null) return;
    if (early.held.length > 0) events.onRequestBody(early.held);
    events.onRequestReadDone();
    if (early.hasEnded) this.onEnd(null);
    if (this.isBodyPaused) return;
    this.stream.resume();
    this.home.wrote(0);
  }

  writeBody(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    this.touch();
    this.written += chunk.length;
    this.stream.writeBody(chunk);
    this.home.wrote(chunk.length);
    if (this.stalledSinceMs < 0 && this.stream.isStalled) this.noteStall(this.lastByteMs);
  }

  writeEnd(trailers: Fields | null): void {
    this.stream.writeEnd(trailers);
    if (this.isTunnel && !this.isRequestDone) {
      this.home.wrote(0);
      return;
    }
    this.responseDone();
  }

  private responseDone(): void {
    this.isResponseDone = true;
    this.events = null;
    this.early = null;
    this.home.wrote(0);
  }

  flush(): boolean {
    this.home.wrote(0);
    return !this.stream.isHeldBack;
  }

  reset(fault: Fault): void {
    this.events = null;
    this.isResponseDone = true;
    this.stream.reset(resetCodeOf(fault.code));
    this.home.wrote(0);
  }

  pauseRequestBody(): void {
    if (this.isBodyPaused) return;
    this.isBodyPaused = true;
    this.pausedAtMs = this.home.clock.now();
    this.stream.pause();
  }

  resumeRequestBody(): void {
    if (!this.isBodyPaused) return;
    this.isBodyPaused = false;
    this.touch();
    this.heldMs += this.lastByteMs - this.pausedAtMs;
    if (this.early !== null) return;
    this.stream.resume();
    this.home.wrote(0);
  }

  private touch(): void {
    this.lastByteMs = this.home.clock.now();
  }

  /** The connection is given up: the exchange cannot be answered any more. */
  drop(fault: Fault): void {
    if (this.isRequestDone) return;
    this.stream.reset(resetCodeOf(fault.code));
    this.onReset(fault);
  }

  markGone(isGone: (authority: string) => boolean): boolean {
    if (!isGone(this.head.authority)) return false;
    this.isMarked = true;
    return true;
  }

  farewell(): void {
    if (this.isTunnel) this.events?.onFarewell();
  }

  cutMarked(fault: Fault): void {
    if (!this.isMarked) return;
    // It was worked on: nobody is to send it again unasked.
    this.stream.reset(H2.CANCEL);
    this.onReset(fault);
    this.home.wrote(0);
  }

  // Time limits

  /** Ends what is over its time. The time at which it must be looked at again. */
  check(nowMs: number): number {
    const stallMs = this.checkStall(nowMs);
    if (this.isTunnel || this.isResponseDone) return stallMs;
    const { settings } = this.home;
    const { requestTimeoutMs, streamIdleMs, minBodyBytesPerSecond: limit, bodyRateGraceMs } = settings;
    const wholeMs = this.isCall ? Infinity : this.startedMs + requestTimeoutMs;
    if (!this.isRequestDone && wholeMs <= nowMs) {
      this.end(makeFault("HDL_REQUEST_TIMEOUT", `no whole request within ${requestTimeoutMs} ms`));
      return Infinity;
    }
    const idleMs = this.lastByteMs + streamIdleMs;
    if (idleMs <= nowMs) {
      this.end(makeFault("HDL_DOWNSTREAM_IDLE_TIMEOUT", `no byte either way within ${streamIdleMs} ms`));
      return Infinity;
    }
    if (this.isTooSlow(nowMs)) {
      this.end(
        makeFault("HDL_REQUEST_BODY_TOO_SLOW", `request body is slower than ${limit} bytes per second`),
      );
      return Infinity;
    }
    if (this.isRequestDone || this.isCall) return Math.min(idleMs, stallMs);
    const rateMs = Math.max(this.startedMs + bodyRateGraceMs, nowMs + RATE_LOOK_MS);
    return Math.min(idleMs, stallMs, wholeMs, rateMs);
  }

  /** While we hold the client back ourselves, its pace is not its own. */
  private isTooSlow(nowMs: number): boolean {
    const { minBodyBytesPerSecond, bodyRateGraceMs } = this.home.settings;
    const elapsedMs = nowMs - this.startedMs - this.heldMs;
    if (this.isRequestDone || this.isCall || this.isBodyPaused || minBodyBytesPerSecond === 0) return false;
    if (elapsedMs < bodyRateGraceMs) return false;
    return this.bodyBytes * 1_000 < minBodyBytesPerSecond * elapsedMs;
  }

  private noteStall(nowMs: number): void {
    this.stalledSinceMs = nowMs;
    this.leftAtStall = this.written - this.stream.queuedBytes;
    this.home.watch(nowMs + this.home.settings.http2.stalledWindowMs);
  }

  /** Threats 4: a window that is opened by an octet at a time is as good as one that stays shut. */
  private checkStall(nowMs: number): number {
    if (!this.stream.isStalled) {
      this.stalledSinceMs = -1;
      return Infinity;
    }
    if (this.stalledSinceMs < 0) this.noteStall(nowMs);
    const { http2, minBodyBytesPerSecond } = this.home.settings;
    const { stalledWindowMs } = http2;
    const elapsedMs = nowMs - this.stalledSinceMs;
    if (elapsedMs < stalledWindowMs) return this.stalledSinceMs + stalledWindowMs;
    const left = this.written - this.stream.queuedBytes - this.leftAtStall;
    if (left * 1_000 < Math.max(minBodyBytesPerSecond, 1) * elapsedMs) {
      this.giveUp(
        makeFault("HDL_DOWNSTREAM_STALLED", `client opened no window within ${stalledWindowMs} ms`),
      );
      return Infinity;
    }
    this.noteStall(nowMs);
    return nowMs + stalledWindowMs;
  }

  private giveUp(fault: Fault): void {
    const { events } = this;
    this.events = null;
    this.isResponseDone = true;
    events?.onRequestReset(fault);
    if (events === null) this.home.onRefused(fault);
    this.stream.reset(resetCodeOf(fault.code));
  }
}

/** How often the pace of a slow body is looked at. */
const RATE_LOOK_MS = 1_000;

/** The same of a gRPC call: its status, in the head alone. */
function answerCall(stream: Http2Stream, fault: Fault, { fields }: RequestHead): void {
  const status = grpcStatusFields(FAULTS[fault.code].grpc, `${fault.message} (${fault.code})`);
  const contentType: [string, string] = ["content-type", fields.get("content-type")!];
  stream.writeHead(new ResponseHead(200, Fields.of([contentType, ...status])), true);
}

/** Answers a request with a fault, in place of the proxy. */
export function answerFault(stream: Http2Stream, fault: Fault, isHead: boolean): void {
  const { status } = FAULTS[fault.code];
  const body = Buffer.from(`${fault.message} (${fault.code})\n`, "latin1");
  const fields = Fields.of([["content-type", "text/plain; charset=utf-8"]]);
  if (status === 503) fields.add("retry-after", "1");
  fields.add("content-length", String(body.length));
  const head = new ResponseHead(status, fields, isHead ? 0 : body.length);
  stream.writeHead(head, isHead);
  if (isHead) return;
  stream.writeBody(body);
  stream.writeEnd(null);
}
