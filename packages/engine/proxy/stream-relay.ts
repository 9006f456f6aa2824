import { makeFault, Timer } from "../base/index.ts";
import type { Fault } from "../base/index.ts";
import type { WeightedChoice } from "../balance/index.ts";
import type { Cluster, Endpoint } from "../cluster/index.ts";
import type { StreamDownstream, StreamOwner } from "../listener/index.ts";
import { Exchange, Fields, RequestHead, ResponseHead } from "../message/index.ts";
import type { MatchInfo, Peer } from "../message/index.ts";
import type { Connection, DialEvents, DialFailure } from "../net/index.ts";
import type { FlowContext } from "./flow-context.ts";

/** By what a connection came in: see StreamDownstream. */
export interface StreamOrigin {
  readonly server: string;
  readonly isOpened: boolean;
  /** "" where the client named none. */
  readonly serverName: string;
}

/** Where the connections of a TCPRoute or TLSRoute go. */
export interface StreamRule {
  readonly info: MatchInfo;
  /** An item that is null stands for a reference that does not resolve. */
  readonly backends: WeightedChoice<{ readonly cluster: Cluster | null }>;
  /** Without an octet either way; 0: as the listener has it. */
  readonly idleMs: number;
}

/**
 * One connection of a client that goes on to an endpoint as it is, octet by octet: TCP, or what TLS carried. An
 * Exchange stands for it in counters and in the access log, as one call without a head.
 *
 *   connecting ─(the endpoint answers)─► open ─(one half ends)─► half open ─(the other ends)─► over
 *       │ refused: the next endpoint, none of the octets was sent          any: reset, idle ─► both sides reset
 *       └─(none left)─► closed
 *
 * What the client sends first waits here, bounded by the high-water mark, so that another endpoint gets it too.
 */
export class StreamRelay extends Timer implements StreamDownstream {
  place = -1;
  readonly exchange: Exchange;
  readonly server: string;
  readonly isOpened: boolean;
  private readonly context: FlowContext;
  private readonly owner: StreamOwner;
  private readonly client: Connection;
  private readonly cluster: Cluster | null;
  private readonly early: Buffer[] = [];
  private earlyBytes = 0;
  private unreachable: Endpoint[] | null = null;
  private target: StreamTarget | null = null;
  private isOpen = false;
  private hasClientEnded = false;
  private hasTargetEnded = false;
  private isClientPaused = false;
  private isTargetPaused = false;
  private isClientGone = false;
  private isOver = false;
  private lastByteMs: number;
  private readonly ownIdleMs: number;

  constructor(
    context: FlowContext,
    owner: StreamOwner,
    client: Connection,
    peer: Peer,
    origin: StreamOrigin,
    rule: StreamRule,
  ) {
    super();
    this.server = origin.server;
    this.isOpened = origin.isOpened;
    this.context = context;
    this.owner = owner;
    this.client = client;
    this.lastByteMs = context.clock.now();
    this.ownIdleMs = rule.idleMs;
    const head = new RequestHead(
      "",
      peer.tls === null ? "http" : "https",
      origin.serverName,
      "",
      "",
      new Fields(),
    );
    head.version = 0;
    this.exchange = new Exchange(head, peer, rule.info, this.lastByteMs);
    this.cluster = rule.backends.choose(context.random)?.cluster ?? null;
    if (this.cluster !== null) {
      this.exchange.cluster = this.cluster.name;
      this.exchange.clusterIndex = this.cluster.index;
    }
    context.observer.exchangeStarted(this.exchange);
  }

  /** Dials. To be called when the client's connection has its owner. */
  start(): void {
    this.context.wheel.schedule(this, this.lastByteMs + this.idleMs);
    if (this.cluster === null)
      this.fail(makeFault("HDL_BACKEND_UNRESOLVED", "the route has no backend that resolves"));
    else this.dial(this.cluster);
  }

