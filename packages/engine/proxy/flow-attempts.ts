import { NO_KEY } from "../balance/index.ts";
import { makeFault } from "../base/index.ts";
import type { Fault } from "../base/index.ts";
import type { Cluster, ConcurrencyLimiter, Endpoint } from "../cluster/index.ts";
import type { FilterChain } from "../filter/index.ts";
import { EMPTY_CHAIN } from "../filter/index.ts";
import type {
  Exchange,
  Fields,
  RequestHead,
  ResponseHead,
  ResponseSink,
  UpstreamStream,
} from "../message/index.ts";
import type { HedgeSpec, RequestLimits } from "../model/index.ts";
import { AffinityCookie } from "./affinity-cookie.ts";
import type { ClientKeeper } from "./client-keeper.ts";
import { Deadlines } from "./deadlines.ts";
import type { FlowContext } from "./flow-context.ts";
import { isGatewayStatus, isServerStatus } from "./grpc-call.ts";
import type { GrpcCall } from "./grpc-call.ts";
import type { AttemptBeside, HedgedFlow } from "./hedged-flow.ts";
import { Hedging } from "./hedging.ts";
import { RequestSide } from "./request-side.ts";
import type { ResponseSide } from "./response-side.ts";
import { Retries } from "./retries.ts";
import { noBackendFault } from "./rule.ts";
import type { Rule, RuleBackend } from "./rule.ts";
import { SessionKeeper } from "./session-keeper.ts";
import type { Tunnel } from "./tunnel.ts";

/**
 * The half of a flow that faces the endpoints: the backend that was chosen, the attempt under way at one of its endpoints,
 * and what that one holds there: a place under the concurrency limit, one among the retries, its deadline.
 *
 *   backend ─► place ─► endpoint ─► opened ─► answered ─► judged ─► ended
 *                                     │ fault   │ status ─────────► ended ─► another attempt, or the answer
 *
 * Each attempt is told to its cluster as started and as ended, once.
 */
export abstract class FlowAttempts implements HedgedFlow {
  readonly exchange: Exchange;
  readonly context: FlowContext;
  readonly rule: Rule;
  limits: RequestLimits;
  /** Null: the request is all head. */
  protected readonly request: RequestSide | null;

  /** Filters of the chosen backend; none before it is chosen. */
  backendChain: FilterChain = EMPTY_CHAIN;
  cluster: Cluster | null = null;
  /** Null between attempts. */
  endpoint: Endpoint | null = null;
  /** Null once the response is complete: the connection is the pool's, perhaps another exchange's. */
  stream: UpstreamStream | null = null;

  /** In which the attempt has a place until its response head is here. */
  private limiter: ConcurrencyLimiter | null = null;
  protected deadlines: Deadlines | null = null;
  protected retries: Retries | null = null;
  /** That it has among the concurrent retries of its cluster, until its response begins. */
  protected retryPlaces = 0;
  protected hedging: Hedging | null = null;
  protected keeper: ClientKeeper | null = null;
  /** Null for what is no gRPC call. */
  protected call: GrpcCall | null = null;
  /** The endpoint has done its work if the body becomes whole. */
  private awaitsVerdict = false;

  constructor(context: FlowContext, exchange: Exchange, isLast: boolean, rule: Rule) {
    this.exchange = exchange;
    this.context = context;
    this.rule = rule;
    this.limits = rule;
    this.request = isLast ? null : new RequestSide(this);
    exchange.bodySource = this.request;
  }

  abstract readonly sink: ResponseSink;
  abstract readonly response: ResponseSide;
  abstract readonly tunnel: Tunnel | null;
  abstract readonly isRequestDone: boolean;
  abstract readonly isEnded: boolean;
  abstract readonly isStarting: boolean;
  abstract pauseRequest(): void;
  abstract resumeRequest(): void;
  abstract onInformational(head: ResponseHead): void;
  abstract onResponseHead(head: ResponseHead, isLast: boolean): void;
  abstract onResponseBody(chunk: Uint8Array): void;
  abstract onResponseEnd(trailers: Fields | null): void;
  abstract onResponseReadDone(): void;
  abstract onUpstreamDrain(): void;
  abstract onUpstreamReset(fault: Fault): void;
  abstract abort(fault: Fault): void;
  abstract finish(): void;
  abstract crash(error: unknown): void;

