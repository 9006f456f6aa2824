import { makeFault } from "../base/index.ts";
import type { Clock, Fault, FaultCode, Random, TimerWheel } from "../base/index.ts";
import { NO_KEY, observeFailure, observeLatency, observeSilence } from "../balance/index.ts";
import type { Picker } from "../balance/index.ts";
import type {
  ClusterSettings,
  ClusterUnit,
  EndpointsUnit,
  HashKeySpec,
  SessionPersistenceSpec,
} from "../model/index.ts";
import { endpointName } from "../model/index.ts";
import type { Exchange, Peer, RequestHead, UpstreamEvents, UpstreamStream } from "../message/index.ts";
import type { Connection, DialEvents, DialTls } from "../net/index.ts";
import type { Http1Limits } from "../wire/http1/index.ts";
import { ClusterHealth } from "./cluster-health.ts";
import type { ClusterHealthHome } from "./cluster-health.ts";
import { ConcurrencyLimiter } from "./concurrency-limiter.ts";
import { Ejector } from "./ejector.ts";
import { Endpoint } from "./endpoint.ts";
import type { OutlierReason } from "./endpoint.ts";
import { LatencyQuantiles } from "./latency-quantiles.ts";
import { makePicker } from "./make-picker.ts";
import { selectMembers } from "./members.ts";
import type { Outlier } from "./outlier-window.ts";
import { Outliers, looksForOutliers } from "./outliers.ts";
import type { OutlierHome } from "./outliers.ts";
import type { EndpointObserver, PoolPlace } from "./pool.ts";
import { requestKey } from "./request-key.ts";
import { HealthLedger } from "./health-ledger.ts";
import { RetryBudget } from "./retry-budget.ts";
import { ShadowHome } from "./shadow-home.ts";
import { Transport } from "./transport.ts";
import type { TransportHome } from "./transport.ts";
import { WarmPools } from "./warm-pools.ts";
import type { WarmHome } from "./warm-pools.ts";

/** What happens in a cluster, for counters. All calls are cheap and synchronous. */
export interface ClusterObserver extends EndpointObserver {
  attemptStarted(clusterIndex: number, endpointIndex: number): void;
  attemptEnded(clusterIndex: number, endpointIndex: number, hasFailed: boolean): void;
  endpointEjected(clusterIndex: number, endpointIndex: number): void;
  /** The adaptive limit of its requests went up or, where negative, down by so many. */
  concurrencyLimit(clusterIndex: number, change: number): void;
  /** An ejected endpoint is back, or gone for good. */
  ejectionEnded(endpointIndex: number): void;
  /** An attempt began beside another one; or, `hasWon`, was the first to answer. */
  hedged(clusterIndex: number, hasWon: boolean): void;
  /** Health checks changed their mind about an endpoint. */
  endpointHealth(endpointIndex: number, isHealthy: boolean): void;
  healthChecked(endpointIndex: number, isGood: boolean): void;
}

export interface ClusterContext {
  readonly clock: Clock;
  readonly random: Random;
  readonly wheel: TimerWheel;
  readonly observer: ClusterObserver;
  /** What health checks say. Default: this worker asks by itself. */
  readonly ledger?: HealthLedger;
  /** Place in shared memory of a key ("endpoint:CLUSTER|ADDRESS"); -1 when main gave none. */
  indexOf(key: string): number;
}

const NONE: readonly Endpoint[] = [];

/**
 * "Send this exchange to that cluster": endpoints, balancing, pools, health from traffic. One per worker and
 * cluster name; survives snapshots, so that a change of endpoints keeps connections and what was learned.
 */
