import { NO_KEY } from "../balance/index.ts";
import { FAULTS, makeFault } from "../base/index.ts";
import type { Fault } from "../base/index.ts";
import type { Cluster, ConcurrencyLimiter, Endpoint } from "../cluster/index.ts";
import type { Filter, FilterChain, Reply } from "../filter/index.ts";
import { EMPTY_CHAIN } from "../filter/index.ts";
import type {
  Exchange,
  ExchangeEvents,
  Fields,
  RequestHead,
  ResponseHead,
  ResponseSink,
  UpstreamEvents,
  UpstreamStream,
} from "../message/index.ts";
import { PRIORITIES } from "../model/index.ts";
import type { HedgeSpec, RequestLimits, RetrySpec } from "../model/index.ts";
import { parseGrpcPushback } from "../wire/grpc/index.ts";
import { AffinityCookie } from "./affinity-cookie.ts";
import type { ClientKeeper } from "./client-keeper.ts";
import { addMissingDate } from "./date-field.ts";
import { Deadlines } from "./deadlines.ts";
import type { FlowContext } from "./flow-context.ts";
import { GrpcCall, isGatewayStatus, isServerStatus } from "./grpc-call.ts";
import type { AttemptBeside, HedgedFlow } from "./hedged-flow.ts";
import { Hedging } from "./hedging.ts";
import { HeldResponse } from "./held-response.ts";
import { RequestSide } from "./request-side.ts";
import { ResponseSide } from "./response-side.ts";
import { Retries } from "./retries.ts";
import { parseRetryAfter } from "./retry-after.ts";
import type { Rule, RuleBackend } from "./rule.ts";
import { filterFault, runEnds } from "./run-filters.ts";
import { SessionKeeper } from "./session-keeper.ts";
import type { HeldRequest } from "./shedder.ts";
import { Tunnel } from "./tunnel.ts";

const NO_RULE: Rule = {
  info: { listener: "", listenerIndex: -1, route: "", rule: "", routeIndex: -1 },
  chain: EMPTY_CHAIN,
  backends: null,
  backendList: [],
  requestTimeoutMs: 0,
  backendRequestTimeoutMs: 0,
  retry: null,
  sessionPersistence: null,
  translatesGrpcWeb: false,
  isWatched: false,
  hedge: null,
  priority: PRIORITIES.indexOf("Normal"),
};

/**
 * The life of one exchange, from the matched request to the last byte of the response.
 *
 *   filters(request) ─► backend ─► filters(backend) ─► attempt ⇄ retry ─► filters(response) ─► body ─► ended
 *        │ reply             │ none          │ reply        │ fault                             │
 *        └───────────────────┴───────────────┴──────────────┴──────► rescue ────────────────────┘
 *
 * Chunks pass through without a copy or a promise; where somebody must wait (a filter's promise, a full socket)
 * the other side is paused. Everything that can end it goes through `finish`, once.
 *
 * This class takes the events of both ends, and holds the attempt under way. What it sends to the client is in
 * ResponseSide; what only some exchanges need is made when they need it: RequestSide for a body, Deadlines, Retries,
 * a ClientKeeper, Tunnel.
 */
export class Flow implements HedgedFlow, ExchangeEvents, UpstreamEvents, HeldRequest {
  readonly exchange: Exchange;
  readonly context: FlowContext;
  readonly sink: ResponseSink;
  readonly rule: Rule;
  readonly response: ResponseSide;
  limits: RequestLimits;
  /** Null: the request is all head. */
  private readonly request: RequestSide | null;
  isRequestDone: boolean;
  isEnded = false;
  /** Body octets of the read that brought the head follow at once: one write for both, at the read's end. */
  isStarting = true;
  private isRequestPaused = false;

  // The attempt under way, or the last one
  /** Filters of the chosen backend; none before it is chosen. */
  backendChain: FilterChain = EMPTY_CHAIN;
  cluster: Cluster | null = null;
  /** Null between attempts: each is told to its cluster as started and as ended, once. */
  endpoint: Endpoint | null = null;
  /** Null once the response is complete: the connection is the pool's, perhaps another exchange's. */
  stream: UpstreamStream | null = null;

