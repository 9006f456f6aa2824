import { makeFault } from "@heddle/engine/base";
import type { Filter, FilterContext, FilterFactory, Reply } from "@heddle/engine/filter";
import type { Exchange, ResponseHead } from "@heddle/engine/message";
import type { RateLimitConfig } from "./config.ts";
import { LimitFields } from "./fields.ts";
import { Limit } from "./limit.ts";
import type { Use } from "./meters/meter.ts";
import { StoreLimits } from "./store-limits.ts";
import type { LimitStore, OpenLimitStore } from "./store.ts";

const LIMITED = makeFault("HDL_RATE_LIMITED", "a limit of the route is used up");
const STORE_AWAY = makeFault("HDL_LIMIT_STORE_UNAVAILABLE", "the store that counts the limits is away");
/** What gRPC clients are told, whatever the status. */
const RESOURCE_EXHAUSTED = 8;
const UNAVAILABLE = 14;

/** What the limits make of one exchange. */
class Standing {
  /** One for each limit; null where it does not concern the exchange. None: it lacks a key that it must have. */
  readonly uses: readonly (Use | null)[];
  /** What a store was asked; null where this process counted. */
  stored: StoreLimits | null = null;
  /** It was refused, or nobody could say: what it cost is nothing. */
  isRefused = false;
  /** The store is away: this process counts in its place; or nobody does, and there is nothing to tell. */
  isLocal = false;
  isUncounted = false;
  /** What the response cost is charged. */
  isSettled = false;
  constructor(uses: readonly (Use | null)[]) {
    this.uses = uses;
  }
}

/**
 * Lets requests through while the limits that concern them have something left. All of them are looked at before one is
 * charged, so a request that is refused costs nothing; where another worker takes the last of one between the look and
 * the charge, the others are refunded. A store looks and charges in one step; concurrency, which this process counts, is
 * charged before it is asked, and given back when it refuses.
 */
class RateLimit implements Filter {
  readonly name = "rate-limit";
  private readonly config: RateLimitConfig;
  private readonly context: FilterContext;
  private readonly limits: readonly Limit[];
  private readonly fields: LimitFields;
  private readonly slot: number;
  private readonly settles: boolean;
  private readonly store: LimitStore | null;
  /** What this process counts by itself while the store is there: concurrency; or everything. */
  private readonly own: readonly boolean[];
  private readonly all: readonly boolean[];

  constructor(config: RateLimitConfig, context: FilterContext, openStore: OpenLimitStore | null) {
    this.config = config;
    this.context = context;
    this.slot = context.reserveSlot();
    const { store } = config;
    const share = store === null ? 1 : store.localShare;
    this.limits = config.limits.map((limit) => new Limit(limit, context.shared, share));
    this.fields = new LimitFields(config.headers, config.limits);
    this.settles = config.limits.some(({ cost }) => cost.from === "response-header");
    this.store = store === null ? null : openFor(store, context, openStore);
    this.all = config.limits.map(() => true);
    this.own = config.limits.map(({ meter }) => store === null || meter.kind === "concurrency");
  }

  requestHead(exchange: Exchange): Reply | undefined | Promise<Reply | undefined> {
    const standing = new Standing(this.usesOf(exchange));
    exchange.slots![this.slot] = standing;
    if (standing.uses.length === 0) return this.refuse(exchange, standing, 0);
    const retryMs = this.charge(standing.uses, this.own);
    if (retryMs >= 0) return this.refuse(exchange, standing, retryMs);
    if (this.store !== null) {
      const stored = new StoreLimits(this.limits, standing.uses, exchange);
      if (stored.questions.length > 0) return this.ask(this.store, stored, exchange, standing);
    }
    this.context.count("allowed");
    return undefined;
  }