export class Cluster implements TransportHome, ClusterHealthHome, WarmHome, OutlierHome {
  readonly name: string;
  index: number;
  epoch = 0;
  private readonly context: ClusterContext;
  unit: ClusterUnit;
  /** Where the keys of requests are; null: it does not look at any. */
  hash: HashKeySpec | null;
  /** How it keeps sessions where the rule does not; null: it does not. */
  sticky: SessionPersistenceSpec | null;
  /** It tells clients something that has them come back to the same endpoint. */
  keepsClients: boolean;
  limits: Http1Limits;
  /** Attempts under way. */
  private inFlight = 0;
  budget: RetryBudget;
  /** Retries under way or waited for, and attempts beside others. */
  private retrying = 0;
  /** Null: no adaptive limit. Who opens an attempt takes a place in it first, and keeps to the same one. */
  limiter: ConcurrencyLimiter | null = null;
  private picker: Picker<Endpoint>;
  /** As the picker sees them: how often availability has changed. */
  private readonly changes = { count: 0 };
  private hasHadEndpoints = false;
  private readonly transport: Transport;
  private ejector: Ejector;
  /** Null: endpoints are not compared. */
  private outliers: Outliers | null = null;
  private readonly health: ClusterHealth;
  private readonly warmth: WarmPools;
  /** Kept from when somebody first asks. */
  private latencies: LatencyQuantiles | null = null;
  endpoints: readonly Endpoint[] = [];
  private byName = new Map<string, Endpoint>();

  constructor(unit: ClusterUnit, tls: DialTls | null, index: number, context: ClusterContext) {
    this.name = unit.name;
    this.index = index;
    this.context = context;
    this.unit = unit;
    this.hash = unit.balancing.hash ?? null;
    this.sticky = unit.balancing.sticky ?? null;
    this.keepsClients = this.sticky !== null || this.hash?.cookie !== undefined;
    this.transport = new Transport(this);
    this.transport.follow(unit, tls);
    this.limits = limitsOf(unit);
    this.budget = budgetOf(unit.settings);
    this.picker = makePicker(unit.balancing, this.endpoints, this.changes);
    this.ejector = new Ejector(unit.settings);
    this.compare(unit.settings);
    this.limit(unit.settings);
    this.health = new ClusterHealth(unit.healthCheck, this, context.ledger ?? new HealthLedger());
    this.warmth = new WarmPools(this);
  }

  /**
   * A changed unit of the same name. New connections follow it; those under other TLS, protocol or header are not reused. Its
   * balancing holds from the next `takeEndpoints` on.
   */
  update(unit: ClusterUnit, tls: DialTls | null, index: number): void {
    const isOtherIndex = index !== this.index;
    const before = this.unit.settings;
    if (isOtherIndex || !hasSameLimit(unit.settings, before)) {
      this.limiter?.close();
      this.index = index;
      this.limit(unit.settings);
    }
    const isOtherTls =
      JSON.stringify(unit.tls) !== JSON.stringify(this.unit.tls) ||
      unit.protocol !== this.unit.protocol ||
      unit.proxyProtocol !== this.unit.proxyProtocol ||
      tls?.context !== this.transport.tlsContext;
    // A change of endpoints must not refill it.
    if (!hasSameBudget(unit.settings, before)) this.budget = budgetOf(unit.settings);
    this.unit = unit;
    this.hash = unit.balancing.hash ?? null;
    this.sticky = unit.balancing.sticky ?? null;
    this.keepsClients = this.sticky !== null || this.hash?.cookie !== undefined;
    this.transport.follow(unit, tls);
    this.limits = limitsOf(unit);
    this.ejector = new Ejector(unit.settings);
    this.ejector.follow(this.endpoints);
    this.compare(unit.settings);
    this.health.update(unit.healthCheck);
    if (!isOtherTls) return;
    this.epoch++;
    this.health.reconnect();
    for (const endpoint of this.endpoints) endpoint.closeIdle();
  }

  private limit({ adaptiveConcurrency: spec }: ClusterSettings): void {
    const { random, observer } = this.context;
    const { index } = this;
    const onLimit = (change: number): void => observer.concurrencyLimit(index, change);
    this.limiter = spec === undefined ? null : new ConcurrencyLimiter(spec, random, onLimit);
  }

  private compare(settings: ClusterSettings): void {
    if (looksForOutliers(settings)) {
      this.outliers ??= new Outliers(this);
      this.outliers.update(settings);
    } else if (this.outliers !== null) {
      this.outliers = null;
      for (const endpoint of this.endpoints) this.acquit(endpoint);
    }
  }

