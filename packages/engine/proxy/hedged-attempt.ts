import type { Fault } from "../base/index.ts";
import type { ConcurrencyLimiter, Endpoint } from "../cluster/index.ts";
import type { Fields, ResponseHead, UpstreamEvents, UpstreamStream } from "../message/index.ts";
import type { AttemptBeside, HedgedFlow } from "./hedged-flow.ts";

/** Whose attempts run beside a flow's own. */
export interface HedgeHome {
  readonly flow: HedgedFlow;
  /** Its response head is the first: it is adopted within the call. */
  won(attempt: HedgedAttempt): void;
  /** It is over. */
  lost(attempt: HedgedAttempt): void;
}

/**
 * One attempt beside a flow's own.
 *
 *   racing ─(its head comes first, or the flow's attempt fails)─► adopted: what it hears is the flow's
 *      └──(it fails, or is given up)─► over
 */
export class HedgedAttempt implements AttemptBeside, UpstreamEvents {
  private readonly home: HedgeHome;
  readonly endpoint: Endpoint;
  readonly startedMs: number;
  /** In which it has a place; null where the cluster has none. */
  readonly limiter: ConcurrencyLimiter | null;
  /** Null until it is opened, and when it is over. */
  stream: UpstreamStream | null = null;
  isAdopted = false;
  private isOver = false;

  constructor(home: HedgeHome, endpoint: Endpoint, startedMs: number, limiter: ConcurrencyLimiter | null) {
    this.home = home;
    this.endpoint = endpoint;
    this.startedMs = startedMs;
    this.limiter = limiter;
  }

  /** Another one answered. */
  giveUp(fault: Fault): void {
    if (this.isOver) return;
    this.stream?.reset(fault);
    this.end(false);
  }

  private end(hasFailed: boolean): void {
    const { flow } = this.home;
    this.isOver = true;
    this.stream = null;
    this.limiter?.abandoned(this.startedMs, flow.context.clock.now());
    flow.cluster!.attemptEnded(this.endpoint, hasFailed);
    this.home.lost(this);
  }

  // UpstreamEvents

  onInformational(head: ResponseHead): void {
    if (this.isAdopted) this.home.flow.onInformational(head);
  }

  onResponseHead(head: ResponseHead, isLast: boolean): void {
    if (this.isOver) return;
    if (!this.isAdopted) this.home.won(this);
    this.home.flow.onResponseHead(head, isLast);
  }

  onResponseBody(chunk: Uint8Array): void {
    if (this.isAdopted) this.home.flow.onResponseBody(chunk);
  }

  onResponseEnd(trailers: Fields | null): void {
    if (this.isAdopted) this.home.flow.onResponseEnd(trailers);
  }

  onResponseReadDone(): void {
    if (this.isAdopted) this.home.flow.onResponseReadDone();
  }

  onUpstreamDrain(): void {
    if (this.isAdopted) this.home.flow.onUpstreamDrain();
  }

  onUpstreamReset(fault: Fault): void {
    if (this.isAdopted) {
      this.home.flow.onUpstreamReset(fault);
      return;
    }
    if (this.isOver) return;
    this.home.flow.cluster!.attemptFailed(this.endpoint, fault);
    this.end(true);
  }
}
