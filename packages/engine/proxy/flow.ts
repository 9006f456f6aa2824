import { CallbackTimer, copyBytes, makeFault, Timer } from "../base/index.ts";
import type { Clock, Fault, Random, TimerWheel } from "../base/index.ts";
import type { Cluster, Endpoint } from "../cluster/index.ts";
import type { Filter, FilterChain, Reply } from "../filter/index.ts";
import { EMPTY_CHAIN } from "../filter/index.ts";
import { Exchange, Fields, LENGTH_UNKNOWN, ResponseHead } from "../message/index.ts";
import type {
  ExchangeEvents,
  RequestHead,
  ResponseSink,
  UpstreamEvents,
  UpstreamStream,
} from "../message/index.ts";
import type { SessionPersistenceSpec } from "../model/index.ts";
import { BodyPipe } from "./body-pipe.ts";
import type { PipeOutput } from "./body-pipe.ts";
import { rescue } from "./rescue.ts";
import type { Rule, RuleBackend } from "./rule.ts";
import { issueSession, readSession } from "./session.ts";
import type { Session } from "./session.ts";

/** What the proxy tells about exchanges: counters, access log. Cheap and synchronous. */
export interface ExchangeObserver {
  exchangeStarted(exchange: Exchange): void;
  /** Once for each that started, with every member of the exchange final. */
  exchangeEnded(exchange: Exchange): void;
  retried(exchange: Exchange, fault: Fault | null): void;
}

export interface FlowContext {
  readonly clock: Clock;
  readonly random: Random;
  readonly wheel: TimerWheel;
  readonly observer: ExchangeObserver;
}

/** Attempts after the first for failures that are safe to repeat, where the route does not say. */
const DEFAULT_RETRIES = 2;
/** Request octets kept so that an attempt can be repeated. Longer bodies are sent once. */
const REPLAY_BYTES = 65_536;
/** After one half of a tunnel has ended, the other may still finish for this long. */
const HALF_TUNNEL_MS = 30_000;
const BACKOFF_CAP_MS = 10_000;

const NO_RULE: Rule = {
  info: { listener: "", listenerIndex: -1, route: "", rule: "", routeIndex: -1 },
  chain: EMPTY_CHAIN,
  backends: null,
  backendList: [],
  requestTimeoutMs: 0,
  backendRequestTimeoutMs: 0,
  retry: null,
  sessionPersistence: null,
};

/** Whether a method's effect is the same once or twice (RFC 9110 section 9.2.2). */
function isIdempotent(method: string): boolean {
  switch (method) {
    case "GET":
    case "HEAD":
    case "OPTIONS":
    case "PUT":
    case "DELETE":
    case "TRACE":
      return true;
    default:
      return false;
  }
}

/** A timer that tells its flow. One class each for the two deadlines keeps a flow without them free of cost. */
class FlowTimer extends Timer {
  private readonly flow: Flow;
  private readonly isAttempt: boolean;
  constructor(flow: Flow, isAttempt: boolean) {
    super();
    this.flow = flow;
    this.isAttempt = isAttempt;
  }
  expire(): void {
    if (this.isAttempt) this.flow.onAttemptTimeout();
    else this.flow.onRouteTimeout();
  }
}

/**
 * The life of one exchange, from the matched request to the last byte of the response.
 *
 *   filters(request) ─► backend ─► filters(backend) ─► attempt ⇄ retry ─► filters(response) ─► body ─► ended
 *        │ reply             │ none          │ reply        │ fault                             │
 *        └───────────────────┴───────────────┴──────────────┴──────► rescue ────────────────────┘
 *
 * Chunks pass through without a copy or a promise; where somebody must wait (a filter's promise, a full socket)
 * the other side is paused. Everything that can end it goes through `finish`, once.
 */
export class Flow implements ExchangeEvents, UpstreamEvents {
  readonly exchange: Exchange;
  private readonly context: FlowContext;
  private readonly sink: ResponseSink;
  private readonly rule: Rule;
  private backend: RuleBackend | null = null;
  private cluster: Cluster | null = null;
  private endpoint: Endpoint | null = null;
  private stream: UpstreamStream | null = null;

  /** The request's last byte was seen. */
  private isRequestDone: boolean;
  private requestTrailers: Fields | null = null;
  /** Filters have seen the request's trailers: they do once, however many attempts there are. */
  private hasPassedTrailers = false;
  private readonly hasRequestBody: boolean;
  /** Request octets kept while there is no attempt to send them to, or while one might be repeated. */
  private kept: Uint8Array[] | null = null;
  private keptBytes = 0;
  /** Everything sent so far is in `kept`. */
  private canReplay: boolean;
  private isRequestPaused = false;
  private requestPipe: BodyPipe | null = null;
  private isPipeDone = false;
  /** A filter wants the whole request before the first attempt. */
  private buffersRequest = false;
  private responsePipe: ResponsePipe | null = null;
  /** The response head waits for a buffering filter. */
  private heldHead: ResponseHead | null = null;
  private responseTrailers: Fields | null = null;

