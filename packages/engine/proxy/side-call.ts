import { makeFault, Timer } from "../base/index.ts";
import type { Fault } from "../base/index.ts";
import type { Cluster, ConcurrencyLimiter, Endpoint } from "../cluster/index.ts";
import type { SideCall, SideCallEvents } from "../filter/index.ts";
import type { Fields, RequestHead, ResponseHead, UpstreamEvents, UpstreamStream } from "../message/index.ts";

/** A call in which nothing moves for so long is given up: no client waits for it, so nobody else would end it. */
const IDLE_MS = 60_000;

/** A call beside an exchange (mirror, authorisation): one attempt, no retry, nothing of it reaches the exchange. */
export class ClusterCall extends Timer implements SideCall, UpstreamEvents {
  private readonly cluster: Cluster;
  private readonly endpoint: Endpoint | null;
  private readonly events: SideCallEvents;
  private stream: UpstreamStream | null = null;
  private isEnded = false;
  private written = 0;
  private isHeldBack = false;
  private readonly startedMs: number;
  /** In which it has a place until its response head is here. */
  private limiter: ConcurrencyLimiter | null = null;

  constructor(cluster: Cluster, request: RequestHead, events: SideCallEvents) {
    super();
    this.cluster = cluster;
    this.startedMs = cluster.clock.now();
    this.events = events;
    const { limiter } = cluster;
    if (limiter !== null && !limiter.tryStart(this.startedMs)) {
      this.endpoint = null;
      this.end(makeFault("HDL_CONCURRENCY_LIMIT", `${cluster.name} has its limit of requests in flight`));
      return;
    }
    this.limiter = limiter;
    this.endpoint = cluster.pick(null, undefined, cluster.keyOf(request, ""));
    if (this.endpoint === null) {
      this.end(makeFault("HDL_NO_ENDPOINTS", `${cluster.name} has no endpoint`));
      return;
    }
    const opened = cluster.open(this.endpoint, request, request.bodyLength === 0, false, null, this);
    cluster.attemptStarted(this.endpoint);
    if ("code" in opened) {
      this.end(opened);
      return;
    }
    this.stream = opened;
    this.touch();
    if (request.bodyLength === 0) opened.flush();
  }

  writeBody(chunk: Uint8Array): void {
    if (this.stream === null) return;
    this.touch();
    this.stream.writeBody(chunk);
    if (this.isHeldBack) this.written += chunk.length;
    if (!this.stream.flush()) {
      if (!this.isHeldBack) this.written = chunk.length;
      this.isHeldBack = true;
    }
  }

  get pendingBytes(): number {
    return this.isHeldBack ? this.written : 0;
  }

  writeEnd(): void {
    if (this.stream === null) return;
    this.stream.writeEnd(null);
    this.stream.flush();
  }

  abort(): void {
    if (this.isEnded) return;
    const fault = makeFault("HDL_DOWNSTREAM_RESET", "side call given up");
    this.stream?.reset(fault);
    this.end(fault);
  }

  onInformational(): void {}

  onResponseHead(head: ResponseHead, isLast: boolean): void {
    if (this.isEnded) return;
    this.touch();
    const nowMs = this.cluster.clock.now();
    this.limiter?.answered(this.startedMs, nowMs);
    this.limiter = null;
    this.cluster.attemptAnswered(this.endpoint!, head.status, nowMs - this.startedMs);
    this.events.onHead?.(head);
    if (isLast) this.end(null);
  }

  onResponseBody(chunk: Uint8Array): void {
    if (this.isEnded) return;
    this.touch();
    this.events.onBody?.(chunk);
  }

  onResponseEnd(trailers: Fields | null): void {
    if (trailers !== null && !this.isEnded) this.events.onTrailers?.(trailers);
    this.end(null);
  }

  onResponseReadDone(): void {}

  onUpstreamDrain(): void {
    this.isHeldBack = false;
    this.written = 0;
  }

  onUpstreamReset(fault: Fault): void {
    if (this.isEnded) return;
    this.cluster.attemptFailed(this.endpoint!, fault);
    this.end(fault);
  }

  private touch(): void {
    this.cluster.wheel.schedule(this, this.cluster.clock.now() + IDLE_MS);
  }

  expire(): void {
    const fault = makeFault("HDL_UPSTREAM_IDLE_TIMEOUT", `no byte either way within ${IDLE_MS} ms`);
    this.stream?.reset(fault);
    this.onUpstreamReset(fault);
  }

  private end(fault: Fault | null): void {
    if (this.isEnded) return;
    this.isEnded = true;
    this.cluster.wheel.cancel(this);
    this.stream = null;
    this.limiter?.abandoned(this.startedMs, this.cluster.clock.now());
    this.limiter = null;
    if (this.endpoint !== null) this.cluster.attemptEnded(this.endpoint, fault !== null);
    this.events.onEnd?.(fault?.code);
  }
}
