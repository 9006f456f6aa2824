import type {
  DataRef,
  Filter,
  FilterContext,
  FilterFactory,
  ObserveBody,
  Reply,
} from "@heddle/engine/filter";
import type { Exchange, ResponseHead } from "@heddle/engine/message";
import { deltaMs, parseDirectives, readDirectives } from "./cache-control.ts";
import type { Directives } from "./cache-control.ts";
import { cacheKey, keyedQuery, originOf } from "./cache-key.ts";
import { CacheRun } from "./cache-run.ts";
import { forwardStatus, hitStatus } from "./cache-status.ts";
import type { ForwardStatus } from "./cache-status.ts";
import { storeFor } from "./cache-store.ts";
import type { CacheStore } from "./cache-store.ts";
import { isConditional, NO_CONDITIONS, readConditions } from "./conditions.ts";
import type { CacheConfig } from "./config.ts";
import { DiskBody } from "./disk-body.ts";
import { Fill } from "./fill.ts";
import { forwardedTarget } from "./forwarded-target.ts";
import { invalidatedKeys } from "./invalidation.ts";
import { Keeper } from "./keeper.ts";
import { isCacheable, isSafe, saysWhoAsks } from "./request-rules.ts";
import { firstOctet, serve } from "./serve.ts";
import { differsFrom, freshenedBy, isForAll, pendingFrom } from "./stored-from.ts";
import { ageMs, releaseBody } from "./stored-response.ts";
import type { StoredResponse } from "./stored-response.ts";
import { mayStandIn, usabilityOf } from "./usability.ts";
import { validate } from "./validate.ts";

const NO_DIRECTIVES: Directives = new Map();

/** At most so many background requests of a store at a time. */
const MAX_REFRESHING = 64;

/** What stands in for an error (RFC 5861 section 4). */
const ERRORS: ReadonlySet<number> = new Set([500, 502, 503, 504]);

/**
 * A shared cache (RFC 9111): answers from what it stored, asks the endpoint whether that is still good, has one request
 * ask for many, and stores what the endpoint allows.
 *
 *   request ─► usable ─────────────────────────────► stored response
 *      │       stale-while-revalidate ─► background ─► stored response
 *      ├─► somebody asks already ─► waits ─► stored response, or asks too
 *      └─► asks, with the validator of what is stale ─► 304: stored response │ 5xx: stale-if-error │ other: stored, if it may be
 *
 * Filters behind it see neither a request that is answered here nor its response, since what is stored went through
 * them (`Reply.from`); those before it see both, authorisation among them.
 */
class Cache implements Filter {
  readonly name = "cache";
  private readonly config: CacheConfig;
  private readonly context: FilterContext;
  private readonly slot: number;
  private readonly store: CacheStore;
  private readonly purges: DataRef | null;
  private readonly keeper: Keeper;

  constructor(config: CacheConfig, context: FilterContext) {
    this.config = config;
    this.context = context;
    this.slot = context.reserveSlot();
    this.store = storeFor(config);
    this.purges = config.purges === "" ? null : context.data(config.purges);
    this.keeper = new Keeper(config, context, this.store);
  }

  // The request

  requestHead(exchange: Exchange): Reply | undefined | Promise<Reply | undefined> {
    const { request } = exchange;
    const run = this.begin(exchange);
    exchange.slots![this.slot] = run;
    if (run.forward === "method" || run.forward === "bypass") {
      if (run.forward === "bypass" && run.asked.has("only-if-cached")) return this.notCached();
      this.context.count("bypass");
      return undefined;
    }
    if (this.purges !== null) this.store.purges.follow(this.purges.version, this.purges.value, run.askedMs);
    const stored = this.find(run.key, request.fields);
    if (this.store.disk === null || this.isUsable(run, stored))
      return this.decide(exchange, run, stored, true);
    return this.lookOnDisk(exchange, run, stored, true);
  }

  private isUsable({ asked }: CacheRun, stored: StoredResponse | null): boolean {
    return stored !== null && !usabilityOf(stored, asked, this.context.clock.wallMs()).startsWith("ask");
  }

  /** Another worker, or the process before, may have what this one has not, or a newer one. */
  private async lookOnDisk(
    exchange: Exchange,
    run: CacheRun,
    stored: StoredResponse | null,
    mayWait: boolean,
  ): Promise<Reply | undefined> {
    const found = await this.store.findOnDisk(run.key, exchange.request.fields);
    const isNewer = found !== null && (stored === null || found.arrivedMs > stored.arrivedMs);
    const isTaken = isNewer && (await this.isSendable(exchange, run, found));
    if (isTaken && !exchange.isEnded) run.keep(found.body);
    else if (found !== null) releaseBody(found.body);
    if (exchange.isEnded) return undefined;
    if (isTaken) this.context.count("from-disk");
    return this.decide(exchange, run, isTaken ? found : stored, mayWait);
  }