  private isStarting = false;
  private isResponseStarted = false;
  /** The client has seen the head: from here on a fault can only break the response visibly. */
  private isHeadSent = false;
  private isResponsePaused = false;
  private isTunnel = false;
  private isResponseDone = false;
  private isEnded = false;
  private retriesLeft: number;
  private session: Session | null = null;
  private keptEndpoint: Endpoint | null = null;
  private usedStaleRetry = false;
  private sentContinue = false;
  private enteredBackendChain = false;
  private attemptStartedMs = 0;
  private routeTimer: FlowTimer | null = null;
  private attemptTimer: FlowTimer | null = null;
  private backoffTimer: CallbackTimer | null = null;

  constructor(
    context: FlowContext,
    exchange: Exchange,
    isLast: boolean,
    sink: ResponseSink,
    rule: Rule | null,
  ) {
    this.context = context;
    this.exchange = exchange;
    this.sink = sink;
    this.rule = rule ?? NO_RULE;
    this.isRequestDone = isLast;
    this.hasRequestBody = !isLast;
    this.canReplay = true;
    this.retriesLeft = this.rule.retry === null ? DEFAULT_RETRIES : this.rule.retry.attempts;
  }

  /** Runs until it must wait. `onRequestReadDone` follows when the read that brought the head is worked off. */
  start(): void {
    this.isStarting = true;
    this.run();
    this.isStarting = false;
  }

  private run(): void {
    this.context.observer.exchangeStarted(this.exchange);
    if (this.rule === NO_RULE) {
      this.abort(makeFault("HDL_NO_ROUTE", "no route matches"));
      return;
    }
    if (this.rule.requestTimeoutMs > 0) {
      this.routeTimer = new FlowTimer(this, false);
      this.context.wheel.schedule(this.routeTimer, this.exchange.startedMs + this.rule.requestTimeoutMs);
    }
    const { chain } = this.rule;
    if (chain.slotCount > 0) this.exchange.slots = new Array<unknown>(chain.slotCount).fill(undefined);
    if (chain.isEmpty) {
      this.chooseBackend();
      return;
    }
    this.runRequestHeads(chain.requestHead, 0, false);
  }

  /** Counts and answers an exchange that must not be routed. */
  refuse(fault: Fault): void {
    this.context.observer.exchangeStarted(this.exchange);
    this.abort(fault);
  }

