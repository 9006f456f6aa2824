import { makeFault } from "../base/index.ts";
import type { Clock, Fault, Random, TimerWheel } from "../base/index.ts";
import { NO_KEY } from "../balance/index.ts";
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
import type { ClusterObserver } from "./cluster-observer.ts";
import { ConcurrencyLimiter } from "./concurrency-limiter.ts";
import type { EjectionEvents } from "./ejection-events.ts";
import { EndpointChoice } from "./endpoint-choice.ts";
import type { ChoiceHome } from "./endpoint-choice.ts";
import { Endpoint } from "./endpoint.ts";
import { HealthLedger } from "./health-ledger.ts";
import { selectMembers } from "./members.ts";
import { Outcomes } from "./outcomes.ts";
import type { OutcomesHome } from "./outcomes.ts";
import type { EndpointObserver, PoolPlace } from "./pool.ts";
import { requestKey } from "./request-key.ts";
import { RetryAllowance } from "./retry-allowance.ts";
import { ShadowHome } from "./shadow-home.ts";
import { Transport } from "./transport.ts";
import type { TransportHome } from "./transport.ts";
import { WarmPools } from "./warm-pools.ts";
import type { WarmHome } from "./warm-pools.ts";

export interface ClusterContext {
  readonly clock: Clock;
  readonly random: Random;
  readonly wheel: TimerWheel;
  readonly observer: ClusterObserver;
  /** Default: nobody hears of them. */
  readonly ejections?: EjectionEvents;
  /** What health checks say. Default: this worker asks by itself. */
  readonly ledger?: HealthLedger;
  /** Place in shared memory of a key ("endpoint:CLUSTER|ADDRESS"); -1 when main gave none. */
  indexOf(key: string): number;
}

/**
 * "Send this exchange to that cluster": endpoints, balancing, pools, health from traffic. One per worker and
 * cluster name; survives snapshots, so that a change of endpoints keeps connections and what was learned.
 */
export class Cluster implements TransportHome, ClusterHealthHome, WarmHome, ChoiceHome, OutcomesHome {
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
  /** Null: no adaptive limit. Who opens an attempt takes a place in it first, and keeps to the same one. */
  limiter: ConcurrencyLimiter | null = null;
  private hasHadEndpoints = false;
  private readonly transport: Transport;
  private readonly choice: EndpointChoice;
  private readonly outcomes: Outcomes;
  private readonly retries: RetryAllowance;
  private readonly health: ClusterHealth;
  private readonly warmth: WarmPools;
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
    this.choice = new EndpointChoice(this, unit.balancing);
    this.outcomes = new Outcomes(this, context, unit.settings);
    this.retries = new RetryAllowance(context.clock, unit.settings);
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
    this.retries.update(unit.settings);
    this.unit = unit;
    this.hash = unit.balancing.hash ?? null;
    this.sticky = unit.balancing.sticky ?? null;
    this.keepsClients = this.sticky !== null || this.hash?.cookie !== undefined;
    this.transport.follow(unit, tls);
    this.limits = limitsOf(unit);
    this.outcomes.update(unit.settings);
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
    const putInForce = yield* this.choice.prepare(balancing, endpoints);
    for (const [name, endpoint] of this.byName) if (!next.has(name)) this.retire(endpoint);
    this.byName = next;
    putInForce();
    this.hasHadEndpoints ||= endpoints.length > 0;
    this.outcomes.follow(endpoints);
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
    this.choice.endpoints = [];
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
    this.outcomes.forget(endpoint);
    endpoint.isRemoved = true;
    endpoint.closeIdle();
  }

  get endpoints(): readonly Endpoint[] {
    return this.choice.endpoints;
  }

  /** The endpoint that a session belongs to; null when gone or ejected. */
  findSession(sessionId: string): Endpoint | null {
    return this.choice.findSession(sessionId);
  }

  /**
   * Picks an endpoint for an attempt; null when there is none. `exclude` is the one that failed before, `unreachable`
   * those that the exchange could not connect to: while there is any other, even an ejected one, they are not tried
   * again. Whose first attempt has failed does not probe for others. `key` is that of the request where the cluster
   * hashes: see `hash`.
   */
  pick(exclude: Endpoint | null, unreachable?: readonly Endpoint[], key: number = NO_KEY): Endpoint | null {
    return this.choice.pick(exclude, unreachable, key);
  }

  /** In place of one that the exchange has failed at before; null where none is left. */
  pickUntried(tried: readonly Endpoint[]): Endpoint | null {
    return this.choice.pickUntried(tried);
  }

  /** Whether an endpoint is left that is none of these. */
  hasOther(unreachable: readonly Endpoint[]): boolean {
    return this.choice.pickOther(unreachable, null) !== null;
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
    if (maxRequests !== undefined && this.outcomes.inFlight >= maxRequests) return this.overflow(maxRequests);
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
    this.choice.onAvailability();
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

  onHealth(endpoint: Endpoint, isHealthy: boolean, problem: string): void {
    this.health.found(endpoint, isHealthy, problem);
  }

  healthChanged(endpoint: Endpoint): void {
    this.context.observer.endpointHealth(endpoint.index, endpoint.isHealthy);
  }

  onChecked(endpoint: Endpoint, isGood: boolean): void {
    this.context.observer.healthChecked(endpoint.index, isGood);
  }

  // ChoiceHome

  hasRoom(endpoint: Endpoint): boolean {
    return this.transport.hasRoom(endpoint);
  }

  probeDue(nowMs: number): Endpoint | null {
    return this.outcomes.probeDue(nowMs);
  }

  // Outcomes, told by the proxy

  /** An attempt began. Pair with `attemptEnded`. */
  attemptStarted(endpoint: Endpoint): void {
    this.retries.deposit();
    this.outcomes.started(endpoint);
  }

  /**
   * The response head came after `latencyMs`. Says whether that is the verdict; else `attemptJudged` follows when the
   * body is whole, since one that always breaks off is no work done. A probe need not wait for that.
   */
  attemptAnswered(endpoint: Endpoint, status: number, latencyMs: number, isWhole: boolean = true): boolean {
    return this.outcomes.answered(endpoint, status, latencyMs, isWhole);
  }

  /** The head came, and does not say how the endpoint did: `attemptJudged` follows. */
  attemptBegun(endpoint: Endpoint, latencyMs: number): void {
    this.outcomes.begun(endpoint, latencyMs);
  }

  /**
   * Whether the endpoint failed as a gateway's 503 says it, or did its work. `isError`: its answer was an error of its
   * own, of any kind.
   */
  attemptJudged(endpoint: Endpoint, hasFailed: boolean, isError: boolean): void {
    this.outcomes.judged(endpoint, hasFailed, isError);
  }

  attemptFailed(endpoint: Endpoint, fault: Fault): void {
    this.outcomes.failed(endpoint, fault);
  }

  attemptEnded(endpoint: Endpoint, hasFailed: boolean): void {
    this.outcomes.ended(endpoint, hasFailed);
  }

  /** Another endpoint would not help. */
  private overflow(limit: number): Fault {
    const message = `${this.name} has ${limit} requests in flight, limit ${limit}`;
    return makeFault("HDL_UPSTREAM_OVERFLOW", message, undefined, "no");
  }

  /** Milliseconds within which `percent` of the requests of late had their response heads; Infinity while that is not known. */
  latencyAt(percent: number): number {
    return this.outcomes.latencyAt(percent);
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
    return !exchange.isEnded && this.retries.take(fault, takesPlace);
  }

  /** So many places are free again. */
  retriesEnded(places: number): void {
    this.retries.ended(places);
  }
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
