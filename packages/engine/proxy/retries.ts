import { FAULTS, makeFault, Timer } from "../base/index.ts";
import type { Fault } from "../base/index.ts";
import type { Endpoint } from "../cluster/index.ts";
import { isIdempotent } from "../message/index.ts";
import type { Fields } from "../message/index.ts";
import type { RetrySpec } from "../model/index.ts";
import { parseGrpcPushback } from "../wire/grpc/index.ts";
import type { ExchangeCore } from "./exchange-core.ts";
import { parseRetryAfter } from "./retry-after.ts";

/** Attempts after the first for failures that are safe to repeat, where the route does not say. */
const DEFAULT_RETRIES = 2;
const BACKOFF_CAP_MS = 10_000;
/** What an endpoint may ask a call to wait here; a longer wait is its client's, which is told of it. */
const PUSHBACK_CAP_MS = 60_000;
/** Endpoints that may refuse one exchange's connections before that counts as retries. */
const FREE_REFUSALS = 8;
const NO_ENDPOINTS: Endpoint[] = [];
const NO_WISHES: Partial<RetrySpec> = {};

/** Adds to a list of its own; `NO_ENDPOINTS` is everybody's. */
function withEndpoint(list: Endpoint[], endpoint: Endpoint): Endpoint[] {
  if (list === NO_ENDPOINTS) return [endpoint];
  if (!list.includes(endpoint)) list.push(endpoint);
  return list;
}

/**
 * Whether and when an attempt of one exchange is repeated; made when the first one fails.
 *
 *   failed ─► safe? ─► retries left? ─► budget? ─► pause ─► another endpoint
 *               ├ stale connection, the first time ────────► the same endpoint, fresh, at once
 *               └ no connection, and others not tried yet ─► one of those, at once, where the route does not say
 *
 * It is itself the timer of the pause.
 */
export class Retries extends Timer {
  private readonly flow: ExchangeCore;
  private left: number;
  private usedStale = false;
  private failed: Endpoint | null = null;
  /** Attempts before the last pushback: after it pauses are short again (gRFC A6). */
  private backoffFrom = 0;
  /** Nothing listens there: they stay excluded, while one that broke off may serve again. */
  unreachable: Endpoint[] = NO_ENDPOINTS;
  /** Where the exchange has failed: others come before them. */
  tried: Endpoint[] = NO_ENDPOINTS;

  constructor(flow: ExchangeCore) {
    super();
    this.flow = flow;
    this.left = flow.limits.retry === null ? DEFAULT_RETRIES : flow.limits.retry.attempts;
  }

  /**
   * The route retries the status that came, with these fields. False: it is the answer. `isLast`: the attempt is
   * complete.
   */
  afterStatus(isLast: boolean, fields: Fields): boolean {
    const { flow } = this;
    const pushbackMs = this.pushbackMs(fields);
    if (pushbackMs !== null && !this.canWait(pushbackMs)) return false;
    if (!flow.isRequestDone || !flow.canRepeat() || !this.mayRetry(null)) return false;
    const endpoint = flow.endpoint!;
    if (isLast) flow.letGo();
    else flow.dropAttempt(makeFault("HDL_UPSTREAM_STATUS", "the route retries this status"));
    this.retry(endpoint, null, pushbackMs);
    return true;
  }

  /** How long the endpoint asks to wait; null: it does not say, and less than 0: there is to be no retry. */
  private pushbackMs(fields: Fields): number | null {
    const { exchange, limits, context } = this.flow;
    if (exchange.grpcForm !== "") return parseGrpcPushback(fields.get("grpc-retry-pushback-ms"));
    if (limits.retry?.obeysRetryAfter !== true) return null;
    return parseRetryAfter(fields.get("retry-after"), context.clock.wallMs());
  }

  private canWait(pushbackMs: number): boolean {
    const { context, deadlineMs } = this.flow;
    if (pushbackMs < 0 || pushbackMs > PUSHBACK_CAP_MS) return false;
    return context.clock.now() + pushbackMs < deadlineMs;
  }