  private dial(cluster: Cluster): void {
    const { request, clientAddress } = this.exchange;
    const key = cluster.keyOf(request, clientAddress);
    const endpoint = cluster.pick(this.unreachable?.at(-1) ?? null, this.unreachable ?? undefined, key);
    if (endpoint === null) {
      this.fail(makeFault("HDL_NO_ENDPOINTS", `${cluster.name} has no endpoint`));
      return;
    }
    const { exchange, context } = this;
    exchange.attempts++;
    exchange.endpoint = endpoint.name;
    exchange.endpointIndex = endpoint.index;
    exchange.upstreamStartedMs = context.clock.now();
    const target = new StreamTarget(this, endpoint);
    // The protocol that TLS to the client agreed on is that which the endpoint speaks.
    const opened = cluster.openStream(endpoint, exchange.peer.tls?.alpn ?? "", exchange.peer, target);
    if ("code" in opened) {
      this.fail(opened);
      return;
    }
    cluster.attemptStarted(endpoint);
    target.connection = opened;
    this.target = target;
  }

  // From the client

  onBytes(bytes: Buffer, length: number): void {
    this.touch();
    this.exchange.requestBytes += length;
    if (this.isOver) return;
    if (!this.isOpen) {
      this.early.push(Buffer.from(bytes.subarray(0, length)));
      this.earlyBytes += length;
      if (this.earlyBytes > this.owner.settings.highWaterBytes) this.pauseClient();
      return;
    }
    const { connection } = this.target!;
    connection.writeBytes(length === bytes.length ? bytes : bytes.subarray(0, length));
    if (!connection.flush()) this.pauseClient();
  }

  onEnd(): void {
    this.hasClientEnded = true;
    if (this.isOpen) this.target!.connection.end();
  }

  onDrain(): void {
    if (!this.isTargetPaused) return;
    this.isTargetPaused = false;
    this.target?.connection.resumeReading();
  }

  onClosed(error: Error | null): void {
    this.isClientGone = true;
    this.owner.onDownstreamClosed(this);
    const { target } = this;
    if (target === null || target.isGone) {
      this.finish();
      return;
    }
    if (error === null && this.hasClientEnded && this.hasTargetEnded) return;
    this.exchange.fault ??= makeFault("HDL_DOWNSTREAM_RESET", "client closed the connection", error);
    // The reset goes on: an endpoint must not take what it got for all there was.
    target.connection.destroy(this.isOpen);
  }

  // From the endpoint

  /** @internal */
  targetOpened(target: StreamTarget): void {
    const { exchange, context, early } = this;
    const nowMs = context.clock.now();
    this.isOpen = true;
    exchange.responseHeadMs = nowMs;
    exchange.response = new ResponseHead(200, new Fields());
    this.cluster!.attemptAnswered(target.endpoint, 200, nowMs - exchange.upstreamStartedMs);
    for (const chunk of early.splice(0)) target.connection.writeBytes(chunk);
    const mayGoOn = target.connection.flush();
    if (this.hasClientEnded) target.connection.end();
    if (mayGoOn) this.resumeClient();
  }

  /** @internal Nothing was sent: another endpoint may have it. */
  targetFailed(target: StreamTarget, failure: DialFailure): void {
    const { cluster, exchange } = this;
    const code =
      failure.kind === "timeout"
        ? "HDL_UPSTREAM_CONNECT_TIMEOUT"
        : failure.kind === "tls"
          ? "HDL_UPSTREAM_TLS_FAILED"
          : "HDL_UPSTREAM_CONNECT_FAILED";
    const fault = makeFault(
      code,
      `connect to ${target.endpoint.name}: ${failure.error.message}`,
      failure.error,
    );
    cluster!.streamFailed(target.endpoint);
    cluster!.attemptFailed(target.endpoint, fault);
    target.hasFailed = true;
    if (this.isOver || this.isClientGone) return;
    (this.unreachable ??= []).push(target.endpoint);
    this.target = null;
    if (cluster!.hasOther(this.unreachable)) {
      this.context.observer.retried(exchange, fault);
      this.dial(cluster!);
    } else {
      this.fail(fault);
    }
  }

