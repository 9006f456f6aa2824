import { makeFault, Timer } from "../base/index.ts";
import type { ExchangeCore } from "./exchange-core.ts";

class RouteDeadline extends Timer {
  private readonly flow: ExchangeCore;
  constructor(flow: ExchangeCore) {
    super();
    this.flow = flow;
  }
  expire(): void {
    const limitMs = this.flow.rule.requestTimeoutMs;
    this.flow.abort(makeFault("HDL_ROUTE_TIMEOUT", `no whole response within ${limitMs} ms`));
  }
}

class AttemptDeadline extends Timer {
  private readonly flow: ExchangeCore;
  constructor(flow: ExchangeCore) {
    super();
    this.flow = flow;
  }
  expire(): void {
    const { exchange, rule } = this.flow;
    const message = `no whole response of ${exchange.endpoint} within ${rule.backendRequestTimeoutMs} ms`;
    this.flow.failAttempt(makeFault("HDL_UPSTREAM_TIMEOUT", message));
  }
}

/** The time that a rule allows for all of an exchange, and for each attempt. Made only for rules that limit either. */
export class Deadlines {
  private readonly flow: ExchangeCore;
  private readonly route: RouteDeadline;
  private readonly attempt: AttemptDeadline;

  constructor(flow: ExchangeCore) {
    this.flow = flow;
    this.route = new RouteDeadline(flow);
    this.attempt = new AttemptDeadline(flow);
  }

  startRoute(): void {
    const { rule, exchange, context } = this.flow;
    if (rule.requestTimeoutMs === 0) return;
    context.wheel.schedule(this.route, exchange.startedMs + rule.requestTimeoutMs);
  }

  startAttempt(nowMs: number): void {
    const { rule, context } = this.flow;
    if (rule.backendRequestTimeoutMs === 0) return;
    context.wheel.schedule(this.attempt, nowMs + rule.backendRequestTimeoutMs);
  }

  stopAttempt(): void {
    this.flow.context.wheel.cancel(this.attempt);
  }

  stop(): void {
    this.stopAttempt();
    this.flow.context.wheel.cancel(this.route);
  }
}