  /** As `takeEndpoints`, at once. */
  setEndpoints(unit: EndpointsUnit | null): void {
    for (const _ of this.takeEndpoints(unit));
  }

  /**
   * Endpoints that stay keep their connections; those that go finish their exchanges. Yields while a large table is
   * built, and holds when it is done.
   */
  *takeEndpoints(unit: EndpointsUnit | null): Generator<void> {
    const next = new Map<string, Endpoint>();
    const { balancing } = this.unit;
    const joinedMs = this.hasHadEndpoints ? this.context.clock.now() : -Infinity;
    for (const spec of selectMembers(unit?.endpoints ?? [], balancing)) {
      const name = endpointName(spec);
      if (next.has(name)) continue;
      const known = this.byName.get(name);
      const endpoint = known ?? new Endpoint(spec, -1, this);
      if (known === undefined) endpoint.rampFromMs = joinedMs;
      endpoint.place(spec);
      endpoint.index = this.context.indexOf(`endpoint:${this.unit.endpoints}|${name}`);
      next.set(name, endpoint);
      if (known === undefined) this.health.greet(endpoint);
    }
    const endpoints = [...next.values()];
    const picker = makePicker(balancing, endpoints, this.changes);
    if (picker.prepare !== undefined) yield* picker.prepare(endpoints);
    for (const [name, endpoint] of this.byName) if (!next.has(name)) this.retire(endpoint);
    this.byName = next;
    this.endpoints = endpoints;
    this.picker = picker;
    this.hasHadEndpoints ||= endpoints.length > 0;
    this.ejector.follow(endpoints);
    this.health.follow(endpoints);
    this.warmth.sweep();
  }

  /** The cluster left the configuration: idle connections close, exchanges finish. */
  close(): void {
    this.health.stop();
    this.warmth.stop();
    this.limiter?.close();
    this.limiter = null;
    for (const endpoint of this.endpoints) this.retire(endpoint);
    this.endpoints = [];
    this.byName.clear();
  }

  /** This worker asks endpoints how they do from now on: the one that did is gone. */
  takeOverChecks(): void {
    this.health.takeOver();
  }

  /** Another worker has found it out. */
  learnHealth(endpointName: string, isHealthy: boolean): void {
    const endpoint = this.byName.get(endpointName);
    if (endpoint !== undefined) this.health.learn(endpoint, isHealthy);
  }

  private retire(endpoint: Endpoint): void {
    this.health.forget(endpoint);
    if (endpoint.isEjected) {
      endpoint.isEjected = false;
      this.context.observer.ejectionEnded(endpoint.index);
    }
    endpoint.isRemoved = true;
    endpoint.closeIdle();
  }

  /** The endpoint that a session belongs to; null when gone or ejected. */
  findSession(sessionId: string): Endpoint | null {
    for (const endpoint of this.endpoints) {
      if (endpoint.sessionId === sessionId) return endpoint.isAvailable ? endpoint : null;
    }
    return null;
  }

  /**
   * Picks an endpoint for an attempt; null when there is none. `exclude` is the one that failed before, `unreachable`
   * those that the exchange could not connect to: while there is any other, even an ejected one, they are not tried
   * again. Whose first attempt has failed does not probe for others. `key` is that of the request where the cluster
   * hashes: see `hash`.
   */
  pick(
    exclude: Endpoint | null,
    unreachable: readonly Endpoint[] = NONE,
    key: number = NO_KEY,
  ): Endpoint | null {
    const nowMs = this.context.clock.now();
    const probe = exclude === null ? this.ejector.probeDue(nowMs) : null;
    const picked = probe ?? this.picker.pick(this.endpoints, nowMs, this.context.random, exclude, key);
    if (picked === null) return null;
    if (unreachable.includes(picked)) return this.pickOther(unreachable, exclude) ?? picked;
    // Where requests may wait for a connection, they do when no endpoint has one.
    if (this.unit.settings.maxPending === undefined || this.transport.hasRoom(picked)) return picked;
    return this.pickRoomy(exclude) ?? picked;
  }