  responseHead(exchange: Exchange, head: ResponseHead): void {
    const standing = exchange.slots![this.slot] as Standing | undefined;
    // Undefined: an earlier filter answered before this one saw the request.
    if (standing === undefined) return;
    if (this.settles) this.settle(standing, head);
    if (this.config.headers !== "none" && !standing.isUncounted) this.fields.add(head.fields, standing.uses);
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
      uses[at] = use === "deny" ? null : use;
      if (use !== "deny") continue;
      this.context.count(limits[at].missingEvent);
      if (!limits[at].config.isShadow) return [];
    }
    return uses;
  }

  /**
   * Charges those of the limits that are `counted` here, all or none but for the shadows. -1, or how long until all of
   * them would let the request through.
   */
  private charge(uses: readonly (Use | null)[], counted: readonly boolean[]): number {
    const { limits, context } = this;
    const nowMs = context.shared.nowMs();
    const wallMs = context.clock.wallMs();
    // One by itself need not be looked at before it is charged.
    if (limits.length > 1) {
      const retryMs = this.look(uses, counted, nowMs, wallMs);
      if (retryMs >= 0) return retryMs;
    }
    for (let at = 0; at < limits.length; at++) {
      const use = uses[at];
      if (use === null || !counted[at] || limits[at].meter.charge(use, nowMs, wallMs)) continue;
      context.count(limits[at].limitedEvent);
      if (limits[at].config.isShadow) continue;
      this.refund(uses, nowMs, wallMs);
      return use.retryMs;
    }
    return -1;
  }

  /** Whether all limits that refuse would let the request through: -1, or as of `charge`. */
  private look(
    uses: readonly (Use | null)[],
    counted: readonly boolean[],
    nowMs: number,
    wallMs: number,
  ): number {
    const { limits } = this;
    let retryMs = -1;
    for (let at = 0; at < limits.length; at++) {
      const use = uses[at];
      if (use === null || !counted[at] || limits[at].config.isShadow) continue;
      if (limits[at].meter.check(use, nowMs, wallMs)) continue;
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

  // Limits that a store counts

  private async ask(
    store: LimitStore,
    stored: StoreLimits,
    exchange: Exchange,
    standing: Standing,
  ): Promise<Reply | undefined> {
    const answers = await store.take(stored.questions);
    // Its end has run: what it held is given back.
    if (exchange.isEnded) return undefined;
    if (answers === null) return this.goOnAlone(exchange, standing);
    standing.stored = stored;
    let retryMs = -1;
    for (const at of stored.apply(answers, standing.uses)) {
      this.context.count(this.limits[at].limitedEvent);
      if (!this.limits[at].config.isShadow) retryMs = Math.max(retryMs, standing.uses[at]!.retryMs);
    }
    if (retryMs >= 0) return this.refuseAndGiveBack(exchange, standing, retryMs);
    this.context.count("allowed");
    return undefined;
  }

  private goOnAlone(exchange: Exchange, standing: Standing): Reply | undefined {
    const { whenUnavailable } = this.config.store!;
    this.context.count(`store-away:${whenUnavailable}`);
    standing.isUncounted = whenUnavailable !== "local";
    if (whenUnavailable === "deny") return this.refuseUncounted(exchange, standing);
    if (whenUnavailable === "allow") return undefined;
    standing.isLocal = true;
    const others = this.all.map((_, at) => !this.own[at]);
    const retryMs = this.charge(standing.uses, others);
    if (retryMs >= 0) return this.refuseAndGiveBack(exchange, standing, retryMs);
    this.context.count("allowed");
    return undefined;
  }

  private refuseUncounted(exchange: Exchange, standing: Standing): Reply {
    this.giveBack(standing);
    standing.isRefused = true;
    exchange.fault = STORE_AWAY;
    const body = "limits cannot be counted at the moment\n";
    return { status: 503, headers: TEXT, body, grpcStatus: UNAVAILABLE };
  }

  private refuseAndGiveBack(exchange: Exchange, standing: Standing, retryMs: number): Reply {
    this.giveBack(standing);
    return this.refuse(exchange, standing, retryMs);
  }

  private giveBack({ uses }: Standing): void {
    this.refund(uses, this.context.shared.nowMs(), this.context.clock.wallMs());
  }

  // The end of both

  private settle(standing: Standing, head: ResponseHead | null): void {
    if (standing.isSettled || standing.isRefused) return;
    standing.isSettled = true;
    // Of one that went on uncounted, or left before there was an answer, nothing is owed.
    if (this.store !== null && standing.stored === null && !standing.isLocal) return;
    const { limits, context } = this;
    const nowMs = context.shared.nowMs();
    const wallMs = context.clock.wallMs();
    for (let at = 0; at < limits.length; at++) {
      const use = standing.uses[at];
      const { cost } = limits[at].config;
      if (use === null || cost.from !== "response-header") continue;
      const units = limits[at].costOfResponse(head === null ? null : head.fields);
      if (standing.stored === null) limits[at].meter.settle(use, units, nowMs, wallMs);
      else standing.stored.settle(this.store!, at, use, units);
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
    if (retryMs <= 0) return { status, headers: TEXT, body, grpcStatus: RESOURCE_EXHAUSTED };
    const headers = [...TEXT, ["retry-after", String(Math.ceil(retryMs / 1000))] as const];
    return { status, headers, body, grpcStatus: RESOURCE_EXHAUSTED, grpcPushbackMs: Math.ceil(retryMs) };
  }
}

const TEXT: Reply["headers"] = [["content-type", "text/plain; charset=utf-8"]];

function openFor(
  config: NonNullable<RateLimitConfig["store"]>,
  context: FilterContext,
  openStore: OpenLimitStore | null,
): LimitStore {
  // Thrown where the filter is built: its rule answers 500 rather than run without limits.
  if (openStore === null) throw new Error("limits in a store need one to be opened");
  const credentials = config.credentials === "" ? null : context.data(config.credentials);
  return openStore(config, credentials, context.clock);
}

/**
 * Events: `allowed`, `refused`, `limited:NAME` of each limit that refused, `shadow-limited:NAME` of each that would have,
 * `key-missing:NAME` of each that a request had no key for and may not go without; `store-away:allow`, `:deny`, `:local`.
 * `openStore` null: there are no stores.
 */
export const rateLimitWith = (openStore: OpenLimitStore | null): FilterFactory<RateLimitConfig> => ({
  name: "rate-limit",
  create: (config, context) => new RateLimit(config, context, openStore),
});

/** Limits that each process counts by itself. */
export const rateLimit = rateLimitWith(null);
