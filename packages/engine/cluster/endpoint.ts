import { hashText } from "../base/index.ts";
import type { Clock, TimerWheel } from "../base/index.ts";
import { endpointName } from "../model/index.ts";
import type { ClusterSettings, EndpointSpec } from "../model/index.ts";
import type { DialFailure } from "../net/index.ts";
import type { Http1Limits } from "../wire/http1/index.ts";
import type { Http1Upstream, UpstreamOwner } from "./http1-upstream.ts";
import type { Http2Upstream, Http2UpstreamOwner } from "./http2-upstream.ts";
import type { NegotiatingEndpoint, Negotiation } from "./negotiation.ts";

/** What an endpoint needs of its cluster; read at each use, since both may change with the Snapshot. */
export interface EndpointHome {
  readonly index: number;
  /** Changes with the TLS settings: connections of an older one are not used again. */
  readonly epoch: number;
  readonly limits: Http1Limits;
  readonly settings: ClusterSettings;
  readonly clock: Clock;
  readonly wheel: TimerWheel;
  readonly observer: EndpointObserver;
  /** An endpoint became available, or ceased to be. */
  onAvailability(endpoint: Endpoint): void;
}

/** Connections of an endpoint, for counters. */
export interface EndpointObserver {
  upstreamOpened(clusterIndex: number, endpointIndex: number): void;
  upstreamClosed(clusterIndex: number, endpointIndex: number): void;
  upstreamConnectFailed(clusterIndex: number, endpointIndex: number): void;
  upstreamReused(clusterIndex: number): void;
}

/** Room for the way there: a server that closes after n seconds is not asked in the last one. */
const KEEP_ALIVE_MARGIN_MS = 1_000;

/**
 * One endpoint of a cluster as this worker sees it: load, latency, health, and its connections.
 *
 *   available ──(n faults in a row)──► ejected ──(time is up: one request probes)──► available
 *                                         ▲───────────(the probe fails: longer)─────────┘
 *
 * Lives across snapshots as long as the cluster names it, so neither connections nor what was learned are lost.
 */
export class Endpoint implements UpstreamOwner, Http2UpstreamOwner, NegotiatingEndpoint<Endpoint> {
  readonly name: string;
  /** What session persistence hands to clients: tells endpoints apart without naming addresses. */
  readonly sessionId: string;
  readonly address: string;
  readonly port: number;
  weight: number;
  priority = 0;
  zone = "";
  node = "";
  forZones: readonly string[] | null = null;
  /** Place in shared memory. */
  index: number;
  inFlight = 0;
  /** Peak EWMA of the time to the response head; 0 until measured. */
  ewmaMs = 0;
  ewmaAtMs = 0;
  /** Neither ejected nor unhealthy. */
  isAvailable = true;
  /** When it joined or recovered; -Infinity: with the cluster's first endpoints. */
  rampFromMs = -Infinity;
  private ejected = false;
  private healthy = true;
  /** Out of the configuration: finishes its exchanges, takes no new ones. */
  isRemoved = false;
  consecutiveFaults = 0;
  ejectedUntilMs = 0;
  /** Ejections in a row; each makes the next one longer. */
  ejections = 0;
  isProbing = false;
  /** Open and opening connections, idle ones included. */
  connections = 0;
  /** Last in, first out: the warmest is used first, the coldest times out. */
  private readonly idle: Http1Upstream[] = [];
  /** HTTP/2 connections that take exchanges, the oldest first: it is filled before the next one is used. */
  private readonly shared: Http2Upstream[] = [];
  /** A connection whose protocol TLS has not agreed on yet. */
  negotiation: Negotiation<Endpoint> | null = null;
  maxStreams = Infinity;
  /** What TLS agreed on last; "" before it did. */
  agreed: "" | "http1" | "http2" = "";
  private readonly home: EndpointHome;

  constructor(spec: EndpointSpec, index: number, home: EndpointHome) {
    this.home = home;
    this.name = endpointName(spec);
    this.sessionId = hashText(this.name).toString(36) + hashText(`${this.name}#`).toString(36);
    this.address = spec.address;
    this.port = spec.port;
    this.weight = spec.weight;
    this.index = index;
    this.place(spec);
  }

