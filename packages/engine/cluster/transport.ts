import { makeFault } from "../base/index.ts";
import type { Fault, Random } from "../base/index.ts";
import type { Peer, RequestHead, UpstreamEvents, UpstreamStream } from "../message/index.ts";
import type { ClusterProtocol, ClusterUnit } from "../model/index.ts";
import { dial } from "../net/index.ts";
import type { Connection, DialEvents, DialTls, SecureContext } from "../net/index.ts";
import type { Endpoint, EndpointHome } from "./endpoint.ts";
import { connectionAge } from "./connection-age.ts";
import { ConnectionQueue } from "./connection-queue.ts";
import { Http1Upstream } from "./http1-upstream.ts";
import { Http2Upstream } from "./http2-upstream.ts";
import { Negotiation } from "./negotiation.ts";
import type { NegotiationHome } from "./negotiation.ts";
import { PendingAttempt } from "./pending-attempt.ts";
import type { Pool, PoolPlace } from "./pool.ts";
import { proxyHeaderOf } from "./proxy-header.ts";

/** What a transport needs of its cluster; read at each use, since the unit may change with the Snapshot. */
export interface TransportHome extends EndpointHome {
  readonly name: string;
  readonly unit: ClusterUnit;
  readonly random: Random;
}

/**
 * How endpoints are spoken to: HTTP/1.1 on a connection of its own for each exchange at a time, HTTP/2 on a stream of
 * a connection that others share, or whichever TLS agrees on.
 */
export class Transport implements NegotiationHome<Pool> {
  private readonly home: TransportHome;
  private tls: DialTls | null = null;
  /** The same, offering HTTP/1.1 or HTTP/2 alone. */
  private http1Tls: DialTls | null = null;
  private http2Tls: DialTls | null = null;
  private protocol: ClusterProtocol = "http1";
  /** Connections begin with a PROXY protocol header, so that each speaks for one client. */
  private isByClient = false;
  /** Null while nobody has waited for a connection. */
  private queue: ConnectionQueue | null = null;

  constructor(home: TransportHome) {
    this.home = home;
  }

  get tlsContext(): SecureContext | undefined {
    return this.tls?.context;
  }

  /** Takes over what a changed unit says. */
  follow({ protocol, proxyProtocol }: ClusterUnit, tls: DialTls | null): void {
    this.protocol = protocol;
    this.isByClient = proxyProtocol !== undefined;
    this.tls = tls;
    this.http1Tls = tls === null ? null : { ...tls, alpn: ["http/1.1"] };
    this.http2Tls = tls === null ? null : { ...tls, alpn: ["h2"] };
  }

  /**
   * Begins one attempt at an endpoint, for the client of that connection. `isFresh` asks for a new connection (after a
   * stale one).
   */
  open(
    endpoint: Endpoint,
    head: RequestHead,
    isLast: boolean,
    isFresh: boolean,
    peer: Peer | null,
    events: UpstreamEvents,
  ): UpstreamStream | Fault {
    const pool = this.isByClient ? endpoint.poolFor(peer) : endpoint.pool;
    return this.openOn(pool, head, isLast, isFresh, events);
  }

  private openOn(
    pool: Pool,
    head: RequestHead,
    isLast: boolean,
    isFresh: boolean,
    events: UpstreamEvents,
  ): UpstreamStream | Fault {
    switch (this.protocol) {
      case "http1":
        return this.openHttp1(pool, head, isLast, isFresh, events);
      case "http2":
        return this.openHttp2(pool, head, isLast, isFresh, events);
      case "auto":
        return this.openEither(pool, head, isLast, isFresh, events);
    }
  }

  /** As `open`, by HTTP/2 whatever the cluster speaks. */
  openCall(
    endpoint: Endpoint,
    head: RequestHead,
    isFresh: boolean,
    events: UpstreamEvents,
  ): UpstreamStream | Fault {
    return this.openHttp2(endpoint.pool, head, false, isFresh, events);
  }

  private openHttp1(
    pool: Pool,
    head: RequestHead,
    isLast: boolean,
    isFresh: boolean,
    events: UpstreamEvents,
  ): UpstreamStream | Fault {
    const upstream = (isFresh ? null : pool.takeIdle(head.method)) ?? this.connectHttp1(pool);
    if (upstream === null) return this.wait(pool, head, isLast, events);
    upstream.start(head, isLast, events);
    return upstream;
  }