  /** An available endpoint that need not be waited for, from a random place on. */
  private pickRoomy(exclude: Endpoint | null): Endpoint | null {
    const { endpoints } = this;
    const start = Math.floor(this.context.random.next() * endpoints.length);
    let found: Endpoint | null = null;
    for (let i = 0; i < endpoints.length; i++) {
      const endpoint = endpoints[(start + i) % endpoints.length];
      if (!endpoint.isAvailable || endpoint === exclude || !this.transport.hasRoom(endpoint)) continue;
      if (found === null || endpoint.priority < found.priority) found = endpoint;
    }
    return found;
  }

  /** Whether an endpoint is left that is none of these. */
  hasOther(unreachable: readonly Endpoint[]): boolean {
    return this.pickOther(unreachable, null) !== null;
  }

  /**
   * One that is none of `unreachable`: an available one of the first priority first, then `exclude`, then an ejected
   * one. From a random place on, so that it is not always the same.
   */
  private pickOther(unreachable: readonly Endpoint[], exclude: Endpoint | null): Endpoint | null {
    const { endpoints } = this;
    const start = Math.floor(this.context.random.next() * endpoints.length);
    let good: Endpoint | null = null;
    let next: Endpoint | null = null;
    for (let i = 0; i < endpoints.length; i++) {
      const endpoint = endpoints[(start + i) % endpoints.length];
      if (unreachable.includes(endpoint)) continue;
      const isGood = endpoint.isAvailable && endpoint !== exclude;
      if (isGood && (good === null || endpoint.priority < good.priority)) good = endpoint;
      if (next === null || endpoint.isAvailable) next = endpoint;
    }
    return good ?? next;
  }

  /**
   * Opens one attempt at an endpoint. `isFresh` asks for a new connection (after a stale one). `peer` is the client's
   * connection, which endpoints that take the PROXY protocol are told; null for calls of our own.
   */
  open(
    endpoint: Endpoint,
    head: RequestHead,
    isLast: boolean,
    isFresh: boolean,
    peer: Peer | null,
    events: UpstreamEvents,
  ): UpstreamStream | Fault {
    const { maxRequests } = this.unit.settings;
    if (maxRequests !== undefined && this.inFlight >= maxRequests) return this.overflow(maxRequests);
    return this.transport.open(endpoint, head, isLast, isFresh, peer, events);
  }

  /**
   * Opens a connection to an endpoint for TCP: what is written meanwhile waits in it. `alpn` is what it offers where the
   * endpoint takes TLS, "" for nothing. Call `streamClosed` when it is gone, whether it opened or not.
   */
  openStream(endpoint: Endpoint, alpn: string, peer: Peer | null, events: DialEvents): Connection | Fault {
    return this.transport.openStream(endpoint, alpn, peer, events);
  }

  streamFailed(endpoint: Endpoint): void {
    this.context.observer.upstreamConnectFailed(this.index, endpoint.index);
  }

  streamClosed(endpoint: Endpoint): void {
    endpoint.onConnectionGone();
  }

  /** Of a request or connection, for `pick`. `clientAddress` may be "". */
  keyOf(request: RequestHead, clientAddress: string): number {
    return this.hash === null ? NO_KEY : requestKey(this.hash, request, clientAddress);
  }

  /** Begins a connection in advance; false where none is to be made. */
  warm(endpoint: Endpoint): boolean {
    return this.transport.warm(endpoint);
  }

  // TransportHome

  get settings(): ClusterSettings {
    return this.unit.settings;
  }

  get clock(): Clock {
    return this.context.clock;
  }

  get wheel(): TimerWheel {
    return this.context.wheel;
  }

  get random(): Random {
    return this.context.random;
  }

  get observer(): EndpointObserver {
    return this.context.observer;
  }

  onRoom(place: PoolPlace): void {
    this.transport.serveWaiting(place);
  }

