import { FAULTS, makeFault } from "../base/index.ts";
import type { Fault } from "../base/index.ts";
import type { Filter, Reply } from "../filter/index.ts";
import type {
  Exchange,
  ExchangeEvents,
  Fields,
  ResponseHead,
  ResponseSink,
  UpstreamEvents,
  UpstreamStream,
} from "../message/index.ts";
import type { RetrySpec } from "../model/index.ts";
import { addMissingDate } from "./date-field.ts";
import { FlowAttempts } from "./flow-attempts.ts";
import type { FlowContext } from "./flow-context.ts";
import { FramedTunnel } from "./framed-tunnel.ts";
import { GrpcCall } from "./grpc-call.ts";
import { HeldResponse } from "./held-response.ts";
import { ResponseSide } from "./response-side.ts";
import { noBackendFault, NO_RULE } from "./rule.ts";
import type { Rule } from "./rule.ts";
import { filterFault, runEnds } from "./run-filters.ts";
import type { HeldRequest } from "./shedder.ts";
import { Tunnel } from "./tunnel.ts";

/**
 * The life of one exchange, from the matched request to the last byte of the response.
 *
 *   filters(request) ─► backend ─► filters(backend) ─► attempt ⇄ retry ─► filters(response) ─► body ─► ended
 *        │ reply             │ none          │ reply        │ fault                             │
 *        └───────────────────┴───────────────┴──────────────┴──────► rescue ────────────────────┘
 *
 * Chunks pass through without a copy or a promise; where somebody must wait (a filter's promise, a full socket)
 * the other side is paused. Everything that can end it goes through `finish`, once.
 *
 * This class takes the events of both ends. The attempt under way is FlowAttempts', which it extends: an object of its own
 * would be one more for every exchange. What it sends to the client is in ResponseSide; what only some exchanges need is
 * made when they need it: RequestSide for a body, Deadlines, Retries, a ClientKeeper, Tunnel.
 */
export class Flow extends FlowAttempts implements ExchangeEvents, UpstreamEvents, HeldRequest {
  readonly sink: ResponseSink;
  readonly response: ResponseSide;
  isRequestDone: boolean;
  isEnded = false;
  /** Body octets of the read that brought the head follow at once: one write for both, at the read's end. */
  isStarting = true;
  private isRequestPaused = false;

  tunnel: Tunnel | null = null;
  /** Null where the response is passed on as it comes. */
  private held: HeldResponse | null = null;

  constructor(
    context: FlowContext,
    exchange: Exchange,
    isLast: boolean,
    sink: ResponseSink,
    rule: Rule | null,
  ) {
    super(context, exchange, isLast, rule ?? NO_RULE);
    this.sink = sink;
    this.response = new ResponseSide(this, sink);
    this.isRequestDone = isLast;
  }

  /** Runs until it must wait. `onRequestReadDone` follows when the read that brought the head is worked off. */
  start(): void {
    this.context.observer.exchangeStarted(this.exchange);
    const { rule } = this;
    if (rule === NO_RULE) {
      this.abort(noBackendFault(rule));
    } else {
      if (rule.chain.slotCount > 0) this.reserveSlots(rule.chain.slotCount);
      if (this.exchange.grpcForm !== "" && !this.startCall()) return;
      const clientMs = this.call === null ? Infinity : this.call.deadlineMs;
      if (rule.requestTimeoutMs > 0 || rule.backendRequestTimeoutMs > 0 || clientMs !== Infinity)
        this.startDeadlines(clientMs);
      if (rule.chain.isEmpty) this.goToBackend();
      else this.runRequestHeads(rule.chain.requestHead, 0, false);
    }
    this.isStarting = false;
  }

  /** Counts and answers an exchange that must not be routed. */
  refuse(fault: Fault): void {
    this.context.observer.exchangeStarted(this.exchange);
    this.abort(fault);
  }

  /** Counts and answers an exchange that goes no further than here. */
  answer(reply: Reply): void {
    this.context.observer.exchangeStarted(this.exchange);
    this.response.reply(reply);
  }

  /** Counts an exchange that is one too many: it waits for `turnAway`. */
  waitForRefusal(): void {
    this.context.observer.exchangeStarted(this.exchange);
    this.isStarting = false;
    if (!this.isRequestDone) this.pauseRequest();
  }

  /** Its answer may go out. */
  turnAway(): void {
    this.abort(makeFault("HDL_OVERLOADED", "more requests come than this worker can serve in time"));
  }

  /** False: it is no call that can be made; it was answered. */
  private startCall(): boolean {
    this.call = new GrpcCall(this.exchange);
    if (this.call.mistake === null) return true;
    this.abort(this.call.mistake);
    this.isStarting = false;
    return false;
  }