  // Before the first attempt

  protected startDeadlines(clientMs: number): void {
    this.deadlines ??= new Deadlines(this);
    this.deadlines.startRoute(clientMs);
  }

  get deadlineMs(): number {
    return this.deadlines === null ? Infinity : this.deadlines.wholeMs;
  }

  /** False: there is none, and the exchange is over. */
  protected chooseBackend(): boolean {
    const { rule } = this;
    const kept = rule.sessionPersistence === null ? null : this.findSession();
    const backend = kept ?? rule.backends?.choose(this.context.random) ?? null;
    if (backend === null || backend.cluster === null) {
      this.abort(noBackendFault(rule));
      return false;
    }
    this.cluster = backend.cluster;
    this.exchange.cluster = backend.cluster.name;
    this.exchange.clusterIndex = backend.cluster.index;
    if (backend.cluster.keepsClients && this.keeper === null) this.makeKeeper(backend.cluster);
    if (backend.limits !== null) this.follow(backend.limits);
    this.backendChain = backend.chain;
    return true;
  }

  /** The backend's own, in place of those of the rule, as if from the start. */
  private follow(limits: RequestLimits): void {
    this.limits = limits;
    const isTimed = limits.requestTimeoutMs > 0 || limits.backendRequestTimeoutMs > 0;
    if (isTimed || this.deadlines !== null) this.startDeadlines(this.call?.deadlineMs ?? Infinity);
  }

  private findSession(): RuleBackend | null {
    const keeper = new SessionKeeper(this.rule.sessionPersistence!);
    this.keeper = keeper;
    return keeper.find(this.rule, this.exchange, this.context.clock.wallMs());
  }

  /** Where the rule keeps no sessions the cluster may. */
  private makeKeeper(cluster: Cluster): void {
    const { exchange, context } = this;
    if (cluster.sticky === null) {
      this.keeper = AffinityCookie.makeFor(exchange, cluster.hash!, context.random);
      return;
    }
    const keeper = new SessionKeeper(cluster.sticky);
    keeper.findIn(cluster, exchange, context.clock.wallMs());
    this.keeper = keeper;
  }

  protected openRequest(): void {
    if (this.request === null) this.attempt(null, false);
    else this.request.open();
  }

  // An attempt

  /**
   * Opens an attempt. `exclude` is the endpoint that failed before: another one is picked where there is one, unless
   * `isFresh` asks for a new connection to the same.
   */
  attempt(exclude: Endpoint | null, isFresh: boolean): void {
    if (this.isEnded) return;
    const { exchange, context, request } = this;
    const cluster = this.cluster!;
    if (cluster.limiter !== null && !this.takePlace(cluster.limiter)) return;
    const endpoint = isFresh && exclude !== null ? exclude : this.pick(cluster, exclude);
    if (endpoint === null) {
      this.abort(makeFault("HDL_NO_ENDPOINTS", `${cluster.name} has no endpoint`));
      return;
    }
    if (this.call !== null && this.deadlines !== null && !this.tellTimeout(this.call, this.deadlines)) return;
    exchange.attempts++;
    exchange.endpoint = endpoint.name;
    exchange.endpointIndex = endpoint.index;
    this.endpoint = endpoint;
    const isWhole = request === null || request.isEmpty();
    const opened = cluster.open(endpoint, this.outgoingHead(), isWhole, isFresh, exchange.peer, this);
    cluster.attemptStarted(endpoint);
    if ("code" in opened) {
      this.onUpstreamReset(opened);
      return;
    }
    this.stream = opened;
    exchange.upstreamStartedMs = context.clock.now();
    if (this.deadlines !== null) this.deadlines.startAttempt(exchange.upstreamStartedMs);
    if (this.rule.hedge !== null) this.hedge(this.rule.hedge);
    if (isWhole) opened.flush();
    else request!.feed(opened);
  }