  onAvailability(endpoint: Endpoint): void {
    this.changes.count++;
    if (!endpoint.isAvailable) {
      // What made it bad may have killed them without a word: it is come back to on fresh ones.
      endpoint.closeIdle();
      return;
    }
    endpoint.rampFromMs = this.context.clock.now();
    if (this.settings.warmConnections !== undefined) this.warmth.sweep();
  }

  // HealthHome

  authorityOf(endpoint: Endpoint): string {
    const serverName = this.unit.tls?.serverName ?? "";
    if (serverName !== "") return serverName;
    if (endpoint.hostname !== "") return `${endpoint.hostname}:${endpoint.port}`;
    return endpoint.port === 0 ? "localhost" : endpoint.name;
  }

  openCall(
    endpoint: Endpoint,
    head: RequestHead,
    isFresh: boolean,
    events: UpstreamEvents,
  ): UpstreamStream | Fault {
    return this.transport.openCall(endpoint, head, isFresh, events);
  }

  shadow({ address, alternative, weight, zone }: Endpoint, port: number): Endpoint {
    return new Endpoint({ address, alternative, port, weight, zone }, -1, new ShadowHome(this));
  }

  onHealth(endpoint: Endpoint, isHealthy: boolean): void {
    this.health.found(endpoint, isHealthy);
  }

  healthChanged(endpoint: Endpoint): void {
    this.context.observer.endpointHealth(endpoint.index, endpoint.isHealthy);
  }

  onChecked(endpoint: Endpoint, isGood: boolean): void {
    this.context.observer.healthChecked(endpoint.index, isGood);
  }

  // OutlierHome

  expel(outlier: Outlier, reason: OutlierReason, nowMs: number): void {
    if (!this.ejector.expel(outlier, reason, nowMs)) return;
    this.context.observer.endpointEjected(this.index, outlier.endpoint.index);
  }

  acquit(endpoint: Endpoint): void {
    this.ejector.acquit(endpoint);
  }

  // Outcomes, told by the proxy

  /** An attempt began. Pair with `attemptEnded`. */
  attemptStarted(endpoint: Endpoint): void {
    endpoint.inFlight++;
    this.inFlight++;
    if (endpoint.silentSinceMs === Infinity) endpoint.silentSinceMs = this.context.clock.now();
    this.budget.deposit();
    this.context.observer.attemptStarted(this.index, endpoint.index);
  }

  /**
   * The response head came after `latencyMs`. Says whether that is the verdict; else `attemptJudged` follows when the
   * body is whole, since one that always breaks off is no work done. A probe need not wait for that.
   */
  attemptAnswered(endpoint: Endpoint, status: number, latencyMs: number, isWhole: boolean = true): boolean {
    this.attemptBegun(endpoint, latencyMs);
    const hasFailed = status === 502 || status === 503 || status === 504;
    const isVerdict = hasFailed || isWhole || endpoint.isEjected;
    if (isVerdict) this.attemptJudged(endpoint, hasFailed, status >= 500);
    return isVerdict;
  }

  /** The head came, and does not say how the endpoint did: `attemptJudged` follows. */
  attemptBegun(endpoint: Endpoint, latencyMs: number): void {
    endpoint.silentSinceMs = Infinity;
    const nowMs = this.context.clock.now();
    observeLatency(endpoint, latencyMs, nowMs);
    if (this.latencies !== null) this.latencies.observe(latencyMs);
    if (this.outliers === null) return;
    this.ejector.answered(endpoint, latencyMs, nowMs);
    this.outliers.answered(endpoint, latencyMs, nowMs);
  }

  /**
   * Whether the endpoint failed as a gateway's 503 says it, or did its work. `isError`: its answer was an error of its
   * own, of any kind.
   */
  attemptJudged(endpoint: Endpoint, hasFailed: boolean, isError: boolean): void {
    if (this.outliers !== null) this.outliers.judged(endpoint, !isError, this.context.clock.now());
    if (hasFailed) this.blame(endpoint, false);
    else if (this.ejector.praise(endpoint)) this.context.observer.ejectionEnded(endpoint.index);
  }