  private openHttp2(
    pool: Pool,
    head: RequestHead,
    isLast: boolean,
    isFresh: boolean,
    events: UpstreamEvents,
  ): UpstreamStream | Fault {
    const upstream = pool.takeShared(isFresh) ?? this.connectHttp2(pool);
    if (upstream === null) return this.wait(pool, head, isLast, events);
    return upstream.start(head, isLast, events);
  }

  /**
   * A WebSocket goes by HTTP/1.1, which more servers take it by than by HTTP/2 (RFC 8441). While the protocol is not
   * known, or was HTTP/2, exchanges share the connection that is being made.
   */
  private openEither(
    pool: Pool,
    head: RequestHead,
    isLast: boolean,
    isFresh: boolean,
    events: UpstreamEvents,
  ): UpstreamStream | Fault {
    if (this.tls === null || head.upgrade !== "" || pool.agreed === "http1") {
      return this.openHttp1(pool, head, isLast, isFresh, events);
    }
    const shared = pool.takeShared(isFresh);
    if (shared !== null) return shared.start(head, isLast, events);
    const negotiation = this.negotiate(pool);
    if (negotiation === null) return this.wait(pool, head, isLast, events);
    const { highWaterBytes } = this.home.settings;
    const pending = new PendingAttempt(head, isLast, events, highWaterBytes);
    negotiation.pending.push(pending);
    return pending;
  }

  /** Begins a connection in advance, for any exchange; false where none is to be made. */
  warm(endpoint: Endpoint): boolean {
    const { pool } = endpoint;
    if (this.isByClient) return false;
    if (this.protocol === "http2") return this.connectHttp2(pool) !== null;
    if (this.protocol === "auto" && this.tls !== null && pool.agreed !== "http1")
      return this.warmEither(pool);
    const upstream = this.connectHttp1(pool);
    if (upstream !== null) upstream.isInAdvance = true;
    return upstream !== null;
  }

  /** One at a time, until it is known which protocol it will be. */
  private warmEither(pool: Pool): boolean {
    if (pool.agreed === "" && pool.negotiation !== null) return false;
    return this.negotiate(pool) !== null && pool.agreed !== "";
  }

  /** A connection whose octets are the caller's business: for TCP. `alpn`: what it offers in TLS; "" for nothing. */
  openStream(endpoint: Endpoint, alpn: string, peer: Peer | null, events: DialEvents): Connection | Fault {
    if (this.isFull(endpoint)) return this.overflow(endpoint);
    const tls = this.tls === null ? null : { ...this.tls, alpn: alpn === "" ? [] : [alpn] };
    endpoint.onOpening();
    return this.dial(endpoint, peer, tls, events);
  }

  /** The endpoint has all the connections that it may have. */
  private wait(pool: Pool, head: RequestHead, isLast: boolean, events: UpstreamEvents) {
    if (this.home.settings.maxPending === undefined) return this.overflow(pool.place);
    this.queue ??= new ConnectionQueue(this.home);
    return this.queue.join(pool, head, isLast, events);
  }

  /** Whether an exchange may begin at an endpoint without waiting for another one's end. */
  hasRoom({ pool, connections }: Endpoint): boolean {
    return connections < this.home.settings.maxConnectionsPerEndpoint || pool.hasRoom;
  }

  /** A connection to the endpoint is free, or another one may be made. */
  serveWaiting(place: PoolPlace): void {
    if (this.queue === null || this.queue.isEmpty) return;
    for (;;) {
      const waiter = this.queue.first(place);
      if (waiter === null || !(waiter.pool.hasRoom || !this.isFull(place))) return;
      this.queue.remove(waiter);
      const { head, isLast, events } = waiter.attempt;
      waiter.attempt.begin(this.openOn(waiter.pool, head, isLast, false, events));
    }
  }

  private overflow({ name }: PoolPlace): Fault {
    const limit = this.home.settings.maxConnectionsPerEndpoint;
    return makeFault("HDL_UPSTREAM_OVERFLOW", `${name} has ${limit} connections, limit ${limit}`);
  }

