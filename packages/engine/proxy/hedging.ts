import { makeFault, Timer } from "../base/index.ts";
import type { Endpoint } from "../cluster/index.ts";
import { isIdempotent } from "../message/index.ts";
import type { HedgeSpec } from "../model/index.ts";
import { HedgedAttempt } from "./hedged-attempt.ts";
import type { HedgeHome } from "./hedged-attempt.ts";
import type { HedgedFlow } from "./hedged-flow.ts";

/**
 * Further attempts at other endpoints while the first has no answer; made for rules that ask for it. The first response
 * head wins, the others are given up. Each costs a retry of the cluster's budget.
 *
 *   attempt began ─(delay)─► may it? ─► attempt beside ─(its head first)─► adopted, the one before is given up
 *                                             │──(the one before fails)──► adopted, without a head yet
 *                                             └──(another head first)────► given up
 */
export class Hedging extends Timer implements HedgeHome {
  readonly flow: HedgedFlow;
  private readonly spec: HedgeSpec;
  private left: number;
  private readonly racing: HedgedAttempt[] = [];

  constructor(flow: HedgedFlow, spec: HedgeSpec) {
    super();
    this.flow = flow;
    this.spec = spec;
    this.left = spec.maxAttempts - 1;
  }

  get isRacing(): boolean {
    return this.racing.length > 0;
  }

  /** The flow's own attempt began. */
  attemptStarted(nowMs: number): void {
    const { request } = this.flow.exchange;
    if (this.left > 0 && request.upgrade === "" && this.mayRepeat()) this.schedule(nowMs);
  }

  /** What may have had an effect is sent twice only where the route says so. */
  private mayRepeat(): boolean {
    const { exchange, limits } = this.flow;
    return isIdempotent(exchange.request.method) || limits.retry?.repeatsEffects === true;
  }

  private schedule(nowMs: number): void {
    const { percentile, delayMs } = this.spec;
    const ms = percentile === 0 ? delayMs : this.flow.cluster!.latencyAt(percentile);
    if (ms !== Infinity) this.flow.context.wheel.schedule(this, nowMs + ms);
  }

  expire(nowMs: number): void {
    const { flow } = this;
    // Between two attempts the next one is about to begin.
    if (flow.isEnded || flow.response.isStarted || flow.endpoint === null) return;
    try {
      if (!flow.isRequestDone || !flow.canRepeat() || !this.launch(flow.endpoint, nowMs)) return;
    } catch (error) {
      flow.crash(error);
      return;
    }
    if (--this.left > 0) this.schedule(nowMs);
  }

  private launch(main: Endpoint, nowMs: number): boolean {
    const { flow } = this;
    const { exchange } = flow;
    const cluster = flow.cluster!;
    const endpoint = flow.pickBeside([main, ...this.racing.map((attempt) => attempt.endpoint)]);
    if (endpoint === null || !flow.mayRetry(null, true)) return false;
    flow.tellTimeLeft();
    const head = flow.outgoingHead();
    const { limiter } = cluster;
    if (limiter !== null && !limiter.tryStart(nowMs)) return false;
    exchange.attempts++;
    cluster.hedged(false);
    const attempt = new HedgedAttempt(this, endpoint, nowMs, limiter);
    this.racing.push(attempt);
    cluster.attemptStarted(endpoint);
    const opened = cluster.open(endpoint, head, flow.isAllHead(), false, exchange.peer, attempt);
    if ("code" in opened) {
      attempt.onUpstreamReset(opened);
      return true;
    }
    attempt.stream = opened;
    flow.feed(opened);
    return true;
  }

  /** The flow's own attempt is over without an answer: goes on with one that runs. False: there is none. */
  takeNext(): boolean {
    const [next] = this.racing;
    if (next === undefined) return false;
    this.adopt(next);
    return true;
  }

  /** No answer but the one that there is counts. */
  stop(): void {
    this.flow.context.wheel.cancel(this);
    for (const attempt of this.racing.splice(0))
      attempt.giveUp(makeFault("HDL_DOWNSTREAM_RESET", "another attempt answered first"));
  }

  // HedgeHome

  won(attempt: HedgedAttempt): void {
    this.flow.cluster!.hedged(true);
    this.adopt(attempt);
  }

  lost(attempt: HedgedAttempt): void {
    const at = this.racing.indexOf(attempt);
    if (at >= 0) this.racing.splice(at, 1);
  }

  private adopt(attempt: HedgedAttempt): void {
    this.lost(attempt);
    attempt.isAdopted = true;
    this.flow.adopt(attempt);
  }
}