  /** In which the attempt has a place until its response head is here. */
  private limiter: ConcurrencyLimiter | null = null;
  tunnel: Tunnel | null = null;
  private deadlines: Deadlines | null = null;
  private retries: Retries | null = null;
  /** That it has among the concurrent retries of its cluster, until its response begins. */
  private retryPlaces = 0;
  private hedging: Hedging | null = null;
  private keeper: ClientKeeper | null = null;
  /** Null where the response is passed on as it comes. */
  private held: HeldResponse | null = null;
  /** The endpoint has done its work if the body becomes whole. */
  private awaitsVerdict = false;
  /** Null for what is no gRPC call. */
  private call: GrpcCall | null = null;

  constructor(
    context: FlowContext,
    exchange: Exchange,
    isLast: boolean,
    sink: ResponseSink,
    rule: Rule | null,
  ) {
    this.exchange = exchange;
    this.context = context;
    this.sink = sink;
    this.rule = rule ?? NO_RULE;
    this.limits = this.rule;
    this.response = new ResponseSide(this, sink);
    this.request = isLast ? null : new RequestSide(this);
    exchange.bodySource = this.request;
    this.isRequestDone = isLast;
  }

  /** Runs until it must wait. `onRequestReadDone` follows when the read that brought the head is worked off. */
  start(): void {
    this.context.observer.exchangeStarted(this.exchange);
    const { rule } = this;
    if (rule === NO_RULE) {
      this.abort(makeFault("HDL_NO_ROUTE", "no route matches"));
    } else {
      if (rule.chain.slotCount > 0) this.reserveSlots(rule.chain.slotCount);
      if (this.exchange.grpcForm !== "" && !this.startCall()) return;
      const clientMs = this.call === null ? Infinity : this.call.deadlineMs;
      if (rule.requestTimeoutMs > 0 || rule.backendRequestTimeoutMs > 0 || clientMs !== Infinity)
        this.startDeadlines(clientMs);
      if (rule.chain.isEmpty) this.chooseBackend();
      else this.runRequestHeads(rule.chain.requestHead, 0, false);
    }
    this.isStarting = false;
  }

  /** Counts and answers an exchange that must not be routed. */
  refuse(fault: Fault): void {
    this.context.observer.exchangeStarted(this.exchange);
    this.abort(fault);
  }

  /** Counts and answers an exchange that goes no further than here. */
  answer(reply: Reply): void {
    this.context.observer.exchangeStarted(this.exchange);
    this.response.reply(reply);
  }

  /** Counts an exchange that is one too many: it waits for `turnAway`. */
  waitForRefusal(): void {
    this.context.observer.exchangeStarted(this.exchange);
    this.isStarting = false;
    if (!this.isRequestDone) this.pauseRequest();
  }

  /** Its answer may go out. */
  turnAway(): void {
    this.abort(makeFault("HDL_OVERLOADED", "more requests come than this worker can serve in time"));
  }

  private startDeadlines(clientMs: number): void {
    this.deadlines ??= new Deadlines(this);
    this.deadlines.startRoute(clientMs);
  }

  /** False: it is no call that can be made; it was answered. */
  private startCall(): boolean {
    this.call = new GrpcCall(this.exchange);
    if (this.call.mistake === null) return true;
    this.abort(this.call.mistake);
    this.isStarting = false;
    return false;
  }

  private reserveSlots(count: number): void {
    const slots: unknown[] = [];
    for (let at = 0; at < count; at++) slots.push(undefined);
    this.exchange.slots ??= slots;
  }

  // Filters on the request head: the route's, then the backend's

  private runRequestHeads(filters: readonly Filter[], from: number, isBackend: boolean): void {
    for (let at = from; at < filters.length; at++) {
      let result;
      try {
        result = filters[at].requestHead!(this.exchange);
      } catch (error) {
        this.abort(filterFault(filters[at], error));
        return;
      }
      if (result === undefined) continue;
      if (result instanceof Promise) this.awaitRequestHead(result, filters, at, isBackend);
      else this.response.reply(result);
      return;
    }
    if (isBackend) this.openRequest();
    else this.chooseBackend();
  }