  /** While another can still answer: from where it would be sent it is as it was written. */
  private async isSendable({ request }: Exchange, run: CacheRun, stored: StoredResponse): Promise<boolean> {
    const { body } = stored;
    if (body instanceof Uint8Array || request.method !== "GET") return true;
    if (await body.isReadable(firstOctet(stored, run.conditions))) return true;
    this.context.count("disk-damaged");
    return false;
  }

  private begin(exchange: Exchange): CacheRun {
    const { request } = exchange;
    const query = keyedQuery(request.query, this.config.query);
    const origin = originOf(request);
    const target = `${request.path}${query ?? ""}`;
    const { key: forwarded, origin: seen } = forwardedTarget(request);
    const key = query === null ? "" : cacheKey(this.context.place, origin + target, forwarded);
    const asked = this.askedOf(exchange);
    const nowMs = this.context.clock.wallMs();
    const names = { key, origin, forwarded, uri: seen + target };
    const run = new CacheRun(names, readConditions(request), asked, nowMs);
    if (!isSafe(request.method)) run.forward = "method";
    else if (query === null || !isCacheable(request) || asked.has("no-store")) run.forward = "bypass";
    else if (this.config.query.mode !== "all") request.query = query;
    return run;
  }

  /** RFC 9111 section 5.4: Pragma counts where there is no Cache-Control. */
  private askedOf({ request }: Exchange): Directives {
    if (!this.config.followsRequests) return NO_DIRECTIVES;
    const directives = readDirectives(request.fields);
    if (directives.size > 0 || !request.fields.has("pragma")) return directives;
    const pragma = readDirectives(request.fields, "pragma");
    return pragma.has("no-cache") ? parseDirectives("no-cache") : directives;
  }

  private find(key: string, request: Exchange["request"]["fields"]): StoredResponse | null {
    const stored = this.store.memory.find(key, request);
    if (stored === null || !this.store.purges.covers(stored)) return stored;
    this.store.memory.removeOne(stored);
    this.context.count("purged");
    return null;
  }

  private decide(
    exchange: Exchange,
    run: CacheRun,
    stored: StoredResponse | null,
    mayWait: boolean,
  ): Reply | undefined | Promise<Reply | undefined> {
    if (stored !== null) {
      const nowMs = this.context.clock.wallMs();
      const use = usabilityOf(stored, run.asked, nowMs);
      if (use === "fresh" || use === "stale" || use === "refresh") {
        if (use === "refresh") this.refresh(exchange, run, stored);
        this.context.count(use === "fresh" ? "hit" : "stale");
        return this.answer(run, stored, this.hitMember(run, stored, nowMs));
      }
      run.stale = stored;
      run.forward = use === "ask" ? "stale" : "request";
    } else if (this.store.memory.hasKey(run.key)) {
      run.forward = "vary-miss";
    }
    // Section 5.2.1.7.
    if (run.asked.has("only-if-cached")) return this.notCached();
    return this.forward(exchange, run, mayWait);
  }

  private hitMember(run: CacheRun, stored: StoredResponse, nowMs: number): string {
    if (!this.config.tellsStatus) return "";
    if (run.isCollapsed) return forwardStatus(run.forward, { isCollapsed: true });
    return hitStatus(stored.freshMs - ageMs(stored, nowMs));
  }

  private answer(run: CacheRun, stored: StoredResponse, member: string): Reply {
    const reply = serve(stored, run.conditions, member, this.context.clock.wallMs(), this);
    // Nobody gets it: it need not be read.
    return run.isRefresh ? { ...reply, body: "", source: undefined } : reply;
  }

  private notCached(): Reply {
    this.context.count("only-if-cached");
    const headers: [string, string][] = [["content-type", "text/plain; charset=utf-8"]];
    return { status: 504, headers, body: "not in the cache\n" };
  }

  // On to the endpoint