  /** Takes over what a changed configuration says of it. */
  place(spec: EndpointSpec): void {
    this.weight = spec.weight;
    this.priority = spec.priority ?? 0;
    this.zone = spec.zone;
    this.node = spec.node ?? "";
    this.forZones = spec.forZones ?? null;
  }

  /** Left out after faults: see Ejector. */
  get isEjected(): boolean {
    return this.ejected;
  }

  set isEjected(value: boolean) {
    this.ejected = value;
    this.updateAvailability();
  }

  /** What health checks say; true where there are none. */
  get isHealthy(): boolean {
    return this.healthy;
  }

  set isHealthy(value: boolean) {
    this.healthy = value;
    this.updateAvailability();
  }

  private updateAvailability(): void {
    const isAvailable = !this.ejected && this.healthy;
    if (isAvailable === this.isAvailable) return;
    this.isAvailable = isAvailable;
    this.home.onAvailability(this);
  }

  get limits(): Http1Limits {
    return this.home.limits;
  }

  get settings(): ClusterSettings {
    return this.home.settings;
  }

  get clock(): Clock {
    return this.home.clock;
  }

  get wheel(): TimerWheel {
    return this.home.wheel;
  }

  /** A kept-alive connection, or null. */
  takeIdle(): Http1Upstream | null {
    for (;;) {
      const upstream = this.idle.pop();
      if (upstream === undefined) return null;
      if (!upstream.isIdle) continue;
      upstream.isReused = true;
      this.home.observer.upstreamReused(this.home.index);
      return upstream;
    }
  }

  /** An HTTP/2 connection with room, or null. `isFresh`: one that the endpoint cannot have closed while it was idle. */
  takeShared(isFresh: boolean): Http2Upstream | null {
    for (const upstream of this.shared) {
      if (!upstream.canTake || (isFresh && upstream.isReused)) continue;
      if (upstream.isReused) this.home.observer.upstreamReused(this.home.index);
      return upstream;
    }
    return null;
  }

  share(upstream: Http2Upstream): void {
    this.shared.push(upstream);
    // It may have left the configuration while the connection was made.
    if (this.isRemoved || upstream.epoch !== this.home.epoch) upstream.retire();
  }

  closeIdle(): void {
    for (const upstream of this.idle.splice(0)) upstream.connection.destroy();
    for (const upstream of this.shared.slice()) upstream.retire();
    this.agreed = "";
  }

  onOpening(): void {
    this.connections++;
    this.home.observer.upstreamOpened(this.home.index, this.index);
  }

  onReleased(upstream: Http1Upstream): void {
    const { settings, wheel, clock } = this.home;
    const hintMs = upstream.keepAliveHintMs;
    const idleMs =
      hintMs === 0 ? settings.idleTimeoutMs : Math.min(settings.idleTimeoutMs, hintMs - KEEP_ALIVE_MARGIN_MS);
    if (this.isRemoved || idleMs <= 0 || upstream.epoch !== this.home.epoch) {
      upstream.connection.destroy();
      return;
    }
    wheel.schedule(upstream, clock.now() + idleMs);
    this.idle.push(upstream);
  }

  onGone(upstream: Http1Upstream): void {
    this.home.wheel.cancel(upstream);
    const at = this.idle.indexOf(upstream);
    if (at >= 0) this.idle.splice(at, 1);
    this.onConnectionGone();
  }

  onRetired(upstream: Http2Upstream): void {
    const at = this.shared.indexOf(upstream);
    if (at >= 0) this.shared.splice(at, 1);
  }

  onConnectionGone(): void {
    this.connections--;
    // Another process may listen there by the time of the next one.
    if (this.connections === 0) this.agreed = "";
    this.home.observer.upstreamClosed(this.home.index, this.index);
  }

  onDialFailed(_failure: DialFailure): void {
    this.home.observer.upstreamConnectFailed(this.home.index, this.index);
  }
}