  private awaitRequestHead(
    wait: Promise<Reply | undefined | void>,
    filters: readonly Filter[],
    at: number,
    isBackend: boolean,
  ): void {
    if (this.request === null || !this.request.isPeeking) this.pauseRequest();
    wait.then(
      (reply) => {
        if (this.isEnded) return;
        try {
          if (reply !== undefined) this.response.reply(reply);
          else this.runRequestHeads(filters, at + 1, isBackend);
        } catch (error) {
          this.crash(error);
        }
      },
      (error: unknown) => this.abort(filterFault(filters[at], error)),
    );
  }

  // Backend and attempts

  private chooseBackend(): void {
    const { rule } = this;
    const kept = rule.sessionPersistence === null ? null : this.findSession();
    const backend = kept ?? rule.backends?.choose(this.context.random) ?? null;
    if (backend === null || backend.cluster === null) {
      this.abort(makeFault("HDL_BACKEND_UNRESOLVED", "the rule has no backend that resolves"));
      return;
    }
    this.cluster = backend.cluster;
    this.exchange.cluster = backend.cluster.name;
    this.exchange.clusterIndex = backend.cluster.index;
    if (backend.cluster.keepsClients && this.keeper === null) this.makeKeeper(backend.cluster);
    if (backend.limits !== null) this.follow(backend.limits);
    this.backendChain = backend.chain;
    if (backend.chain.isEmpty) this.openRequest();
    else this.runRequestHeads(backend.chain.requestHead, 0, true);
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

  private openRequest(): void {
    if (this.request === null) this.attempt(null, false);
    else this.request.open();
  }

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
    return cluster.pick(exclude, retries === null ? undefined : retries.unreachable, key);
  }

  private keyFor(cluster: Cluster): number {
    const { keeper, exchange } = this;
    if (keeper !== null && keeper.key !== NO_KEY) return keeper.key;
    return cluster.keyOf(exchange.request, exchange.clientAddress);
  }

  mayRetry(fault: Fault | null, isBeside: boolean): boolean {
    const takesPlace = isBeside || this.retryPlaces === 0;
    if (!this.cluster!.mayRetry(this.exchange, fault, takesPlace)) return false;
    if (takesPlace) this.retryPlaces++;
    return true;
  }

  private leaveRetryPlaces(): void {
    this.cluster!.retriesEnded(this.retryPlaces);
    this.retryPlaces = 0;
  }