  /** The request's head as an attempt sends it. */
  outgoingHead(): RequestHead {
    return this.exchange.request;
  }

  private hedge(spec: HedgeSpec): void {
    this.hedging ??= new Hedging(this, spec);
    this.hedging.attemptStarted(this.exchange.upstreamStartedMs);
  }

  /** False: there is none, and the exchange is over. */
  private takePlace(limiter: ConcurrencyLimiter): boolean {
    const nowMs = this.context.clock.now();
    this.exchange.upstreamStartedMs = nowMs;
    if (limiter.tryStart(nowMs)) {
      this.limiter = limiter;
      return true;
    }
    const { name } = this.cluster!;
    this.abort(
      makeFault("HDL_CONCURRENCY_LIMIT", `${name} has its limit of ${limiter.limit} requests in flight`),
    );
    return false;
  }

  /** `isMeasured`: the response came as it does from a service that serves. */
  private leavePlace(isMeasured: boolean): void {
    const limiter = this.limiter!;
    this.limiter = null;
    const startedMs = this.exchange.upstreamStartedMs;
    const nowMs = this.context.clock.now();
    if (isMeasured) limiter.answered(startedMs, nowMs);
    else limiter.abandoned(startedMs, nowMs);
  }

  /** False: none is left, and the exchange is over. */
  private tellTimeout(call: GrpcCall, deadlines: Deadlines): boolean {
    const leftMs = deadlines.leftMs(this.context.clock.now());
    if (leftMs > 0) call.tellTimeout(leftMs);
    else this.abort(deadlines.passed());
    return leftMs > 0;
  }

  private pick(cluster: Cluster, exclude: Endpoint | null): Endpoint | null {
    const { keeper, retries } = this;
    if (keeper !== null && keeper.endpoint !== null && exclude === null) return keeper.endpoint;
    const key = cluster.hash === null ? NO_KEY : this.keyFor(cluster);
    if (retries === null) return cluster.pick(exclude, undefined, key);
    const picked = cluster.pick(exclude, retries.unreachable, key);
    return picked === null || !retries.tried.includes(picked)
      ? picked
      : (cluster.pickUntried(retries.tried) ?? picked);
  }

  private keyFor(cluster: Cluster): number {
    const { keeper, exchange } = this;
    if (keeper !== null && keeper.key !== NO_KEY) return keeper.key;
    return cluster.keyOf(exchange.request, exchange.clientAddress);
  }

  // What becomes of it

  /**
   * Its answer has begun: the cluster hears how the endpoint does, as far as the head says. The status of a gRPC call where
   * that is known; else -1.
   */
  protected attemptAnswered(head: ResponseHead, isLast: boolean): number {
    const { exchange, call } = this;
    const nowMs = this.context.clock.now();
    exchange.responseHeadMs = nowMs;
    const latencyMs = nowMs - exchange.upstreamStartedMs;
    if (this.limiter !== null) this.leavePlace(head.status !== 503 && head.status !== 429);
    const grpcStatus = call === null ? -1 : call.readHead(head, isLast);
    if (call === null || head.status !== 200) {
      const isWhole = isLast || head.status === 101;
      this.awaitsVerdict = !this.cluster!.attemptAnswered(this.endpoint!, head.status, latencyMs, isWhole);
    } else {
      // How the endpoint did is in the status, which may come last.
      this.cluster!.attemptBegun(this.endpoint!, latencyMs);
      this.awaitsVerdict = false;
      if (isLast) this.judgeCall();
    }
    return grpcStatus;
  }

