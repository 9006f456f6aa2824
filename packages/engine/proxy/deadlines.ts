import { makeFault, Timer } from "../base/index.ts";
import type { Fault } from "../base/index.ts";
import type { ExchangeCore } from "./exchange-core.ts";

class RouteDeadline extends Timer {
  private readonly flow: ExchangeCore;
  constructor(flow: ExchangeCore) {
    super();
    this.flow = flow;
  }
  /** It is the client's own, that of `grpc-timeout`. */
  isOfClient = false;
  expire(): void {
    this.flow.abort(this.fault());
  }
  fault(): Fault {
    if (this.isOfClient) return makeFault("HDL_GRPC_DEADLINE", "the deadline of grpc-timeout has passed");
    const limitMs = this.flow.limits.requestTimeoutMs;
    return makeFault("HDL_ROUTE_TIMEOUT", `no whole response within ${limitMs} ms`);
  }
}

class AttemptDeadline extends Timer {
  private readonly flow: ExchangeCore;
  constructor(flow: ExchangeCore) {
    super();
    this.flow = flow;
  }
  expire(): void {
    const { exchange, limits } = this.flow;
    const message = `no whole response of ${exchange.endpoint} within ${limits.backendRequestTimeoutMs} ms`;
    this.flow.failAttempt(makeFault("HDL_UPSTREAM_TIMEOUT", message));
  }
}

/**
 * The time that a rule, or the chosen backend, and a gRPC client allow for all of an exchange, and the former for each
 * attempt. Made only where there is a limit.
 */
export class Deadlines {
  private readonly flow: ExchangeCore;
  private readonly route: RouteDeadline;
  private readonly attempt: AttemptDeadline;
  /** Clock milliseconds by which all must be done. */
  wholeMs = Infinity;

  constructor(flow: ExchangeCore) {
    this.flow = flow;
    this.route = new RouteDeadline(flow);
    this.attempt = new AttemptDeadline(flow);
  }

  /**
   * By the limits of the flow; asked again when these are the chosen backend's. `clientMs`: clock milliseconds when a gRPC
   * client gives up; Infinity where it does not say.
   */
  startRoute(clientMs: number): void {
    const { limits, exchange, context } = this.flow;
    const routeMs = limits.requestTimeoutMs === 0 ? Infinity : exchange.startedMs + limits.requestTimeoutMs;
    this.route.isOfClient = clientMs < routeMs;
    this.wholeMs = Math.min(routeMs, clientMs);
    if (this.wholeMs !== Infinity) context.wheel.schedule(this.route, this.wholeMs);
    // The rule's may run already where the chosen backend has none.
    else context.wheel.cancel(this.route);
  }

  /** What is left for an attempt that begins now. */
  leftMs(nowMs: number): number {
    const { backendRequestTimeoutMs } = this.flow.limits;
    return Math.min(this.wholeMs - nowMs, backendRequestTimeoutMs === 0 ? Infinity : backendRequestTimeoutMs);
  }

  /** That there is no time left, as a fault. */
  passed(): Fault {
    return this.route.fault();
  }

  startAttempt(nowMs: number): void {
    const { limits, context } = this.flow;
    if (limits.backendRequestTimeoutMs === 0) return;
    context.wheel.schedule(this.attempt, nowMs + limits.backendRequestTimeoutMs);
  }

  stopAttempt(): void {
    this.flow.context.wheel.cancel(this.attempt);
  }

  stop(): void {
    this.stopAttempt();
    this.flow.context.wheel.cancel(this.route);
  }
}