  // Filters on the request head

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
      if (result instanceof Promise) {
        this.awaitRequestHead(result, filters, at, isBackend);
        return;
      }
      this.reply(result);
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
    this.pauseRequest();
    wait.then(
      (reply) => {
        if (this.isEnded) return;
        if (reply !== undefined) this.reply(reply);
        else this.runRequestHeads(filters, at + 1, isBackend);
      },
      (error: unknown) => this.abort(filterFault(filters[at], error)),
    );
  }

  // Backend and attempts

  private chooseBackend(): void {
    const backend = this.keptBackend() ?? this.rule.backends?.choose(this.context.random) ?? null;
    if (backend === null || backend.cluster === null) {
      this.abort(makeFault("HDL_BACKEND_UNRESOLVED", "the rule has no backend that resolves"));
      return;
    }
    this.backend = backend;
    this.cluster = backend.cluster;
    this.exchange.cluster = backend.cluster.name;
    this.exchange.clusterIndex = backend.cluster.index;
    if (backend.chain.isEmpty) {
      this.openRequest();
      return;
    }
    this.enteredBackendChain = true;
    this.runRequestHeads(backend.chain.requestHead, 0, true);
  }

  /** GEP-1619: a session goes on where it was, before weights are asked. */
  private keptBackend(): RuleBackend | null {
    const persistence = this.rule.sessionPersistence;
    if (persistence === null) return null;
    const session = readSession(this.exchange.request, persistence, this.context.clock.wallMs());
    if (session === null) return null;
    for (const backend of this.rule.backendList) {
      const endpoint = backend.cluster?.findSession(session.id) ?? null;
      if (endpoint === null) continue;
      this.session = session;
      this.keptEndpoint = endpoint;
      return backend;
    }
    return null;
  }

  /** The request may go: its body through the filters, if any looks at it, and on to the first attempt. */
  private openRequest(): void {
    const stages = this.backend!.chain.requestBody;
    const all =
      stages.length === 0 ? this.rule.chain.requestBody : [...this.rule.chain.requestBody, ...stages];
    if (all.length > 0 && this.hasRequestBody) {
      this.requestPipe = new BodyPipe(all, this.exchange, new RequestPipeOutput(this));
      this.buffersRequest = this.rule.chain.buffersRequest || this.backend!.chain.buffersRequest;
      const early = this.kept;
      this.kept = null;
      this.keptBytes = 0;
      if (all.some(({ phase }) => phase.mode === "transform")) loseLength(this.exchange.request);
      if (this.buffersRequest) {
        this.continueRequest();
        this.resumeRequest();
      } else {
        this.attempt(null, false);
      }
      if (early !== null) for (const chunk of early) this.requestPipe.write(chunk);
      if (this.isRequestDone) this.requestPipe.end();
      this.stream?.flush();
      return;
    }
    this.attempt(null, false);
  }

  private attempt(exclude: Endpoint | null, isFresh: boolean): void {
    if (this.isEnded) return;
    const cluster = this.cluster!;
    const { exchange } = this;
    const endpoint = isFresh && exclude !== null ? exclude : this.pick(cluster, exclude);
    if (endpoint === null) {
      this.abort(makeFault("HDL_NO_ENDPOINTS", `${cluster.name} has no endpoint`));
      return;
    }
    exchange.attempts++;
    exchange.endpoint = endpoint.name;
    exchange.endpointIndex = endpoint.index;
    this.endpoint = endpoint;
    const isWhole = this.isRequestDone && this.keptBytes === 0 && !this.hasOutgoingBody();
    const opened = cluster.open(endpoint, exchange.request, isWhole, isFresh, this);
    cluster.attemptStarted(endpoint);
    if ("code" in opened) {
      this.onUpstreamReset(opened);
      return;
    }
    this.stream = opened;
    this.attemptStartedMs = this.context.clock.now();
    exchange.upstreamStartedMs = this.attemptStartedMs;
    this.startAttemptTimer();
    if (isWhole) {
      opened.flush();
      return;
    }
    this.sendKept(opened);
  }

  private pick(cluster: Cluster, exclude: Endpoint | null): Endpoint | null {
    const kept = this.keptEndpoint;
    return kept !== null && exclude === null ? kept : cluster.pick(exclude);
  }

  private hasOutgoingBody(): boolean {
    return this.exchange.request.bodyLength !== 0;
  }

  /** What was held or is repeated goes first; then the body flows as it comes. */
  private sendKept(stream: UpstreamStream): void {
    this.continueRequest();
    if (this.kept !== null) for (const chunk of this.kept) stream.writeBody(chunk);
    this.keepOrForget();
    const isPiped = this.requestPipe !== null;
    if (this.isRequestDone && (!isPiped || this.isPipeDone) && !this.writeRequestEnd(stream)) return;
    // Body bytes of the same read follow at once: one write for head and body, at the read's end.
    if (this.isStarting) return;
    if (stream.flush()) this.resumeRequest();
    else this.pauseRequest();
  }

  /** Bodies are kept only where another attempt could follow: it costs a copy. */
  private keepOrForget(): void {
    const mayRepeat = isIdempotent(this.exchange.request.method) || (this.rule.retry?.codes.length ?? 0) > 0;
    if (mayRepeat || this.isOpening()) return;
    this.kept = null;
    this.keptBytes = 0;
    this.canReplay = !this.hasRequestBody;
  }

  /** The attempt's connection is still being made: nothing was sent, so any method may be repeated. */
  private isOpening(): boolean {
    const stream = this.stream as { isOpen?: boolean } | null;
    return stream !== null && stream.isOpen === false;
  }

  /** RFC 9110 section 10.1.1: we answer the expectation ourselves, once somebody wants the body. */
  private continueRequest(): void {
    if (!this.exchange.request.expectsContinue || this.sentContinue || this.isRequestDone) return;
    this.sentContinue = true;
    this.sink.writeInformational(new ResponseHead(100, new Fields()));
    this.sink.flush();
  }

  private startAttemptTimer(): void {
    const limitMs = this.rule.backendRequestTimeoutMs;
    if (limitMs === 0) return;
    this.attemptTimer ??= new FlowTimer(this, true);
    this.context.wheel.schedule(this.attemptTimer, this.attemptStartedMs + limitMs);
  }

  // ExchangeEvents: from the client

  onRequestBody(chunk: Uint8Array): void {
    if (this.isEnded) return;
    this.exchange.requestBytes += chunk.length;
    if (this.requestPipe !== null) this.requestPipe.write(chunk);
    else this.forwardRequestBody(chunk);
  }

  /** @internal also the request pipe's output */
  forwardRequestBody(chunk: Uint8Array): void {
    // After an early response nobody wants the rest.
    if (this.isEnded || (this.stream === null && this.isResponseStarted)) return;
    if (this.stream === null || this.kept !== null || (this.canReplay && !this.isTunnel && this.mayKeep())) {
      this.keep(chunk);
    }
    this.stream?.writeBody(chunk);
  }

  private mayKeep(): boolean {
    return (
      isIdempotent(this.exchange.request.method) ||
      (this.rule.retry?.codes.length ?? 0) > 0 ||
      this.isOpening()
    );
  }

  private keep(chunk: Uint8Array): void {
    if (
      this.stream !== null &&
      (!this.canReplay || this.keptBytes + chunk.length > REPLAY_BYTES || !this.mayKeep())
    ) {
      this.canReplay = false;
      this.kept = null;
      this.keptBytes = 0;
      return;
    }
    this.kept ??= [];
    this.kept.push(copyBytes(chunk));
    this.keptBytes += chunk.length;
  }

  onRequestEnd(trailers: Fields | null): void {
    if (this.isEnded) return;
    this.isRequestDone = true;
    this.requestTrailers = trailers;
    if (this.requestPipe !== null) this.requestPipe.end();
    else if (this.stream !== null && !this.writeRequestEnd(this.stream)) return;
    if (this.isTunnel) this.endHalf();
  }

  /** False when a filter failed on the trailers: the exchange is over, the request did not end. */
  private writeRequestEnd(stream: UpstreamStream): boolean {
    if (!this.passRequestTrailers()) return false;
    stream.writeEnd(this.requestTrailers);
    return true;
  }

  /** After head and body phases, since a filter may rely on their order. False when a filter failed. */
  private passRequestTrailers(): boolean {
    const trailers = this.requestTrailers;
    if (trailers === null || this.hasPassedTrailers) return true;
    this.hasPassedTrailers = true;
    return (
      this.passTrailers(this.rule.chain.requestTrailers, "requestTrailers", trailers) &&
      this.passTrailers(this.backend!.chain.requestTrailers, "requestTrailers", trailers)
    );
  }

  private passTrailers(
    filters: readonly Filter[],
    phase: "requestTrailers" | "responseTrailers",
    trailers: Fields,
  ): boolean {
    for (const filter of filters) {
      try {
        filter[phase]!(this.exchange, trailers);
      } catch (error) {
        this.abort(filterFault(filter, error));
        return false;
      }
    }
    return true;
  }

  onRequestReadDone(): void {
    if (this.isEnded || this.stream === null) return;
    if (!this.stream.flush()) this.pauseRequest();
  }

  onResponseDrain(): void {
    if (this.isHeadWaiting()) return;
    this.resumeResponse();
  }

  private pauseResponse(): void {
    if (this.isResponsePaused || this.stream === null) return;
    this.isResponsePaused = true;
    this.stream.pauseResponseBody();
  }

  private resumeResponse(): void {
    if (!this.isResponsePaused || this.isEnded) return;
    this.isResponsePaused = false;
    this.stream?.resumeResponseBody();
  }

  /** A filter waits on the response head; bytes behind it are held. */
  private isHeadWaiting(): boolean {
    return this.responsePipe instanceof ResponseGate;
  }

  onRequestReset(fault: Fault): void {
    if (this.isEnded) return;
    this.exchange.fault = fault;
    this.dropAttempt(fault);
    this.finish();
  }

  // The request pipe

  /** @internal */
  onRequestPipeEnd(): void {
    if (this.isEnded) return;
    this.isPipeDone = true;
    if (this.stream !== null) {
      if (this.writeRequestEnd(this.stream)) this.stream.flush();
      return;
    }
    // Without a stream and not buffered: a retry that waits ends the request itself.
    if (!this.buffersRequest || this.isResponseStarted || !this.passRequestTrailers()) return;
    // The length is known now.
    setLength(this.exchange.request, this.keptBytes);
    this.attempt(null, false);
  }

  /** @internal */
  onPipeReply(reply: Reply): void {
    if (!this.isResponseStarted) this.reply(reply);
    else this.abort(makeFault("HDL_FILTER_FAILED", "a filter replied after the response began"));
  }

  /** @internal A buffering filter answers instead of the response that it was shown. */
  onResponsePipeReply(reply: Reply): void {
    if (this.isEnded) return;
    if (this.isHeadSent)
      this.abort(makeFault("HDL_FILTER_FAILED", "a filter replied after the response began"));
    else this.replaceBy(reply);
  }

  /** @internal 502 where the same fault of a request is 413: the client cannot mend it. */
  onResponseOverflow(maxBytes: number): void {
    if (this.isEnded) return;
    const fault = makeFault(
      "HDL_BODY_BUFFER_FULL",
      `response body is over ${maxBytes} bytes, the limit of a filter`,
    );
    if (this.isHeadSent) {
      this.abort(fault);
      return;
    }
    this.exchange.fault = fault;
    this.replaceBy({ ...rescue(fault), status: 502 });
  }

  // UpstreamEvents: from the endpoint

  onInformational(head: ResponseHead): void {
    if (this.isEnded || this.isResponseStarted) return;
    // 100 was answered by us; others pass (RFC 9110 section 15.2).
    if (head.status === 100) return;
    this.sink.writeInformational(head);
    this.sink.flush();
  }

  onResponseHead(head: ResponseHead, isLast: boolean): void {
    if (this.isEnded) return;
    const nowMs = this.context.clock.now();
    this.exchange.responseHeadMs = nowMs;
    this.cluster!.attemptAnswered(this.endpoint!, head.status, nowMs - this.attemptStartedMs);
    if (this.retriesOn(head.status) && this.retryStatus(isLast)) return;
    if (head.status === 101) this.startTunnel();
    const persistence = this.rule.sessionPersistence;
    if (persistence !== null) this.persistSession(head, persistence);
    if (isLast) this.letGo();
    this.kept = null;
    this.canReplay = false;
    this.respond(head, isLast, null);
  }

  private persistSession(head: ResponseHead, persistence: SessionPersistenceSpec): void {
    const nowMs = this.context.clock.wallMs();
    const isSame = this.session !== null && this.endpoint === this.keptEndpoint;
    issueSession(
      head,
      persistence,
      this.endpoint!.sessionId,
      isSame ? this.session : null,
      this.exchange,
      nowMs,
    );
  }

  private startTunnel(): void {
    this.isTunnel = true;
    this.isRequestDone = false;
    if (this.routeTimer !== null) this.context.wheel.cancel(this.routeTimer);
    if (this.attemptTimer !== null) this.context.wheel.cancel(this.attemptTimer);
  }

  onResponseBody(chunk: Uint8Array): void {
    if (this.isEnded) return;
    if (this.responsePipe !== null) this.responsePipe.write(chunk);
    else this.forwardResponseBody(chunk);
  }

  /** @internal also the response pipe's output */
  forwardResponseBody(chunk: Uint8Array): void {
    if (this.isEnded) return;
    this.releaseHeldHead();
    this.exchange.responseBytes += chunk.length;
    this.sink.writeBody(chunk);
  }

  onResponseEnd(trailers: Fields | null): void {
    if (this.isEnded) return;
    if (!this.isTunnel) this.letGo();
    this.responseTrailers = trailers;
    this.endPipedResponse();
  }

  /** @internal */
  endPipedResponse(): void {
    if (this.responsePipe !== null) this.responsePipe.end();
    else this.endResponse();
  }

  /** @internal also the response pipe's output */
  endResponse(): void {
    if (this.isEnded) return;
    const trailers = this.responseTrailers;
    if (trailers !== null && !this.passResponseTrailers(trailers)) return;
    this.releaseHeldHead();
    this.isResponseDone = true;
    this.sink.writeEnd(trailers);
    if (this.isTunnel && !this.isRequestDone) {
      this.sink.flush();
      this.endHalf();
      return;
    }
    this.attemptDone();
    this.finish();
  }

  private passResponseTrailers(trailers: Fields): boolean {
    const backend = this.enteredBackendChain ? this.backend!.chain.responseTrailers : NO_FILTERS;
    return (
      this.passTrailers(backend, "responseTrailers", trailers) &&
      this.passTrailers(this.rule.chain.responseTrailers, "responseTrailers", trailers)
    );
  }

  onResponseReadDone(): void {
    if (this.isEnded || this.heldHead !== null) return;
    // Not earlier: a response that ended within this read has left its connection to others.
    if (this.isHeadWaiting() || !this.sink.flush()) this.pauseResponse();
  }

  onUpstreamDrain(): void {
    this.resumeRequest();
  }

  onUpstreamReset(fault: Fault): void {
    if (this.isEnded) return;
    this.stream = null;
    const { endpoint, cluster } = this;
    cluster!.attemptFailed(endpoint!, fault);
    this.attemptDone(true);
    if (this.isResponseStarted) {
      this.abort(fault);
      return;
    }
    if (!this.retryFault(fault, endpoint!)) this.abort(fault);
  }

  // Retries

  private retriesOn(status: number): boolean {
    const { retry } = this.rule;
    return retry !== null && status >= 400 && retry.codes.includes(status);
  }

  private retryStatus(isLast: boolean): boolean {
    if (this.retriesLeft <= 0 || !this.isRequestDone || !this.canReplay) return false;
    if (!this.cluster!.mayRetry(this.exchange)) return false;
    const fault = makeFault("HDL_UPSTREAM_STATUS", "the route retries this status");
    if (!isLast) this.stream?.reset(fault);
    this.stream = null;
    const { endpoint } = this;
    this.attemptDone();
    this.retry(endpoint!, null);
    return true;
  }

  private retryFault(fault: Fault, endpoint: Endpoint): boolean {
    if (!this.canReplay || (this.hasRequestBody && !this.isRequestDone && this.requestPipe !== null))
      return false;
    const isSafe =
      fault.retry === "never-sent" ||
      (fault.retry === "maybe-sent" && isIdempotent(this.exchange.request.method));
    if (!isSafe) return false;
    if (fault.code === "HDL_UPSTREAM_STALE" && !this.usedStaleRetry) {
      // The keep-alive race is nobody's fault: once, on a fresh connection, outside the budget.
      this.usedStaleRetry = true;
      this.context.observer.retried(this.exchange, fault);
      this.attempt(endpoint, true);
      return true;
    }
    if (this.retriesLeft <= 0 || !this.cluster!.mayRetry(this.exchange)) return false;
    this.retry(endpoint, fault);
    return true;
  }

  /** Another endpoint first, after a pause: never below the route's minimum, doubling, with jitter over its upper half. */
  private retry(endpoint: Endpoint, fault: Fault | null): void {
    this.retriesLeft--;
    this.context.observer.retried(this.exchange, fault);
    const baseMs = this.rule.retry?.backoffMs ?? 0;
    if (baseMs === 0) {
      this.attempt(endpoint, false);
      return;
    }
    const cap = Math.min(BACKOFF_CAP_MS, baseMs * 2 ** this.exchange.attempts);
    // What comes meanwhile would pile up.
    if (!this.isRequestDone) this.pauseRequest();
    this.backoffTimer = new CallbackTimer(() => this.attempt(endpoint, false));
    const delayMs = Math.max(baseMs, cap / 2 + (this.context.random.next() * cap) / 2);
    this.context.wheel.schedule(this.backoffTimer, this.context.clock.now() + delayMs);
  }

  // The response

  /** Filters in reverse, then out. `body` is a reply's own. */
  private respond(head: ResponseHead, isLast: boolean, body: Uint8Array | null): void {
    this.exchange.response = head;
    this.isResponseStarted = true;
    const route = this.rule.chain.responseHead;
    const backend = this.enteredBackendChain ? this.backend!.chain.responseHead : NO_FILTERS;
    if (route.length === 0 && backend.length === 0) this.deliver(head, isLast, body);
    else this.runResponseHeads(backend.length === 0 ? route : [...backend, ...route], 0, head, isLast, body);
  }

  private runResponseHeads(
    filters: readonly Filter[],
    from: number,
    head: ResponseHead,
    isLast: boolean,
    body: Uint8Array | null,
  ): void {
    for (let at = from; at < filters.length; at++) {
      let result;
      try {
        result = filters[at].responseHead!(this.exchange, head);
      } catch (error) {
        this.replace(filterFault(filters[at], error));
        return;
      }
      if (result === undefined) continue;
      if (result instanceof Promise) {
        this.awaitResponseHead(result, filters, at, head, isLast, body);
        return;
      }
      this.replaceBy(result);
      return;
    }
    this.deliver(head, isLast, body);
  }

  private awaitResponseHead(
    wait: Promise<Reply | undefined | void>,
    filters: readonly Filter[],
    at: number,
    head: ResponseHead,
    isLast: boolean,
    body: Uint8Array | null,
  ): void {
    // Body bytes of this very read are already here: they wait behind the head.
    const gate = new ResponseGate(this);
    this.responsePipe = gate;
    wait.then(
      (reply) => {
        if (this.isEnded) return;
        this.responsePipe = null;
        if (reply !== undefined) {
          this.replaceBy(reply);
          return;
        }
        this.runResponseHeads(filters, at + 1, head, isLast, body);
        gate.open();
        if (this.isEnded || this.isHeadWaiting()) return;
        if (this.sink.flush()) this.resumeResponse();
        else this.pauseResponse();
      },
      (error: unknown) => {
        if (!this.isEnded) this.replace(filterFault(filters[at], error));
      },
    );
  }

  private deliver(head: ResponseHead, isLast: boolean, body: Uint8Array | null): void {
    const stages = this.enteredBackendChain
      ? [...this.backend!.chain.responseBody, ...this.rule.chain.responseBody]
      : this.rule.chain.responseBody;
    if (stages.length > 0 && !isLast && !this.isTunnel) {
      this.responsePipe = new BodyPipe(stages, this.exchange, new ResponsePipeOutput(this));
      if (stages.some(({ phase }) => phase.mode !== "observe")) loseLength(head);
      if (stages.some(({ phase }) => phase.mode === "buffer")) {
        this.heldHead = head;
        if (body !== null) this.endReplyBody(body);
        return;
      }
    }
    this.isHeadSent = true;
    this.sink.writeHead(head, isLast);
    if (isLast) {
      this.finish();
      return;
    }
    if (body !== null) this.endReplyBody(body);
  }

  private endReplyBody(body: Uint8Array): void {
    this.onResponseBody(body);
    this.onResponseEnd(null);
  }

  private releaseHeldHead(): void {
    const head = this.heldHead;
    if (head === null) return;
    this.heldHead = null;
    this.isHeadSent = true;
    this.sink.writeHead(head, false);
  }

  /** Answers instead of the upstream, through the response filters. */
  private reply(reply: Reply): void {
    if (this.isEnded || this.isResponseStarted) return;
    const { head, body } = this.compose(reply);
    this.respond(head, body === null, body);
    if (!this.isEnded) this.sink.flush();
  }

  /** A response filter answers instead of the response it was shown: no filter sees this one. */
  private replaceBy(reply: Reply): void {
    this.dropAttempt(makeFault("HDL_FILTER_FAILED", "replaced by a filter"));
    const { head, body } = this.compose(reply);
    this.exchange.response = head;
    this.isResponseStarted = true;
    this.isHeadSent = true;
    this.heldHead = null;
    this.responsePipe?.stop();
    this.responsePipe = null;
    this.sink.writeHead(head, body === null);
    if (body !== null) {
      this.exchange.responseBytes += body.length;
      this.sink.writeBody(body);
      this.sink.writeEnd(null);
    }
    this.finish();
  }

  /** Head and body of a reply; the body is null where none goes out. What no head may hold is the filter's fault. */
  private compose(reply: Reply): { readonly head: ResponseHead; readonly body: Uint8Array | null } {
    const isHead = this.exchange.request.method === "HEAD";
    try {
      return composeReply(reply, isHead);
    } catch (error) {
      const fault = makeFault(
        "HDL_FILTER_FAILED",
        "a filter replied with a header that no head may hold",
        error,
      );
      this.exchange.fault = fault;
      return composeReply(rescue(fault), isHead);
    }
  }

  private replace(fault: Fault): void {
    this.exchange.fault = fault;
    this.replaceBy(rescue(fault));
  }

  // Faults and the end

  /** The exchange cannot go on: an answer if there is none yet, else a visible break. */
  abort(fault: Fault): void {
    if (this.isEnded) return;
    this.exchange.fault ??= fault;
    this.dropAttempt(fault);
    if (!this.isResponseStarted) {
      this.reply(rescue(fault));
      return;
    }
    // A response that no byte was sent of can still be replaced.
    if (!this.isHeadSent) {
      this.replaceBy(rescue(fault));
      return;
    }
    this.sink.reset(fault);
    this.finish();
  }

  onRouteTimeout(): void {
    const limit = this.rule.requestTimeoutMs;
    this.abort(makeFault("HDL_ROUTE_TIMEOUT", `no whole response within ${limit} ms`));
  }

  onAttemptTimeout(): void {
    const fault = makeFault(
      "HDL_UPSTREAM_TIMEOUT",
      `no whole response of ${this.exchange.endpoint} within ${this.rule.backendRequestTimeoutMs} ms`,
    );
    this.stream?.reset(fault);
    this.onUpstreamReset(fault);
  }

  private dropAttempt(fault: Fault): void {
    this.stream?.reset(fault);
    this.stream = null;
    this.attemptDone();
  }

  /** The response is complete: the connection is the pool's, perhaps another exchange's, and not ours to touch. */
  private letGo(): void {
    this.stream = null;
    this.attemptDone();
  }

  private attemptDone(hasFailed: boolean = false): void {
    const { endpoint } = this;
    if (endpoint === null) return;
    this.endpoint = null;
    this.cluster!.attemptEnded(endpoint, hasFailed);
    if (this.attemptTimer !== null) this.context.wheel.cancel(this.attemptTimer);
  }

  /** One half of a tunnel has ended; both, and it is over. */
  private endHalf(): void {
    if (this.isRequestDone && this.isResponseDone) {
      this.attemptDone();
      this.finish();
      return;
    }
    this.backoffTimer = new CallbackTimer(() => {
      this.dropAttempt(makeFault("HDL_DOWNSTREAM_IDLE_TIMEOUT", "half-closed tunnel"));
      if (this.isEnded) return;
      this.sink.reset(makeFault("HDL_DOWNSTREAM_IDLE_TIMEOUT", "half-closed tunnel"));
      this.finish();
    });
    this.context.wheel.schedule(this.backoffTimer, this.context.clock.now() + HALF_TUNNEL_MS);
  }

  private finish(): void {
    if (this.isEnded) return;
    this.isEnded = true;
    this.stream = null;
    this.kept = null;
    this.requestPipe?.stop();
    this.responsePipe?.stop();
    const { wheel, clock } = this.context;
    if (this.routeTimer !== null) wheel.cancel(this.routeTimer);
    if (this.attemptTimer !== null) wheel.cancel(this.attemptTimer);
    if (this.backoffTimer !== null) wheel.cancel(this.backoffTimer);
    this.exchange.markEnded(clock.now());
    if (!this.rule.chain.isEmpty) endFilters(this.rule.chain, this.exchange);
    if (this.enteredBackendChain) endFilters(this.backend!.chain, this.exchange);
    this.context.observer.exchangeEnded(this.exchange);
  }

  private pauseRequest(): void {
    if (this.isRequestPaused) return;
    this.isRequestPaused = true;
    this.sink.pauseRequestBody();
  }

  private resumeRequest(): void {
    if (!this.isRequestPaused || this.isEnded) return;
    this.isRequestPaused = false;
    this.sink.resumeRequestBody();
  }
}