  /** Its answer is whole: the cluster hears what only the end of it says. */
  protected attemptComplete(trailers: Fields | null): void {
    const { call, endpoint } = this;
    if (call !== null) {
      call.readTrailers(trailers);
      if (this.exchange.response?.status === 200) this.judgeCall();
    }
    if (this.awaitsVerdict && endpoint !== null) this.passVerdict(endpoint);
  }

  /** The body is whole, so that a gateway's status was none of it. */
  private passVerdict(endpoint: Endpoint): void {
    const { response } = this.exchange;
    this.cluster!.attemptJudged(endpoint, false, response !== null && response.status >= 500);
  }

  private judgeCall(): void {
    const { endpoint, exchange } = this;
    const { grpcStatus } = exchange;
    if (endpoint === null) return;
    this.cluster!.attemptJudged(endpoint, isGatewayStatus(grpcStatus), isServerStatus(grpcStatus));
  }

  /** Gives the attempt up. */
  dropAttempt(fault: Fault): void {
    if (this.stream !== null) this.stream.reset(fault);
    this.letGo();
  }

  /** The response is complete: the connection is not ours to touch any more. */
  letGo(): void {
    this.stream = null;
    this.endAttempt();
  }

  /** As if the endpoint had failed. */
  failAttempt(fault: Fault): void {
    this.stream?.reset(fault);
    this.onUpstreamReset(fault);
  }

  endAttempt(hasFailed: boolean = false): void {
    if (this.limiter !== null) this.leavePlace(false);
    const { endpoint } = this;
    if (endpoint === null) return;
    this.endpoint = null;
    this.cluster!.attemptEnded(endpoint, hasFailed);
    if (this.deadlines !== null) this.deadlines.stopAttempt();
  }

  // Further ones

  protected makeRetries(): Retries {
    return (this.retries ??= new Retries(this));
  }

  mayRetry(fault: Fault | null, isBeside: boolean): boolean {
    const takesPlace = isBeside || this.retryPlaces === 0;
    if (!this.cluster!.mayRetry(this.exchange, fault, takesPlace)) return false;
    if (takesPlace) this.retryPlaces++;
    return true;
  }

  protected leaveRetryPlaces(): void {
    this.cluster!.retriesEnded(this.retryPlaces);
    this.retryPlaces = 0;
  }

  /** Another attempt would get the same request. */
  canRepeat(): boolean {
    return this.request === null || this.request.canRepeat();
  }

  // HedgedFlow

  pickBeside(used: readonly Endpoint[]): Endpoint | null {
    const { keeper } = this;
    if (keeper !== null && keeper.endpoint !== null) return null;
    const cluster = this.cluster!;
    const key = cluster.hash === null ? NO_KEY : this.keyFor(cluster);
    const picked = cluster.pick(used[0], used, key);
    return picked === null || used.includes(picked) ? null : picked;
  }

  isAllHead(): boolean {
    return this.request === null || this.request.isEmpty();
  }

  feed(stream: UpstreamStream): void {
    if (this.isAllHead()) stream.flush();
    else this.request!.feed(stream);
  }

  tellTimeLeft(): void {
    if (this.call === null || this.deadlines === null) return;
    const leftMs = this.deadlines.leftMs(this.context.clock.now());
    if (leftMs > 0) this.call.tellTimeout(leftMs);
  }

  adopt({ endpoint, stream, startedMs, limiter }: AttemptBeside): void {
    if (this.endpoint !== null)
      this.dropAttempt(makeFault("HDL_DOWNSTREAM_RESET", "another attempt answered"));
    const { exchange } = this;
    this.endpoint = endpoint;
    this.stream = stream;
    this.limiter = limiter;
    exchange.endpoint = endpoint.name;
    exchange.endpointIndex = endpoint.index;
    exchange.upstreamStartedMs = startedMs;
    if (this.deadlines !== null) this.deadlines.startAttempt(startedMs);
  }
}