  // Connections

  private isFull(place: PoolPlace): boolean {
    if (place.connections < this.home.settings.maxConnectionsPerEndpoint) return false;
    // Those of one client are of no use to the next one.
    return !this.isByClient || !place.dropIdle();
  }

  private connectHttp1(pool: Pool): Http1Upstream | null {
    if (this.isFull(pool.place)) return null;
    const upstream = new Http1Upstream(pool, this.home.epoch);
    upstream.retireAtMs = this.retireAtMs();
    upstream.connection = this.dialFor(pool, this.http1Tls, upstream);
    return upstream;
  }

  private connectHttp2(pool: Pool): Http2Upstream | null {
    if (this.isFull(pool.place)) return null;
    const upstream = new Http2Upstream(pool, this.home.epoch, this.tls !== null, this.home.random.next());
    upstream.begin(this.dialFor(pool, this.http2Tls, upstream));
    pool.share(upstream);
    return upstream;
  }

  private negotiate(pool: Pool): Negotiation<Pool> | null {
    const known = pool.negotiation;
    const { maxStreams } = this.home.settings.http2;
    if (known !== null && known.epoch === this.home.epoch && known.pending.length < maxStreams) return known;
    if (this.isFull(pool.place)) return null;
    const negotiation = new Negotiation<Pool>(this, pool, this.home.epoch);
    pool.negotiation = negotiation;
    negotiation.connection = this.dialFor(pool, this.tls, negotiation);
    return negotiation;
  }

  private dialFor(pool: Pool, tls: DialTls | null, events: DialEvents): Connection {
    pool.onOpening();
    return this.dial(pool.place, pool.peer, tls, events);
  }

  private dial(
    { address, port, choice }: PoolPlace,
    peer: Peer | null,
    tls: DialTls | null,
    events: DialEvents,
  ): Connection {
    const { connectTimeoutMs, highWaterBytes } = this.home.settings;
    const { proxyProtocol } = this.home.unit;
    const { tcpKeepAlive: keepAlive } = this.home.settings;
    const header = proxyProtocol === undefined ? "" : proxyHeaderOf(proxyProtocol, peer);
    const timing = { connectTimeoutMs, highWaterBytes, keepAlive };
    return dial({ address, port, choice, ...timing, header, tls }, events);
  }

  /** For a connection of HTTP/1.1 that is made now. */
  private retireAtMs(): number {
    const { maxConnectionAgeMs } = this.home.settings;
    if (maxConnectionAgeMs === undefined) return Infinity;
    const { clock, random, settings } = this.home;
    return clock.now() + connectionAge(maxConnectionAgeMs, settings, random.next());
  }

  // NegotiationHome

  agreed(negotiation: Negotiation<Pool>, isHttp2: boolean): DialEvents {
    negotiation.endpoint.agreed = isHttp2 ? "http2" : "http1";
    return isHttp2 ? this.beginHttp2(negotiation) : this.beginHttp1(negotiation);
  }

  private beginHttp2({ endpoint: pool, connection, epoch, pending }: Negotiation<Pool>): DialEvents {
    const upstream = new Http2Upstream(pool, epoch, true, this.home.random.next());
    upstream.begin(connection);
    upstream.onOpen();
    pool.share(upstream);
    for (const one of pending.splice(0)) {
      if (!one.isOver) one.begin(upstream.start(one.head, one.isLast, one.events));
    }
    return upstream;
  }

  /** The first of them has the connection; each other gets its own. */
  private beginHttp1({ endpoint: pool, connection, epoch, pending }: Negotiation<Pool>): DialEvents {
    const upstream = new Http1Upstream(pool, epoch);
    upstream.retireAtMs = this.retireAtMs();
    upstream.connection = connection;
    upstream.onOpen();
    const waiting = pending.splice(0).filter((one) => !one.isOver);
    const first = waiting.shift();
    if (first === undefined) {
      pool.onReleased(upstream);
      return upstream;
    }
    upstream.start(first.head, first.isLast, first.events);
    first.begin(upstream);
    for (const one of waiting) one.begin(this.openHttp1(pool, one.head, one.isLast, false, one.events));
    return upstream;
  }
}
