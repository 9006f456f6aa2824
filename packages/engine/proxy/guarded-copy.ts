import { WeightedChoice } from "../balance/index.ts";
import { makeFault } from "../base/index.ts";
import type { Fault, FaultCode } from "../base/index.ts";
import type { Cluster } from "../cluster/index.ts";
import { EMPTY_CHAIN, REFUSED } from "../filter/index.ts";
import type { FilterChain, SideCall, SideCallEvents } from "../filter/index.ts";
import type { Exchange, Fields, ResponseHead, ResponseSink } from "../message/index.ts";
import { PRIORITIES } from "../model/index.ts";
import { UNSEEN } from "./flow-context.ts";
import type { FlowContext } from "./flow-context.ts";
import type { Flow } from "./flow.ts";
import { openFlow } from "./open-flow.ts";
import type { Rule } from "./rule.ts";

/** Faults that a guard answers with, or that say that it could not be asked. */
const REFUSALS: ReadonlySet<FaultCode> = new Set([
  "HDL_RATE_LIMITED",
  "HDL_LIMIT_STORE_UNAVAILABLE",
  "HDL_BODY_BUFFER_FULL",
  "HDL_FILTER_FAILED",
]);

/**
 * A copy of a request on its way to a cluster that policies guard: an exchange of its own, whose backend has them as its
 * filters. So they give the verdict that they give a request that is routed there, waits and bodies included; and one
 * that they answer themselves never reaches the cluster.
 *
 *   asking ─(they let it pass)─► sent ─(answered | failed)─► over
 *      └────(they answer it)───────┴──────► refused: over
 */
export class GuardedCopy implements SideCall {
  private readonly answer: CopyAnswer;
  private readonly flow: Flow;
  /** What came while the guards wait, or the cluster takes no more. */
  private readonly held: Uint8Array[] = [];
  private isPaused = false;
  private state: "writing" | "written" | "told" = "writing";
  pendingBytes = 0;

  constructor(
    cluster: Cluster,
    guards: FilterChain,
    exchange: Exchange,
    events: SideCallEvents,
    context: FlowContext,
  ) {
    this.answer = new CopyAnswer(this, exchange, events);
    const isWhole = exchange.request.bodyLength === 0;
    const rule = ruleTo(cluster, guards, exchange);
    this.flow = openFlow({ ...context, observer: UNSEEN }, exchange, isWhole, this.answer, rule);
    this.flow.start();
    this.flow.onRequestReadDone();
  }

  writeBody(chunk: Uint8Array): void {
    if (this.answer.isOver) return;
    if (this.isPaused || this.held.length > 0) {
      this.held.push(Uint8Array.from(chunk));
      this.pendingBytes += chunk.length;
    } else {
      this.pass(chunk);
    }
  }

  writeEnd(): void {
    if (this.state !== "writing") return;
    this.state = "written";
    this.release();
  }

  abort(): void {
    this.answer.isOver = true;
    this.leave();
  }

  pause(): void {
    this.isPaused = true;
  }

  /** Not at once: what the flow got before comes first, and it may still be at it. */
  resume(): void {
    this.isPaused = false;
    queueMicrotask(() => this.release());
  }

  /** Not at once either: the flow may be within the call that brought the end. */
  leave(): void {
    this.held.length = 0;
    this.pendingBytes = 0;
    queueMicrotask(() => this.flow.onRequestReset(makeFault("HDL_DOWNSTREAM_RESET", "copy given up")));
  }

  private release(): void {
    while (this.held.length > 0 && !this.isPaused) {
      const chunk = this.held.shift()!;
      this.pendingBytes -= chunk.length;
      this.pass(chunk);
    }
    if (this.state !== "written" || this.isPaused || this.answer.isOver) return;
    this.state = "told";
    this.flow.onRequestEnd(null);
    this.flow.onRequestReadDone();
  }

  private pass(chunk: Uint8Array): void {
    this.flow.onRequestBody(chunk);
    this.flow.onRequestReadDone();
  }
}

/** What becomes of a copy, for whoever made it. */
class CopyAnswer implements ResponseSink {
  private readonly copy: GuardedCopy;
  private readonly exchange: Exchange;
  private readonly events: SideCallEvents;
  isOver = false;

  constructor(copy: GuardedCopy, exchange: Exchange, events: SideCallEvents) {
    this.copy = copy;
    this.exchange = exchange;
    this.events = events;
  }

  writeInformational(): void {}

  writeHead(head: ResponseHead, isLast: boolean): void {
    if (this.isOver) return;
    // An answer of Heddle's own, where no head came from the cluster.
    if (this.exchange.responseHeadMs === 0) {
      this.end(this.whyNot());
      return;
    }
    this.events.onHead?.(head);
    if (isLast) this.end(undefined);
  }

  writeBody(chunk: Uint8Array): void {
    if (!this.isOver) this.events.onBody?.(chunk);
  }

  writeEnd(trailers: Fields | null): void {
    if (trailers !== null && !this.isOver) this.events.onTrailers?.(trailers);
    this.end(undefined);
  }

  flush(): boolean {
    return true;
  }

  reset(fault: Fault): void {
    this.end(fault.code);
  }

  pauseRequestBody(): void {
    this.copy.pause();
  }

  resumeRequestBody(): void {
    this.copy.resume();
  }

  private whyNot(): string {
    const { fault } = this.exchange;
    return fault === null || REFUSALS.has(fault.code) ? REFUSED : fault.code;
  }

  private end(why: string | undefined): void {
    if (this.isOver) return;
    this.isOver = true;
    this.events.onEnd?.(why);
    this.copy.leave();
  }
}

/** One attempt, as a side call has. */
function ruleTo(cluster: Cluster, chain: FilterChain, exchange: Exchange): Rule {
  const backend = { cluster, chain, status: 500, limits: null };
  return {
    info: exchange.match,
    chain: { ...EMPTY_CHAIN, slotCount: chain.slotCount },
    backends: new WeightedChoice([{ item: backend, weight: 1 }]),
    backendList: [backend],
    requestTimeoutMs: 0,
    backendRequestTimeoutMs: 0,
    retry: null,
    sessionPersistence: null,
    translatesGrpcWeb: false,
    isWatched: chain.watched.length > 0,
    hedge: null,
    priority: PRIORITIES.indexOf("Normal"),
  };
}