  /** The attempt at `endpoint` failed before any response. False: the fault stands. */
  afterFault(fault: Fault, endpoint: Endpoint): boolean {
    const { flow } = this;
    if (!flow.canRepeat() || !(this.isWanted(fault) || this.asksFor(fault))) return false;
    // Who limits an attempt's time wants an answer in that time, unless the route asks for retries as well.
    if (fault.code === "HDL_UPSTREAM_TIMEOUT" && flow.limits.retry === null) return false;
    if (fault.code === "HDL_UPSTREAM_STALE" && !this.usedStale) {
      // The keep-alive race is nobody's fault: once, on a fresh connection, outside the budget.
      this.usedStale = true;
      flow.context.observer.retried(flow.exchange, fault);
      flow.attempt(endpoint, true);
      return true;
    }
    if (fault.code === "HDL_UPSTREAM_CONNECT_FAILED") {
      this.noteUnreachable(endpoint);
      if (this.isFreeRefusal()) {
        flow.context.observer.retried(flow.exchange, fault);
        flow.attempt(endpoint, false);
        return true;
      }
    }
    if (!this.mayRetry(fault)) return false;
    this.retry(endpoint, fault, null);
    return true;
  }

  /** Whether another attempt may follow one that had an answer. */
  mayRepeat(): boolean {
    const { exchange, limits } = this.flow;
    return this.left > 0 && (limits.retry?.repeatsEffects === true || isIdempotent(exchange.request.method));
  }

  /** Safe, or said to be, and among what the route names where it does. */
  private isWanted(fault: Fault): boolean {
    const { exchange, limits } = this.flow;
    const { faults, repeatsEffects = false } = limits.retry ?? NO_WISHES;
    if (fault.retry === "no") return false;
    if (fault.retry === "maybe-sent" && !repeatsEffects && !isIdempotent(exchange.request.method))
      return false;
    return faults === undefined || faults.includes(fault.code) || fault.code === "HDL_UPSTREAM_STALE";
  }

  private noteUnreachable(endpoint: Endpoint): void {
    this.unreachable = withEndpoint(this.unreachable, endpoint);
    this.tried = withEndpoint(this.tried, endpoint);
  }

  /** A refused connection cost nobody any work. While others are left, an answer is not given up for it. */
  private isFreeRefusal(): boolean {
    const { flow, unreachable } = this;
    return (
      flow.limits.retry === null && unreachable.length <= FREE_REFUSALS && flow.cluster!.hasOther(unreachable)
    );
  }

  /** The route retries the status that a gRPC client would make of the fault; nothing of a response has come. */
  private asksFor(fault: Fault): boolean {
    const { exchange, limits } = this.flow;
    if (exchange.grpcForm === "" || fault.retry !== "maybe-sent" || limits.retry === null) return false;
    return limits.retry.grpcCodes?.includes(FAULTS[fault.code].grpc) === true;
  }

  private mayRetry(fault: Fault | null): boolean {
    return this.left > 0 && this.flow.mayRetry(fault, false);
  }

  /** Another endpoint first, after a pause. */
  private retry(endpoint: Endpoint, fault: Fault | null, pushbackMs: number | null): void {
    const { flow } = this;
    this.left--;
    this.tried = withEndpoint(this.tried, endpoint);
    flow.context.observer.retried(flow.exchange, fault);
    const pauseMs = pushbackMs ?? this.backoffMs();
    if (pushbackMs !== null) this.backoffFrom = flow.exchange.attempts;
    if (pauseMs === 0) {
      flow.attempt(endpoint, false);
      return;
    }
    // What comes meanwhile would pile up.
    if (!flow.isRequestDone) flow.pauseRequest();
    this.failed = endpoint;
    const { clock, wheel } = flow.context;
    wheel.schedule(this, clock.now() + pauseMs);
  }

  /** Never below the route's minimum, doubling, with jitter over its upper half. */
  private backoffMs(): number {
    const { limits, exchange, context } = this.flow;
    const baseMs = limits.retry?.backoffMs ?? 0;
    if (baseMs === 0) return 0;
    const cap = Math.min(BACKOFF_CAP_MS, baseMs * 2 ** (exchange.attempts - this.backoffFrom));
    return Math.max(baseMs, cap / 2 + (context.random.next() * cap) / 2);
  }

  expire(): void {
    this.flow.attempt(this.failed, false);
  }
}