  private forward(
    exchange: Exchange,
    run: CacheRun,
    mayWait: boolean,
  ): undefined | Promise<Reply | undefined> {
    const fill = this.store.fills.get(run.key);
    if (mayWait && fill !== undefined && this.config.coalescing !== null)
      return this.wait(exchange, run, fill);
    this.note(exchange, run);
    this.context.count(run.stale === null ? "miss" : "revalidate");
    if (fill === undefined && this.mayLead(exchange, run)) {
      run.fill = new Fill(run.request!, this.context.clock);
      this.store.fills.set(run.key, run.fill);
    }
    if (run.stale !== null) validate(exchange, run, run.stale);
    return undefined;
  }

  /** Only what brings a whole response that others could have is worth waiting for. */
  private mayLead({ request }: Exchange, run: CacheRun): boolean {
    if (this.config.coalescing === null || request.method !== "GET" || run.isPersonal) return false;
    if (run.conditions.range !== undefined) return false;
    if (run.stale === null && isConditional(run.conditions)) return false;
    return !this.store.isPassed(run.key, run.askedMs);
  }

  /** Whoever waited asks for themselves unless the answer is theirs, or the one that they waited for gave up. */
  private async wait(exchange: Exchange, run: CacheRun, fill: Fill): Promise<Reply | undefined> {
    const { maxWaiting, timeoutMs } = this.config.coalescing!;
    const nowMs = this.context.clock.now();
    if (run.waitsUntilMs === 0) run.waitsUntilMs = nowMs + timeoutMs;
    this.context.count("wait");
    const outcome = await fill.join(exchange, maxWaiting, run.waitsUntilMs - nowMs);
    if (exchange.isEnded) return undefined;
    run.isCollapsed = outcome === "stored";
    run.stale = null;
    const stored = this.find(run.key, exchange.request.fields);
    if (run.isCollapsed && this.store.disk !== null && !this.isUsable(run, stored))
      return this.lookOnDisk(exchange, run, stored, false);
    return this.decide(exchange, run, stored, outcome === "abandoned");
  }

  /** RFC 5861 section 3: one request of nobody's brings a newer one. */
  private refresh(exchange: Exchange, run: CacheRun, stored: StoredResponse): void {
    const { refreshing } = this.store;
    const id = refreshId(stored);
    if (refreshing.has(id) || refreshing.size >= MAX_REFRESHING) return;
    refreshing.add(id);
    this.context.count("refresh");
    const { request } = exchange;
    const background = new CacheRun(run, NO_CONDITIONS, NO_DIRECTIVES, run.askedMs);
    background.isRefresh = true;
    background.stale = stored;
    background.forward = "stale";
    this.note(exchange, background);
    const { method } = request;
    request.method = "GET";
    validate(exchange, background, stored);
    if (stored.body instanceof DiskBody) background.keep(stored.body.hold());
    if (!this.context.repeat(exchange, this, this.slot, background)) this.endRun(background);
    request.method = method;
  }

  /** What filters behind may change before the response is here. */
  private note({ request, principal }: Exchange, run: CacheRun): void {
    run.request = request.fields.clone();
    run.isPersonal = principal !== null || saysWhoAsks(request);
  }

  // The response

  responseHead(exchange: Exchange, head: ResponseHead): Reply | undefined {
    const run = exchange.slots![this.slot] as CacheRun | undefined;
    // Undefined: a filter before this one answered.
    if (run === undefined) return undefined;
    if (run.forward === "method") this.invalidate(run, head);
    if (run.request === null) {
      this.tell(run, head, {});
      return undefined;
    }
    const isFault = exchange.fault !== null;
    if (run.isValidating && head.status === 304 && !isFault) return this.validated(run, head);
    if (run.stale !== null && ERRORS.has(head.status)) {
      const reply = this.standIn(run, head);
      if (reply !== undefined) return reply;
    }
    const nowMs = this.context.clock.wallMs();
    // A backend's filters may have found out who it is.
    if (exchange.principal !== null) run.isPersonal = true;
    const pending = isFault ? null : pendingFrom(exchange.request, run, head, this.config, nowMs);
    run.pending = pending;
    this.tell(run, head, { isStored: pending !== null });
    if (pending === null) this.notStored(exchange, run, head);
    else {
      run.fill?.varies(pending.response.varyNames);
      if (head.bodyLength === 0) this.keeper.commit(run);
    }
    return undefined;
  }

  private tell(run: CacheRun, head: ResponseHead, status: ForwardStatus): void {
    if (this.config.tellsStatus) head.fields.add("cache-status", forwardStatus(run.forward, status));
  }

