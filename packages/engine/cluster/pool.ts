import type { Clock, TimerWheel } from "../base/index.ts";
import { isIdempotent } from "../message/index.ts";
import type { Peer } from "../message/index.ts";
import type { ClusterSettings } from "../model/index.ts";
import type { AddressChoice, DialFailure } from "../net/index.ts";
import type { Http1Limits } from "../wire/http1/index.ts";
import type { Http1Upstream, UpstreamOwner } from "./http1-upstream.ts";
import type { Http2Upstream, Http2UpstreamOwner } from "./http2-upstream.ts";
import { IdleCloses } from "./idle-closes.ts";
import type { NegotiatingEndpoint, Negotiation } from "./negotiation.ts";

/** What connections need of their cluster; read at each use, since both may change with the Snapshot. */
export interface PoolHome {
  readonly index: number;
  /** Changes with TLS, protocol and header: connections of an older one are not used again. */
  readonly epoch: number;
  readonly limits: Http1Limits;
  readonly settings: ClusterSettings;
  readonly clock: Clock;
  readonly wheel: TimerWheel;
  readonly observer: EndpointObserver;
  /** A connection to the endpoint takes another exchange, or another one may be made. */
  onRoom(place: PoolPlace): void;
}

/** Connections of an endpoint, for counters. */
export interface EndpointObserver {
  upstreamOpened(clusterIndex: number, endpointIndex: number): void;
  upstreamClosed(clusterIndex: number, endpointIndex: number): void;
  upstreamConnectFailed(clusterIndex: number, endpointIndex: number): void;
  upstreamReused(clusterIndex: number): void;
}

/** What a pool needs of its endpoint. */
export interface PoolPlace {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly choice: AddressChoice | null;
  readonly index: number;
  readonly connections: number;
  readonly isRemoved: boolean;
  /** The last connection that was tried could not be made. */
  hasRefused: boolean;
  /** Makes room: closes a connection that no exchange uses; false where there is none. */
  dropIdle(): boolean;
  onOpening(): void;
  onConnectionGone(): void;
}

/** Room for the way there: a server that closes after n seconds is not asked in the last one. */
const KEEP_ALIVE_MARGIN_MS = 1_000;

/**
 * Connections to one endpoint that any of their exchanges may use: all of the endpoint's, or, where connections begin
 * with a PROXY protocol header, those that speak for one connection of a client.
 */
export class Pool implements UpstreamOwner, Http2UpstreamOwner, NegotiatingEndpoint<Pool> {
  readonly name: string;
  readonly place: PoolPlace;
  /** For whom they speak; null: for everybody. */
  readonly peer: Peer | null;
  /** Last in, first out: the warmest is used first, the coldest times out. */
  private readonly idle: Http1Upstream[] = [];
  /** HTTP/2 connections that take exchanges, the oldest first: it is filled before the next one is used. */
  private readonly shared: Http2Upstream[] = [];
  /** A connection whose protocol TLS has not agreed on yet. */
  negotiation: Negotiation<Pool> | null = null;
  maxStreams = Infinity;
  /** What TLS agreed on last; "" before it did. */
  agreed: "" | "http1" | "http2" = "";
  /** Open and opening connections, idle ones included. */
  private connections = 0;
  private isClosed = false;
  /** Null while the endpoint has closed none that was idle. */
  private idleCloses: IdleCloses | null = null;
  private readonly home: PoolHome;

  constructor(place: PoolPlace, peer: Peer | null, home: PoolHome) {
    this.name = place.name;
    this.place = place;
    this.peer = peer;
    this.home = home;
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

  /**
   * A kept-alive connection, or null. For a method that must not be sent twice none is taken that the endpoint may be
   * just closing; the coldest one gives its place to the one that is made then.
   */
  takeIdle(method: string): Http1Upstream | null {
    for (;;) {
      const upstream = this.idle.pop();
      if (upstream === undefined) return null;
      if (!upstream.isIdle) continue;
      if (this.idleCloses !== null) {
        const nowMs = this.home.clock.now();
        upstream.idleMs = nowMs - upstream.idleSinceMs;
        if (!isIdempotent(method) && this.idleCloses.mayBeClosing(upstream.idleMs, nowMs)) {
          this.idle.push(upstream);
          this.idle[0].connection.destroy();
          return null;
        }
      }
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

  /** Whether an exchange may begin on a connection that is there. */
  get hasRoom(): boolean {
    return this.idle.length > 0 || this.shared.some(({ canTake }) => canTake);
  }

  share(upstream: Http2Upstream): void {
    this.shared.push(upstream);
    // It may have left the configuration while the connection was made.
    if (!this.keeps(upstream.epoch)) upstream.retire();
  }

  closeIdle(): void {
    for (const upstream of this.idle.splice(0)) upstream.connection.destroy();
    for (const upstream of this.shared.slice()) upstream.retire();
    this.agreed = "";
  }

  private keeps(epoch: number): boolean {
    return !this.isClosed && !this.place.isRemoved && epoch === this.home.epoch;
  }

  /** Nothing is kept from now on: exchanges finish. */
  close(): void {
    this.isClosed = true;
    this.closeIdle();
  }

  /** Closes a connection that nobody uses, the one that has been idle longest first; false where there is none. */
  dropIdle(): boolean {
    const upstream = this.idle[0] ?? this.shared.find(({ isIdle }) => isIdle);
    upstream?.connection.destroy();
    return upstream !== undefined;
  }

  onOpening(): void {
    this.connections++;
    this.place.onOpening();
  }

  onOpened(): void {
    this.place.hasRefused = false;
  }

  onReleased(upstream: Http1Upstream): void {
    const { settings, wheel, clock } = this.home;
    const hintMs = upstream.keepAliveHintMs;
    const idleMs =
      hintMs === 0 ? settings.idleTimeoutMs : Math.min(settings.idleTimeoutMs, hintMs - KEEP_ALIVE_MARGIN_MS);
    const nowMs = clock.now();
    const isWorn =
      upstream.retireAtMs <= nowMs || upstream.requests >= (settings.maxRequestsPerConnection ?? Infinity);
    if (idleMs <= 0 || isWorn || !this.keeps(upstream.epoch)) {
      upstream.connection.destroy();
      return;
    }
    upstream.idleSinceMs = nowMs;
    wheel.schedule(upstream, Math.min(nowMs + idleMs, upstream.retireAtMs));
    this.idle.push(upstream);
    this.home.onRoom(this.place);
  }

  onRoom(): void {
    this.home.onRoom(this.place);
  }

  onIdleClosed(idleMs: number): void {
    this.idleCloses ??= new IdleCloses();
    this.idleCloses.closed(idleMs, this.home.clock.now());
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
    this.place.onConnectionGone();
  }

  onDialFailed(_failure: DialFailure): void {
    this.place.hasRefused = true;
    this.home.observer.upstreamConnectFailed(this.home.index, this.place.index);
  }
}