  attemptFailed(endpoint: Endpoint, fault: Fault): void {
    if (fault.source !== "upstream" || BLAMELESS.has(fault.code)) return;
    const nowMs = this.context.clock.now();
    observeFailure(endpoint, nowMs);
    if (this.outliers !== null) this.outliers.judged(endpoint, false, nowMs);
    this.blame(endpoint, true);
  }

  attemptEnded(endpoint: Endpoint, hasFailed: boolean): void {
    endpoint.inFlight--;
    this.inFlight--;
    if (endpoint.inFlight === 0 && endpoint.silentSinceMs !== Infinity) {
      observeSilence(endpoint, this.context.clock.now());
      endpoint.silentSinceMs = Infinity;
    }
    endpoint.isProbing = false;
    this.context.observer.attemptEnded(this.index, endpoint.index, hasFailed);
  }

  /** Another endpoint would not help. */
  private overflow(limit: number): Fault {
    const message = `${this.name} has ${limit} requests in flight, limit ${limit}`;
    return makeFault("HDL_UPSTREAM_OVERFLOW", message, undefined, "no");
  }

  private blame(endpoint: Endpoint, isLocal: boolean): void {
    if (this.ejector.blame(endpoint, this.context.clock.now(), isLocal)) {
      this.context.observer.endpointEjected(this.index, endpoint.index);
    }
  }

  /** Milliseconds within which `percent` of the requests of late had their response heads; Infinity while that is not known. */
  latencyAt(percent: number): number {
    this.latencies ??= new LatencyQuantiles();
    return this.latencies.at(percent);
  }

  /** An attempt runs beside another one; or, `hasWon`, was the first to answer. */
  hedged(hasWon: boolean): void {
    this.context.observer.hedged(this.index, hasWon);
  }

  /**
   * Whether the budget allows one more retry now, after `fault`; takes it. A connection that was not made cost no
   * endpoint any work, so its retry is free: else one dead endpoint of few would use the budget up by itself. Where
   * `takesPlace` it is one of the concurrent retries until `retriesEnded`.
   */
  mayRetry(exchange: Exchange, fault: Fault | null, takesPlace: boolean): boolean {
    if (exchange.isEnded) return false;
    if (takesPlace && this.retrying >= (this.unit.settings.maxRetries ?? Infinity)) return false;
    const isFree = fault !== null && FREE.has(fault.code);
    if (!isFree && !this.budget.withdraw(this.context.clock.now())) return false;
    if (takesPlace) this.retrying++;
    return true;
  }

  /** So many places are free again. */
  retriesEnded(places: number): void {
    this.retrying -= places;
  }
}

/** Ends of connections that are part of their life, and say nothing of the endpoint. */
const BLAMELESS: ReadonlySet<FaultCode> = new Set(["HDL_UPSTREAM_STALE", "HDL_UPSTREAM_REFUSED"]);

/** What cost no endpoint any work. */
const FREE: ReadonlySet<FaultCode> = new Set(["HDL_UPSTREAM_CONNECT_FAILED", "HDL_UPSTREAM_REFUSED"]);

function budgetOf({ retryBudgetRatio, retryBudgetMinPerSecond, retryBudgetWindowMs }: ClusterSettings) {
  return new RetryBudget(retryBudgetRatio, retryBudgetMinPerSecond, retryBudgetWindowMs);
}

function hasSameBudget(a: ClusterSettings, b: ClusterSettings): boolean {
  return (
    a.retryBudgetRatio === b.retryBudgetRatio &&
    a.retryBudgetMinPerSecond === b.retryBudgetMinPerSecond &&
    a.retryBudgetWindowMs === b.retryBudgetWindowMs
  );
}

function hasSameLimit(a: ClusterSettings, b: ClusterSettings): boolean {
  return JSON.stringify(a.adaptiveConcurrency) === JSON.stringify(b.adaptiveConcurrency);
}

function limitsOf(unit: ClusterUnit): Http1Limits {
  return {
    maxHeadBytes: unit.settings.maxHeadBytes,
    maxFields: unit.settings.maxFields,
    maxTargetBytes: unit.settings.maxHeadBytes,
  };
}