const NO_FILTERS: readonly Filter[] = [];

/** What response bytes pass through: body filters, or a gate while a filter waits on the head. */
interface ResponsePipe {
  write(bytes: Uint8Array): void;
  end(): void;
  stop(): void;
}

class RequestPipeOutput implements PipeOutput {
  private readonly flow: Flow;
  constructor(flow: Flow) {
    this.flow = flow;
  }
  onChunk(bytes: Uint8Array): void {
    this.flow.forwardRequestBody(bytes);
  }
  onPipeEnd(): void {
    this.flow.onRequestPipeEnd();
  }
  onPipeReply(reply: Reply): void {
    this.flow.onPipeReply(reply);
  }
  onPipeOverflow(maxBytes: number): void {
    this.flow.abort(
      makeFault("HDL_BODY_BUFFER_FULL", `request body is over ${maxBytes} bytes, the limit of a filter`),
    );
  }
  onPipeError(error: unknown): void {
    this.flow.abort(makeFault("HDL_FILTER_FAILED", "a request body filter threw", error));
  }
}

class ResponsePipeOutput implements PipeOutput {
  private readonly flow: Flow;
  constructor(flow: Flow) {
    this.flow = flow;
  }
  onChunk(bytes: Uint8Array): void {
    this.flow.forwardResponseBody(bytes);
  }
  onPipeEnd(): void {
    this.flow.endResponse();
  }
  onPipeReply(reply: Reply): void {
    this.flow.onResponsePipeReply(reply);
  }
  onPipeOverflow(maxBytes: number): void {
    this.flow.onResponseOverflow(maxBytes);
  }
  onPipeError(error: unknown): void {
    this.flow.abort(makeFault("HDL_FILTER_FAILED", "a response body filter threw", error));
  }
}