  /** @internal */
  targetBytes(bytes: Buffer, length: number): void {
    this.touch();
    this.exchange.responseBytes += length;
    const { client } = this;
    client.writeBytes(length === bytes.length ? bytes : bytes.subarray(0, length));
    if (client.flush() || this.isTargetPaused) return;
    this.isTargetPaused = true;
    this.target!.connection.pauseReading();
  }

  /** @internal */
  targetEnded(): void {
    this.hasTargetEnded = true;
    this.client.end();
  }

  /** @internal */
  targetDrained(): void {
    this.resumeClient();
  }

  /** @internal */
  targetClosed(target: StreamTarget, error: Error | null): void {
    this.cluster!.streamClosed(target.endpoint);
    this.cluster!.attemptEnded(target.endpoint, target.hasFailed);
    if (target !== this.target) return;
    if (this.isClientGone) {
      this.finish();
    } else if (error !== null || !this.hasTargetEnded) {
      this.exchange.fault ??= makeFault("HDL_UPSTREAM_RESET", "upstream closed the connection", error);
      this.client.flush();
      this.client.destroy(true);
    }
  }

  private pauseClient(): void {
    if (this.isClientPaused) return;
    this.isClientPaused = true;
    this.client.pauseReading();
  }

  private resumeClient(): void {
    if (!this.isClientPaused) return;
    this.isClientPaused = false;
    this.client.resumeReading();
  }

  private touch(): void {
    this.lastByteMs = this.context.clock.now();
  }

  // Ends

  /** The client gets no endpoint: closed at once, without an answer. */
  private fail(fault: Fault): void {
    this.exchange.fault ??= fault;
    this.isOver = true;
    if (this.isClientGone) this.finish();
    else this.client.destroy(true);
  }

  /** Nothing can be said to its ends: it goes on until it ends by itself or is cut. */
  drain(): void {}

  cut(): void {
    this.break(makeFault("HDL_DRAINING", "the time to finish is up"));
  }

  expire(nowMs: number): void {
    const { idleMs } = this;
    const dueMs = this.lastByteMs + idleMs;
    if (dueMs > nowMs) {
      this.context.wheel.schedule(this, dueMs);
      return;
    }
    this.break(makeFault("HDL_DOWNSTREAM_IDLE_TIMEOUT", `no byte either way within ${idleMs} ms`));
  }

  private get idleMs(): number {
    return this.ownIdleMs === 0 ? this.owner.settings.tcpIdleMs : this.ownIdleMs;
  }

  /** Both ends see that it is no orderly one. */
  private break(fault: Fault): void {
    this.exchange.fault ??= fault;
    if (this.isClientGone) this.target?.connection.destroy(true);
    else this.client.destroy(true);
  }

  private finish(): void {
    if (this.exchange.isEnded) return;
    this.isOver = true;
    this.context.wheel.cancel(this);
    this.exchange.markEnded(this.context.clock.now());
    this.context.observer.exchangeEnded(this.exchange);
  }
}

/** One endpoint's side of a relay. */
class StreamTarget implements DialEvents {
  readonly endpoint: Endpoint;
  private readonly relay: StreamRelay;
  connection!: Connection;
  isGone = false;
  hasFailed = false;

  constructor(relay: StreamRelay, endpoint: Endpoint) {
    this.relay = relay;
    this.endpoint = endpoint;
  }

  onOpen(): void {
    this.relay.targetOpened(this);
  }

  onDialFailed(failure: DialFailure): void {
    this.relay.targetFailed(this, failure);
  }

  onBytes(bytes: Buffer, length: number): void {
    this.relay.targetBytes(bytes, length);
  }

  onEnd(): void {
    this.relay.targetEnded();
  }

  onDrain(): void {
    this.relay.targetDrained();
  }

  onClosed(error: Error | null): void {
    if (this.isGone) return;
    this.isGone = true;
    this.relay.targetClosed(this, error);
  }
}