  private reserveSlots(count: number): void {
    const slots: unknown[] = [];
    for (let at = 0; at < count; at++) slots.push(undefined);
    this.exchange.slots ??= slots;
  }

  // Filters on the request head: the route's, then the backend's

  private runRequestHeads(filters: readonly Filter[], from: number, isBackend: boolean): void {
    for (let at = from; at < filters.length; at++) {
      let result;
      try {
        result = filters[at].requestHead!(this.exchange);
      } catch (error) {
        this.abort(filterFault(filters[at], error));
        return;
      }
      if (result === undefined) continue;
      if (result instanceof Promise) this.awaitRequestHead(result, filters, at, isBackend);
      else this.response.reply(result);
      return;
    }
    if (isBackend) this.openRequest();
    else this.goToBackend();
  }

  private goToBackend(): void {
    if (!this.chooseBackend()) return;
    if (this.backendChain.isEmpty) this.openRequest();
    else this.runRequestHeads(this.backendChain.requestHead, 0, true);
  }

  private awaitRequestHead(
    wait: Promise<Reply | undefined | void>,
    filters: readonly Filter[],
    at: number,
    isBackend: boolean,
  ): void {
    if (this.request === null || !this.request.isPeeking) this.pauseRequest();
    wait.then(
      (reply) => {
        if (this.isEnded) return;
        try {
          if (reply !== undefined) this.response.reply(reply);
          else this.runRequestHeads(filters, at + 1, isBackend);
        } catch (error) {
          this.crash(error);
        }
      },
      (error: unknown) => this.abort(filterFault(filters[at], error)),
    );
  }

  // ExchangeEvents: from the client

  onRequestBody(chunk: Uint8Array): void {
    if (this.isEnded) return;
    this.exchange.requestBytes += chunk.length;
    if (this.request !== null) this.request.write(chunk);
    else if (this.stream !== null) this.stream.writeBody(chunk);
  }

  onRequestEnd(trailers: Fields | null): void {
    if (this.isEnded) return;
    this.isRequestDone = true;
    if (this.request === null) this.stream?.writeEnd(trailers);
    else if (!this.request.end(trailers)) return;
    if (this.tunnel !== null) this.tunnel.endHalf();
  }

  onRequestReadDone(): void {
    if (this.isEnded) return;
    const mayGoOn = this.stream === null || this.stream.flush();
    if (!mayGoOn || (this.request !== null && this.request.isFull)) this.pauseRequest();
  }

  onResponseDrain(): void {
    this.response.onDrain();
  }

  onRequestReset(fault: Fault): void {
    if (this.isEnded) return;
    this.exchange.fault = fault;
    if (this.call !== null) this.exchange.grpcStatus = FAULTS[fault.code].grpc;
    this.dropAttempt(fault);
    this.finish();
  }

  onFarewell(): void {
    if (this.tunnel !== null) this.tunnel.farewell();
  }

  pauseRequest(): void {
    if (this.isRequestPaused) return;
    this.isRequestPaused = true;
    this.sink.pauseRequestBody();
  }

  resumeRequest(): void {
    if (!this.isRequestPaused || this.isEnded) return;
    this.isRequestPaused = false;
    this.sink.resumeRequestBody();
  }

  // UpstreamEvents: from the endpoint

  onInformational(head: ResponseHead): void {
    if (this.isEnded || this.response.isStarted) return;
    // 100 was answered by us; others pass (RFC 9110 section 15.2).
    if (head.status === 100) return;
    this.sink.writeInformational(head);
    this.sink.flush();
  }

  onResponseHead(head: ResponseHead, isLast: boolean): void {
    if (this.isEnded) return;
    const grpcStatus = this.attemptAnswered(head, isLast);
    if (this.retriesOn(head.status, grpcStatus) && this.goesOnAfter(head, isLast)) return;
    if (this.hedging !== null) this.hedging.stop();
    if (!isLast && this.limits.retry !== null && this.holds(head, this.limits.retry)) {
      this.held = new HeldResponse(head);
      return;
    }
    this.accept(head, isLast);
  }

  /** It can still be tried again, and it is not too much to keep. */
  private holds({ status, bodyLength }: ResponseHead, { holdBytes = 0 }: RetrySpec): boolean {
    if (holdBytes === 0 || bodyLength < 0 || bodyLength > holdBytes || status === 101) return false;
    return this.isRequestDone && this.canRepeat() && this.makeRetries().mayRepeat();
  }

