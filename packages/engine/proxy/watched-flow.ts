import { makeFault } from "../base/index.ts";
import type { Fault } from "../base/index.ts";
import { Exchange, wholeRequestMistake } from "../message/index.ts";
import type { Fields, RequestHead, ResponseHead, ResponseSink } from "../message/index.ts";
import type { Endpoint } from "../cluster/index.ts";
import { CheckedSink, refuse } from "./checked-sink.ts";
import type { FlowContext } from "./flow-context.ts";
import { Flow } from "./flow.ts";
import type { Rule } from "./rule.ts";
import { isOfOneFilter, runEnds } from "./run-filters.ts";

/**
 * A flow among whose filters are such as may do anything to their exchange, whenever they like: keep its heads and change
 * them later, put other things in the place of its members. Heads and trailers are looked at right before they are
 * encoded, since an encoder that throws half-way takes its connection along; attempts get a head of their own. What
 * throws all the same fails this exchange and no other.
 */
export class WatchedFlow extends Flow {
  private readonly head: RequestHead;
  private readonly peer: Exchange["peer"];
  private readonly match: Exchange["match"];
  private readonly client: string;
  private hasCrashed = false;

  constructor(context: FlowContext, exchange: Exchange, isLast: boolean, sink: ResponseSink, rule: Rule) {
    super(context, exchange, isLast, new CheckedSink(sink), rule);
    this.head = exchange.request;
    this.peer = exchange.peer;
    this.match = exchange.match;
    this.client = exchange.clientAddress;
  }

  override outgoingHead(): RequestHead {
    const { request } = this.exchange;
    refuse(wholeRequestMistake(request));
    return request.clone();
  }

  override crash(error: unknown): void {
    if (this.isEnded) return;
    const fault = makeFault("HDL_FILTER_FAILED", "a filter left an exchange that cannot go on", error);
    const isFirst = !this.hasCrashed;
    this.hasCrashed = true;
    if (isFirst) this.tell(error);
    try {
      this.restore();
      if (isFirst) this.abort(fault);
      else this.breakOff(fault);
    } catch {
      this.breakOff(fault);
    }
  }

  private tell(error: unknown): void {
    for (const filter of this.rule.chain.watched) filter.damaged!(error);
    for (const filter of this.backendChain.watched) filter.damaged!(error);
  }

  /** What was caught on the way without being laid to one filter: a reply or a body's end that could not be written. */
  private tellOfFault(): void {
    const { fault } = this.exchange;
    if (this.hasCrashed || fault === null || fault.code !== "HDL_FILTER_FAILED") return;
    if (!isOfOneFilter(fault)) this.tell(fault.cause);
  }

  /** Whatever still works: the endpoint and the client see it end, and it is counted. */
  private breakOff(fault: Fault): void {
    for (const step of [() => this.dropAttempt(fault), () => this.sink.reset(fault), () => this.finish()]) {
      try {
        step();
      } catch {
        // The other steps do not depend on it.
      }
    }
  }

  /** What others read of an exchange once more as it was, as far as it can be written. */
  private restore(): void {
    const exchange = this.exchange as { -readonly [Key in keyof Exchange]: Exchange[Key] };
    if (Object.isFrozen(exchange)) return;
    exchange.request = this.head;
    exchange.peer = this.peer;
    exchange.match = this.match;
    exchange.clientAddress = this.client;
    if (Object.hasOwn(exchange, "markEnded")) Reflect.deleteProperty(exchange, "markEnded");
  }

  protected override endExchange(): void {
    const { exchange, context, rule } = this;
    try {
      this.restore();
      exchange.markEnded(context.clock.now());
      runEnds(rule.chain, exchange);
      runEnds(this.backendChain, exchange);
      this.tellOfFault();
    } catch (error) {
      if (!this.hasCrashed) this.tell(error);
    }
    try {
      context.observer.exchangeEnded(exchange);
    } catch (error) {
      this.tell(error);
    }
  }

  override start(): void {
    try {
      super.start();
    } catch (error) {
      this.isStarting = false;
      this.crash(error);
    }
  }

  override attempt(exclude: Endpoint | null, isFresh: boolean): void {
    try {
      super.attempt(exclude, isFresh);
    } catch (error) {
      this.crash(error);
    }
  }

  override onRequestBody(chunk: Uint8Array): void {
    try {
      super.onRequestBody(chunk);
    } catch (error) {
      this.crash(error);
    }
  }

  override onRequestEnd(trailers: Fields | null): void {
    try {
      super.onRequestEnd(trailers);
    } catch (error) {
      this.crash(error);
    }
  }

  override onRequestReadDone(): void {
    try {
      super.onRequestReadDone();
    } catch (error) {
      this.crash(error);
    }
  }

  override onResponseDrain(): void {
    try {
      super.onResponseDrain();
    } catch (error) {
      this.crash(error);
    }
  }

  override onRequestReset(fault: Fault): void {
    try {
      super.onRequestReset(fault);
    } catch (error) {
      this.crash(error);
    }
  }

  override onInformational(head: ResponseHead): void {
    try {
      super.onInformational(head);
    } catch (error) {
      this.crash(error);
    }
  }

  override onResponseHead(head: ResponseHead, isLast: boolean): void {
    try {
      super.onResponseHead(head, isLast);
    } catch (error) {
      this.crash(error);
    }
  }

  override onResponseBody(chunk: Uint8Array): void {
    try {
      super.onResponseBody(chunk);
    } catch (error) {
      this.crash(error);
    }
  }

  override onResponseEnd(trailers: Fields | null): void {
    try {
      super.onResponseEnd(trailers);
    } catch (error) {
      this.crash(error);
    }
  }

  override onResponseReadDone(): void {
    try {
      super.onResponseReadDone();
    } catch (error) {
      this.crash(error);
    }
  }

  override onUpstreamDrain(): void {
    try {
      super.onUpstreamDrain();
    } catch (error) {
      this.crash(error);
    }
  }

  override onUpstreamReset(fault: Fault): void {
    try {
      super.onUpstreamReset(fault);
    } catch (error) {
      this.crash(error);
    }
  }

  override abort(fault: Fault): void {
    try {
      super.abort(fault);
    } catch (error) {
      this.crash(error);
    }
  }
}