  /** Another attempt would get the same request. */
  canRepeat(): boolean {
    return this.request === null || this.request.canRepeat();
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

  // ExchangeEvents: from the client

  onRequestBody(chunk: Uint8Array): void {
    if (this.isEnded) return;
    this.exchange.requestBytes += chunk.length;
    if (this.request !== null) this.request.write(chunk);
    else if (this.stream !== null) this.stream.writeBody(chunk);
  }

  onRequestEnd(trailers: Fields | null): void {
    if (this.isEnded) return;
    this.isRequestDone = true;
    if (this.request === null) this.stream?.writeEnd(trailers);
    else if (!this.request.end(trailers)) return;
    if (this.tunnel !== null) this.tunnel.endHalf();
  }

  onRequestReadDone(): void {
    if (this.isEnded) return;
    const mayGoOn = this.stream === null || this.stream.flush();
    if (!mayGoOn || (this.request !== null && this.request.isFull)) this.pauseRequest();
  }

  onResponseDrain(): void {
    this.response.onDrain();
  }

  onRequestReset(fault: Fault): void {
    if (this.isEnded) return;
    this.exchange.fault = fault;
    if (this.call !== null) this.exchange.grpcStatus = FAULTS[fault.code].grpc;
    this.dropAttempt(fault);
    this.finish();
  }

  pauseRequest(): void {
    if (this.isRequestPaused) return;
    this.isRequestPaused = true;
    this.sink.pauseRequestBody();
  }

  resumeRequest(): void {
    if (!this.isRequestPaused || this.isEnded) return;
    this.isRequestPaused = false;
    this.sink.resumeRequestBody();
  }

  // UpstreamEvents: from the endpoint

  onInformational(head: ResponseHead): void {
    if (this.isEnded || this.response.isStarted) return;
    // 100 was answered by us; others pass (RFC 9110 section 15.2).
    if (head.status === 100) return;
    this.sink.writeInformational(head);
    this.sink.flush();
  }

  onResponseHead(head: ResponseHead, isLast: boolean): void {
    if (this.isEnded) return;
    const { exchange, context } = this;
    const nowMs = context.clock.now();
    exchange.responseHeadMs = nowMs;
    const latencyMs = nowMs - exchange.upstreamStartedMs;
    if (this.limiter !== null) this.leavePlace(head.status !== 503 && head.status !== 429);
    const grpcStatus = this.call === null ? -1 : this.call.readHead(head, isLast);
    if (this.call === null || head.status !== 200) {
      const isWhole = isLast || head.status === 101;
      this.awaitsVerdict = !this.cluster!.attemptAnswered(this.endpoint!, head.status, latencyMs, isWhole);
    } else {
      // How the endpoint did is in the status, which may come last.
      this.cluster!.attemptBegun(this.endpoint!, latencyMs);
      this.awaitsVerdict = false;
      if (isLast) this.judge();
    }
    if (this.retriesOn(head.status, grpcStatus) && this.goesOnAfter(head, isLast)) return;
    if (this.hedging !== null) this.hedging.stop();
    if (!isLast && this.limits.retry !== null && this.holds(head, this.limits.retry)) {
      this.held = new HeldResponse(head);
      return;
    }
    this.accept(head, isLast);
  }

  /** It can still be tried again, and it is not too much to keep. */
  private holds({ status, bodyLength }: ResponseHead, { holdBytes = 0 }: RetrySpec): boolean {
    if (holdBytes === 0 || bodyLength < 0 || bodyLength > holdBytes || status === 101) return false;
    return this.isRequestDone && this.canRepeat() && this.makeRetries().mayRepeat();
  }

  /** This is the response. */
  private accept(head: ResponseHead, isLast: boolean): void {
    if (this.retryPlaces > 0) this.leaveRetryPlaces();
    const { exchange, context } = this;
    if (head.status === 101) this.startTunnel();
    else addMissingDate(head.fields, context.clock);
    if (this.keeper !== null) this.keeper.issue(head, this.endpoint!, exchange, context.clock.wallMs());
    if (isLast) this.letGo();
    if (this.request !== null) this.request.forget();
    this.response.respond(head, isLast, null);
  }

  /** A tunnel has no deadline, and the client's octets are a stream of their own again. */
  private startTunnel(): void {
    this.tunnel = new Tunnel(this);
    this.isRequestDone = false;
    if (this.deadlines !== null) this.deadlines.stop();
  }

  onResponseBody(chunk: Uint8Array): void {
    if (this.isEnded) return;
    if (this.held === null) this.response.write(chunk);
    else this.held.write(chunk);
  }

  onResponseEnd(trailers: Fields | null): void {
    if (this.isEnded) return;
    if (this.held !== null) this.release(this.held);
    if (this.isEnded) return;
    if (this.call !== null) {
      this.call.readTrailers(trailers);
      if (this.exchange.response?.status === 200) this.judge();
    }
    if (this.awaitsVerdict && this.endpoint !== null) this.passVerdict(this.endpoint);
    if (this.tunnel === null) this.letGo();
    this.response.end(trailers);
  }

  onResponseReadDone(): void {
    // Not earlier: a response that ended within this read has left its connection to others.
    if (!this.isEnded && this.held === null) this.response.flush();
  }

  /** The response is whole. */
  private release(held: HeldResponse): void {
    this.held = null;
    this.accept(held.head, false);
    if (!this.isEnded) this.response.write(held.body);
  }

  onUpstreamDrain(): void {
    if (this.request === null) this.resumeRequest();
    else this.request.drained();
  }

  onUpstreamReset(fault: Fault): void {
    if (this.isEnded) return;
    this.stream = null;
    const endpoint = this.endpoint!;
    this.cluster!.attemptFailed(endpoint, fault);
    this.endAttempt(true);
    if (this.held !== null) {
      this.held = null;
      fault = HeldResponse.unseen(fault);
    }
    if (!this.response.isStarted && this.hedging !== null && this.hedging.takeNext()) return;
    if (this.response.isStarted || !this.makeRetries().afterFault(fault, endpoint)) this.abort(fault);
  }

  private retriesOn(status: number, grpcStatus: number): boolean {
    const { retry } = this.limits;
    if (retry === null) return false;
    // A status in the head: there are no messages, and nothing of the response has reached the client.
    if (grpcStatus > 0 && retry.grpcCodes?.includes(grpcStatus) === true) return true;
    return status >= 400 && retry.codes.includes(status);
  }

  /** Another attempt follows, or runs already, in place of an answer that the route retries. */
  private goesOnAfter({ fields }: ResponseHead, isLast: boolean): boolean {
    const { hedging } = this;
    if (hedging === null || !hedging.isRacing)
      return this.makeRetries().afterStatus(isLast, this.pushbackMs(fields));
    if (isLast) this.letGo();
    else this.dropAttempt(makeFault("HDL_UPSTREAM_STATUS", "the route retries this status"));
    return hedging.takeNext();
  }

  private pushbackMs(fields: Fields): number | null {
    if (this.call !== null) return parseGrpcPushback(fields.get("grpc-retry-pushback-ms"));
    if (this.limits.retry?.obeysRetryAfter !== true) return null;
    return parseRetryAfter(fields.get("retry-after"), this.context.clock.wallMs());
  }

  get deadlineMs(): number {
    return this.deadlines === null ? Infinity : this.deadlines.wholeMs;
  }

  /** The body is whole, so that a gateway's status was none of it. */
  private passVerdict(endpoint: Endpoint): void {
    const { response } = this.exchange;
    this.cluster!.attemptJudged(endpoint, false, response !== null && response.status >= 500);
  }

  private judge(): void {
    const { endpoint, exchange } = this;
    const { grpcStatus } = exchange;
    if (endpoint === null) return;
    this.cluster!.attemptJudged(endpoint, isGatewayStatus(grpcStatus), isServerStatus(grpcStatus));
  }

  private makeRetries(): Retries {
    return (this.retries ??= new Retries(this));
  }

  // The end

  /** The exchange cannot go on: an answer if there is none yet, else a visible break. */
  abort(fault: Fault): void {
    if (this.isEnded) return;
    this.exchange.fault ??= fault;
    if (this.hedging !== null) this.hedging.stop();
    this.dropAttempt(fault);
    this.response.fail(fault);
  }

  /** Something threw that nothing here catches: no fault of one exchange, unless others are told apart from it. */
  crash(error: unknown): void {
    throw error;
  }

  /** Once. */
  finish(): void {
    if (this.isEnded) return;
    this.isEnded = true;
    this.stream = null;
    if (this.retryPlaces > 0) this.leaveRetryPlaces();
    this.response.stop();
    if (this.request !== null) this.request.stop();
    this.stopTimers();
    this.endExchange();
  }

  protected endExchange(): void {
    const { exchange, context, rule } = this;
    exchange.markEnded(context.clock.now());
    if (!rule.chain.isEmpty) runEnds(rule.chain, exchange);
    if (!this.backendChain.isEmpty) runEnds(this.backendChain, exchange);
    context.observer.exchangeEnded(exchange);
  }

  private stopTimers(): void {
    const { wheel } = this.context;
    if (this.deadlines !== null) this.deadlines.stop();
    if (this.retries !== null) wheel.cancel(this.retries);
    if (this.tunnel !== null) wheel.cancel(this.tunnel);
    if (this.hedging !== null) this.hedging.stop();
  }
}