  /** This is the response. */
  private accept(head: ResponseHead, isLast: boolean): void {
    if (this.retryPlaces > 0) this.leaveRetryPlaces();
    const { exchange, context } = this;
    if (head.status === 101) this.startTunnel();
    else addMissingDate(head.fields, context.clock);
    if (this.keeper !== null) this.keeper.issue(head, this.endpoint!, exchange, context.clock.wallMs());
    if (isLast) this.letGo();
    if (this.request !== null) this.request.forget();
    this.response.respond(head, isLast, null);
  }

  /** A tunnel has no deadline, and the client's octets are a stream of their own again. */
  private startTunnel(): void {
    if (this.exchange.request.upgrade === "websocket" && this.stream !== null) this.followFrames(this.stream);
    else this.tunnel = new Tunnel(this);
    this.isRequestDone = false;
    if (this.deadlines !== null) this.deadlines.stop();
  }

  private followFrames(stream: UpstreamStream): void {
    const tunnel = new FramedTunnel(this, stream);
    this.tunnel = tunnel;
    this.stream = tunnel.stream;
  }

  onResponseBody(chunk: Uint8Array): void {
    if (this.isEnded) return;
    if (this.held === null) this.response.write(chunk);
    else this.held.write(chunk);
  }

  onResponseEnd(trailers: Fields | null): void {
    if (this.isEnded) return;
    if (this.held !== null) this.release(this.held);
    if (this.isEnded) return;
    this.attemptComplete(trailers);
    if (this.tunnel === null) this.letGo();
    this.response.end(trailers);
  }

  onResponseReadDone(): void {
    // Not earlier: a response that ended within this read has left its connection to others.
    if (!this.isEnded && this.held === null) this.response.flush();
  }

  /** The response is whole. */
  private release(held: HeldResponse): void {
    this.held = null;
    this.accept(held.head, false);
    if (!this.isEnded) this.response.write(held.body);
  }

  onUpstreamDrain(): void {
    if (this.request === null) this.resumeRequest();
    else this.request.drained();
  }

  onUpstreamReset(fault: Fault): void {
    if (this.isEnded) return;
    this.stream = null;
    const endpoint = this.endpoint!;
    this.cluster!.attemptFailed(endpoint, fault);
    this.endAttempt(true);
    if (this.held !== null) {
      this.held = null;
      fault = HeldResponse.unseen(fault);
    }
    if (!this.response.isStarted && this.hedging !== null && this.hedging.takeNext()) return;
    if (this.response.isStarted || !this.makeRetries().afterFault(fault, endpoint)) this.abort(fault);
  }

  private retriesOn(status: number, grpcStatus: number): boolean {
    const { retry } = this.limits;
    if (retry === null) return false;
    // A status in the head: there are no messages, and nothing of the response has reached the client.
    if (grpcStatus > 0 && retry.grpcCodes?.includes(grpcStatus) === true) return true;
    return status >= 400 && retry.codes.includes(status);
  }

  /** Another attempt follows, or runs already, in place of an answer that the route retries. */
  private goesOnAfter({ fields }: ResponseHead, isLast: boolean): boolean {
    const { hedging } = this;
    if (hedging === null || !hedging.isRacing) return this.makeRetries().afterStatus(isLast, fields);
    if (isLast) this.letGo();
    else this.dropAttempt(makeFault("HDL_UPSTREAM_STATUS", "the route retries this status"));
    return hedging.takeNext();
  }

  // The end

  /** The exchange cannot go on: an answer if there is none yet, else a visible break. */
  abort(fault: Fault): void {
    if (this.isEnded) return;
    this.exchange.fault ??= fault;
    if (this.hedging !== null) this.hedging.stop();
    this.dropAttempt(fault);
    this.response.fail(fault);
  }

  /** Something threw that nothing here catches: no fault of one exchange, unless others are told apart from it. */
  crash(error: unknown): void {
    throw error;
  }

  /** Once. */
  finish(): void {
    if (this.isEnded) return;
    this.isEnded = true;
    this.stream = null;
    if (this.retryPlaces > 0) this.leaveRetryPlaces();
    this.response.stop();
    if (this.request !== null) this.request.stop();
    this.stopTimers();
    this.endExchange();
  }

  protected endExchange(): void {
    const { exchange, context, rule } = this;
    exchange.markEnded(context.clock.now());
    if (!rule.chain.isEmpty) runEnds(rule.chain, exchange);
    if (!this.backendChain.isEmpty) runEnds(this.backendChain, exchange);
    context.observer.exchangeEnded(exchange);
  }

  private stopTimers(): void {
    const { wheel } = this.context;
    if (this.deadlines !== null) this.deadlines.stop();
    if (this.retries !== null) wheel.cancel(this.retries);
    if (this.tunnel !== null) wheel.cancel(this.tunnel);
    if (this.hedging !== null) this.hedging.stop();
  }
}