/** Holds a response's bytes while a filter waits on its head. */
class ResponseGate implements ResponsePipe {
  private readonly flow: Flow;
  private chunks: Uint8Array[] = [];
  private hasEnded = false;
  constructor(flow: Flow) {
    this.flow = flow;
  }
  write(bytes: Uint8Array): void {
    this.chunks.push(copyBytes(bytes));
  }
  end(): void {
    this.hasEnded = true;
  }
  stop(): void {
    this.chunks = [];
  }
  open(): void {
    for (const chunk of this.chunks) this.flow.onResponseBody(chunk);
    if (this.hasEnded) this.flow.endPipedResponse();
  }
}

function endFilters(chain: FilterChain, exchange: Exchange): void {
  for (const filter of chain.end) {
    try {
      filter.end!(exchange);
    } catch (error) {
      exchange.fault ??= filterFault(filter, error);
    }
  }
}

function filterFault(filter: Filter, error: unknown): Fault {
  return makeFault("HDL_FILTER_FAILED", `filter ${filter.name} threw`, error);
}

function composeReply(
  reply: Reply,
  isHead: boolean,
): { readonly head: ResponseHead; readonly body: Uint8Array | null } {
  const body = typeof reply.body === "string" ? Buffer.from(reply.body) : reply.body;
  const fields = new Fields();
  for (const [name, value] of reply.headers) fields.add(name, value);
  const mayHaveBody = reply.status >= 200 && reply.status !== 204 && reply.status !== 304;
  if (mayHaveBody) fields.set("content-length", String(body.length));
  const hasBody = mayHaveBody && !isHead && body.length > 0;
  const head = new ResponseHead(reply.status, fields, hasBody ? body.length : 0);
  return { head, body: hasBody ? body : null };
}

function loseLength(head: RequestHead | ResponseHead): void {
  if (head.bodyLength === 0) return;
  head.bodyLength = LENGTH_UNKNOWN;
  head.fields.delete("content-length");
}

function setLength(head: RequestHead, length: number): void {
  head.bodyLength = length;
  head.fields.set("content-length", String(length));
}
