import { makeFault } from "@heddle/engine/base";
import type { Filter, FilterContext, FilterFactory, Reply } from "@heddle/engine/filter";
import type { Exchange, ResponseHead } from "@heddle/engine/message";
import type { RateLimitConfig } from "./config.ts";
import { LimitFields } from "./fields.ts";
import { Limit } from "./limit.ts";
import type { Use } from "./meters/meter.ts";

const LIMITED = makeFault("HDL_RATE_LIMITED", "a limit of the route is used up");

/** What the limits make of one exchange. */
class Standing {
  /** One for each limit; null where it does not concern the exchange. */
  readonly uses: (Use | null)[];
  /** It was refused: what it cost is nothing. */
  isRefused = false;
  /** What the response cost is charged. */
  isSettled = false;
  constructor(uses: (Use | null)[]) {
    this.uses = uses;
  }
}

/**
 * Lets requests through while the limits that concern them have something left. All of them are looked at before one is
 * charged, so a request that is refused costs nothing; where another worker takes the last of one between the look and
 * the charge, the others are refunded.
 */
class RateLimit implements Filter {
  readonly name = "rate-limit";
  private readonly config: RateLimitConfig;
  private readonly context: FilterContext;
  private readonly limits: readonly Limit[];
  private readonly fields: LimitFields;
  private readonly slot: number;
  private readonly enforced: number;
  private readonly settles: boolean;

  constructor(config: RateLimitConfig, context: FilterContext) {
    this.config = config;
    this.context = context;
    this.slot = context.reserveSlot();
    this.limits = config.limits.map((limit) => new Limit(limit, context.shared, 1));
    this.fields = new LimitFields(config.headers, this.limits);
    this.enforced = config.limits.filter(({ isShadow }) => !isShadow).length;
    this.settles = config.limits.some(({ cost }) => cost.from === "response-header");
  }

  requestHead(exchange: Exchange): Reply | undefined {
    const uses = this.usesOf(exchange);
    const standing = new Standing(uses);
    exchange.slots![this.slot] = standing;
    const { context, limits } = this;
    const nowMs = context.shared.nowMs();
    const wallMs = context.clock.wallMs();
    if (standing.uses.length === 0) return this.refuse(exchange, standing, 0);
    this.chargeShadows(uses, nowMs, wallMs);
    // One by itself need not be looked at before it is charged.
    if (this.enforced > 1) {
      const retryMs = this.look(uses, nowMs, wallMs);
      if (retryMs >= 0) return this.refuse(exchange, standing, retryMs);
    }
    for (let at = 0; at < limits.length; at++) {
      const use = uses[at];
      if (use === null || limits[at].config.isShadow) continue;
      if (limits[at].meter.charge(use, nowMs, wallMs)) continue;
      context.count(limits[at].limitedEvent);
      this.refund(uses, nowMs, wallMs);
      return this.refuse(exchange, standing, use.retryMs);
    }
    context.count("allowed");
    return undefined;
  }

  responseHead(exchange: Exchange, head: ResponseHead): void {
    const standing = exchange.slots![this.slot] as Standing | undefined;
    // Undefined: an earlier filter answered before this one saw the request.
    if (standing === undefined) return;
    if (this.settles) this.settle(standing, head);
    if (this.config.headers !== "none") this.fields.add(head.fields, this.limits, standing.uses);
  }

  end(exchange: Exchange): void {
    const standing = exchange.slots?.[this.slot] as Standing | undefined;
    if (standing === undefined) return;
    if (this.settles) this.settle(standing, null);
    const { uses } = standing;
    for (let at = 0; at < uses.length; at++) {
      const use = uses[at];
      if (use !== null && use.isCharged) this.limits[at].meter.release(use, this.context.shared.nowMs());
    }
  }

  /** None: the exchange lacks a key that it must have. */
  private usesOf(exchange: Exchange): (Use | null)[] {
    const { limits } = this;
    const uses = new Array<Use | null>(limits.length);
    for (let at = 0; at < limits.length; at++) {
      const use = limits[at].begin(exchange);
      if (use === "deny") {
        this.context.count(limits[at].missingEvent);
        if (!limits[at].config.isShadow) return [];
        uses[at] = null;
      } else {
        uses[at] = use;
      }
    }
    return uses;
  }

  private chargeShadows(uses: readonly (Use | null)[], nowMs: number, wallMs: number): void {
    const { limits } = this;
    if (this.enforced === limits.length) return;
    for (let at = 0; at < limits.length; at++) {
      const use = uses[at];
      if (use === null || !limits[at].config.isShadow) continue;
      if (!limits[at].meter.charge(use, nowMs, wallMs)) this.context.count(limits[at].limitedEvent);
    }
  }

  /** How long until all limits would let the request through; -1: they do now. */
  private look(uses: readonly (Use | null)[], nowMs: number, wallMs: number): number {
    const { limits } = this;
    let retryMs = -1;
    for (let at = 0; at < limits.length; at++) {
      const use = uses[at];
      if (use === null || limits[at].config.isShadow || limits[at].meter.check(use, nowMs, wallMs)) continue;
      this.context.count(limits[at].limitedEvent);
      retryMs = Math.max(retryMs, use.retryMs);
    }
    return retryMs;
  }

  private refund(uses: readonly (Use | null)[], nowMs: number, wallMs: number): void {
    const { limits } = this;
    for (let at = 0; at < limits.length; at++) {
      const use = uses[at];
      if (use === null || limits[at].config.isShadow || !use.isCharged) continue;
      limits[at].meter.refund(use, nowMs, wallMs);
      use.isCharged = false;
    }
  }

  private settle(standing: Standing, head: ResponseHead | null): void {
    if (standing.isSettled || standing.isRefused) return;
    standing.isSettled = true;
    const { limits, context } = this;
    const nowMs = context.shared.nowMs();
    const wallMs = context.clock.wallMs();
    for (let at = 0; at < limits.length; at++) {
      const use = standing.uses[at];
      const { cost } = limits[at].config;
      if (use === null || cost.from !== "response-header") continue;
      limits[at].meter.settle(
        use,
        limits[at].costOfResponse(head === null ? null : head.fields),
        nowMs,
        wallMs,
      );
      if (head !== null && cost.isRemoved) head.fields.delete(cost.name);
    }
  }

  private refuse(exchange: Exchange, standing: Standing, retryMs: number): Reply {
    standing.isRefused = true;
    // Limits that would have let it through told what would be left of them then.
    for (const use of standing.uses) {
      if (use !== null && use.retryMs === 0) use.remaining += use.cost;
    }
    exchange.fault = LIMITED;
    this.context.count("refused");
    const { status, body } = this.config;
    const headers: [string, string][] = [["content-type", "text/plain; charset=utf-8"]];
    if (retryMs > 0) headers.push(["retry-after", String(Math.ceil(retryMs / 1000))]);
    const reply = { status, headers, body, grpcStatus: RESOURCE_EXHAUSTED };
    return retryMs > 0 ? { ...reply, grpcPushbackMs: Math.ceil(retryMs) } : reply;
  }
}

/** What gRPC clients are told, whatever the status. */
const RESOURCE_EXHAUSTED = 8;

/**
 * Events: `allowed`, `refused`, `limited:NAME` of each limit that refused, `shadow-limited:NAME` of each that would have,
 * `key-missing:NAME` of each that a request had no key for and may not go without.
 */
export const rateLimit: FilterFactory<RateLimitConfig> = {
  name: "rate-limit",
  create: (config, context) => new RateLimit(config, context),
};