  /** Section 4.3.4. */
  private validated(run: CacheRun, head: ResponseHead): Reply {
    const stale = run.stale!;
    const fresh = freshenedBy(head, run, this.config, this.context.clock.wallMs());
    this.replace(run, stale, fresh);
    this.keeper.settle(run, "uncacheable");
    this.context.count("validated");
    const member = this.config.tellsStatus ? forwardStatus(run.forward, { status: 304 }) : "";
    const reply = this.answer(run, fresh ?? stale, member);
    const cookies = head.fields.getAll("set-cookie");
    if (cookies.length === 0) return reply;
    // Section 7.3: what it says to this client is for this client, and not stored.
    return { ...reply, headers: [...reply.headers, ...cookies.map((text) => ["set-cookie", text] as const)] };
  }

  /** RFC 5861 section 4. */
  private standIn(run: CacheRun, { status }: ResponseHead): Reply | undefined {
    const stale = run.stale!;
    const nowMs = this.context.clock.wallMs();
    const asked = run.asked.get("stale-if-error") === undefined ? 0 : deltaMs(run.asked, "stale-if-error")!;
    const isAsked = stale.mayBeStale && ageMs(stale, nowMs) - stale.freshMs < asked;
    if (!mayStandIn(stale, nowMs) && !isAsked) return undefined;
    this.context.count("stale-if-error");
    this.keeper.settle(run, "uncacheable");
    return this.answer(run, stale, this.config.tellsStatus ? forwardStatus(run.forward, { status }) : "");
  }

  /** Those that wait need not, and those that come need not wait. */
  private notStored(exchange: Exchange, run: CacheRun, head: ResponseHead): void {
    const { status } = head;
    if (run.fill !== null) {
      if (!ERRORS.has(status)) this.store.notePass(run.key, this.context.clock.wallMs());
      this.keeper.settle(run, "uncacheable");
    }
    if (run.stale === null || exchange.fault !== null) return;
    // Section 4.3.3: a full response takes the place of what was asked about. An error, or a part, says nothing of it.
    if (exchange.request.method === "GET") {
      if (!ERRORS.has(status) && status !== 206 && status !== 304) this.store.drop(run.stale);
    } else if (status === 200) this.compare(run, run.stale, head);
  }

  /** Section 4.3.5: a HEAD's answer ends what is stored, or brings it up to date. */
  private compare(run: CacheRun, stale: StoredResponse, head: ResponseHead): void {
    const fresh = differsFrom(stale, head)
      ? null
      : freshenedBy(head, run, this.config, this.context.clock.wallMs());
    this.replace(run, stale, fresh);
  }

  /** `stale` by what is known of it now. What is somebody's own changes nothing for all. */
  private replace(run: CacheRun, stale: StoredResponse, fresh: StoredResponse | null): void {
    if (fresh !== null && !isForAll(fresh, run, this.config)) return;
    if (fresh === null || !this.keeper.keep(fresh, run)) this.store.drop(stale);
  }

  readonly responseBody: ObserveBody = {
    mode: "observe",
    concerns: ({ slots }) => (slots![this.slot] as CacheRun | undefined)?.pending != null,
    chunk: ({ slots }, bytes) => this.keeper.collect(slots![this.slot] as CacheRun, bytes),
    end: ({ slots }) => this.keeper.commit(slots![this.slot] as CacheRun),
  };

  /** Section 4.4: what changed the target may have changed what is stored of it. */
  private invalidate(run: CacheRun, head: ResponseHead): void {
    if (head.status < 200 || head.status >= 400) return;
    const nowMs = this.context.clock.wallMs();
    for (const key of invalidatedKeys(run, head, this.context.place, this.config.query))
      this.store.invalidate(key, nowMs);
    this.context.count("invalidated");
  }

  end({ slots }: Exchange): void {
    const run = slots?.[this.slot] as CacheRun | undefined;
    if (run !== undefined) this.endRun(run);
  }

  private endRun(run: CacheRun): void {
    this.keeper.giveUp(run);
    run.letGo();
    if (run.isRefresh) this.store.refreshing.delete(refreshId(run.stale!));
    this.keeper.settle(run, "abandoned");
  }
}

const refreshId = ({ key, variant }: StoredResponse): string => `${key}\n${variant}`;

/**
 * Events: `hit`, `stale`, `miss`, `revalidate`, `validated`, `refresh`, `wait`, `stored`, `too-large`, `bypass`,
 * `from-disk`, `disk-damaged`, `disk-failed`, `only-if-cached`, `stale-if-error`, `invalidated`, `purged`.
 */
export const cache: FilterFactory<CacheConfig> = {
  name: "cache",
  create: (config, context) => new Cache(config, context),
};
