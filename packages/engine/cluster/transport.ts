import { makeFault } from "../base/index.ts";
import type { Fault, Random } from "../base/index.ts";
import type { RequestHead, UpstreamEvents, UpstreamStream } from "../message/index.ts";
import type { ClusterUnit } from "../model/index.ts";
import { dial } from "../net/index.ts";
import type { Connection, DialEvents, DialTls, SecureContext } from "../net/index.ts";
import type { Endpoint, EndpointHome } from "./endpoint.ts";
import { Http1Upstream } from "./http1-upstream.ts";
import { Http2Upstream } from "./http2-upstream.ts";
import { Negotiation } from "./negotiation.ts";
import type { NegotiationHome } from "./negotiation.ts";
import { PendingAttempt } from "./pending-attempt.ts";

/** What a transport needs of its cluster; read at each use, since the unit may change with the Snapshot. */
export interface TransportHome extends EndpointHome {
  readonly unit: ClusterUnit;
  readonly random: Random;
}

/**
 * How endpoints are spoken to: HTTP/1.1 on a connection of its own for each exchange at a time, HTTP/2 on a stream of
 * a connection that others share, or whichever TLS agrees on.
 */
export class Transport implements NegotiationHome<Endpoint> {
  private readonly home: TransportHome;
  private tls: DialTls | null = null;
  /** The same, offering HTTP/1.1 or HTTP/2 alone. */
  private http1Tls: DialTls | null = null;
  private http2Tls: DialTls | null = null;

  constructor(home: TransportHome) {
    this.home = home;
  }

  get tlsContext(): SecureContext | undefined {
    return this.tls?.context;
  }

  setTls(tls: DialTls | null): void {
    this.tls = tls;
    this.http1Tls = tls === null ? null : { ...tls, alpn: ["http/1.1"] };
    this.http2Tls = tls === null ? null : { ...tls, alpn: ["h2"] };
  }

  /** Begins one attempt at an endpoint. `isFresh` asks for a new connection (after a stale one). */
  open(
    endpoint: Endpoint,
    head: RequestHead,
    isLast: boolean,
    isFresh: boolean,
    events: UpstreamEvents,
  ): UpstreamStream | Fault {
    switch (this.home.unit.protocol) {
      case "http1":
        return this.openHttp1(endpoint, head, isLast, isFresh, events);
      case "http2":
        return this.openHttp2(endpoint, head, isLast, isFresh, events);
      case "auto":
        return this.openEither(endpoint, head, isLast, isFresh, events);
    }
  }

  /** As `open`, by HTTP/2 whatever the cluster speaks. */
  openCall(
    endpoint: Endpoint,
    head: RequestHead,
    isFresh: boolean,
    events: UpstreamEvents,
  ): UpstreamStream | Fault {
    return this.openHttp2(endpoint, head, false, isFresh, events);
  }

  private openHttp1(
    endpoint: Endpoint,
    head: RequestHead,
    isLast: boolean,
    isFresh: boolean,
    events: UpstreamEvents,
  ): UpstreamStream | Fault {
    const upstream = (isFresh ? null : endpoint.takeIdle()) ?? this.connectHttp1(endpoint);
    if (upstream === null) return this.overflow(endpoint);
    upstream.start(head, isLast, events);
    return upstream;
  }

  private openHttp2(
    endpoint: Endpoint,
    head: RequestHead,
    isLast: boolean,
    isFresh: boolean,
    events: UpstreamEvents,
  ): UpstreamStream | Fault {
    const upstream = endpoint.takeShared(isFresh) ?? this.connectHttp2(endpoint);
    if (upstream === null) return this.overflow(endpoint);
    return upstream.start(head, isLast, events);
  }

  /**
   * A WebSocket goes by HTTP/1.1, which more servers take it by than by HTTP/2 (RFC 8441). While the protocol is not
   * known, or was HTTP/2, exchanges share the connection that is being made.
   */
  private openEither(
    endpoint: Endpoint,
    head: RequestHead,
    isLast: boolean,
    isFresh: boolean,
    events: UpstreamEvents,
  ): UpstreamStream | Fault {
    if (this.tls === null || head.upgrade !== "" || endpoint.agreed === "http1") {
      return this.openHttp1(endpoint, head, isLast, isFresh, events);
    }
    const shared = endpoint.takeShared(isFresh);
    if (shared !== null) return shared.start(head, isLast, events);
    const negotiation = this.negotiate(endpoint);
    if (negotiation === null) return this.overflow(endpoint);
    const { highWaterBytes } = this.home.settings;
    const pending = new PendingAttempt(head, isLast, events, highWaterBytes);
    negotiation.pending.push(pending);
    return pending;
  }

  /** A connection whose octets are the caller's business: for TCP. `alpn`: what it offers in TLS; "" for nothing. */
  openStream(endpoint: Endpoint, alpn: string, events: DialEvents): Connection | Fault {
    if (this.isFull(endpoint)) return this.overflow(endpoint);
    const tls = this.tls === null ? null : { ...this.tls, alpn: alpn === "" ? [] : [alpn] };
    return this.dial(endpoint, tls, events);
  }

  private overflow({ name }: Endpoint): Fault {
    const limit = this.home.settings.maxConnectionsPerEndpoint;
    return makeFault("HDL_UPSTREAM_OVERFLOW", `${name} has ${limit} connections, limit ${limit}`);
  }

  // Connections

  private isFull(endpoint: Endpoint): boolean {
    return endpoint.connections >= this.home.settings.maxConnectionsPerEndpoint;
  }

  private connectHttp1(endpoint: Endpoint): Http1Upstream | null {
    if (this.isFull(endpoint)) return null;
    const upstream = new Http1Upstream(endpoint, this.home.epoch);
    upstream.connection = this.dial(endpoint, this.http1Tls, upstream);
    return upstream;
  }

  private connectHttp2(endpoint: Endpoint): Http2Upstream | null {
    if (this.isFull(endpoint)) return null;
    const upstream = new Http2Upstream(endpoint, this.home.epoch, this.tls !== null, this.home.random.next());
    upstream.begin(this.dial(endpoint, this.http2Tls, upstream));
    endpoint.share(upstream);
    return upstream;
  }

  private negotiate(endpoint: Endpoint): Negotiation<Endpoint> | null {
    const known = endpoint.negotiation;
    const { maxStreams } = this.home.settings.http2;
    if (known !== null && known.epoch === this.home.epoch && known.pending.length < maxStreams) return known;
    if (this.isFull(endpoint)) return null;
    const negotiation = new Negotiation<Endpoint>(this, endpoint, this.home.epoch);
    endpoint.negotiation = negotiation;
    negotiation.connection = this.dial(endpoint, this.tls, negotiation);
    return negotiation;
  }

  private dial(endpoint: Endpoint, tls: DialTls | null, events: DialEvents): Connection {
    const { connectTimeoutMs, highWaterBytes } = this.home.settings;
    endpoint.onOpening();
    const { address, port } = endpoint;
    return dial({ address, port, connectTimeoutMs, highWaterBytes, tls }, events);
  }

  // NegotiationHome

  agreed(negotiation: Negotiation<Endpoint>, isHttp2: boolean): DialEvents {
    negotiation.endpoint.agreed = isHttp2 ? "http2" : "http1";
    return isHttp2 ? this.beginHttp2(negotiation) : this.beginHttp1(negotiation);
  }

  private beginHttp2({ endpoint, connection, epoch, pending }: Negotiation<Endpoint>): DialEvents {
    const upstream = new Http2Upstream(endpoint, epoch, true, this.home.random.next());
    upstream.begin(connection);
    upstream.onOpen();
    endpoint.share(upstream);
    for (const one of pending.splice(0)) {
      if (!one.isOver) one.begin(upstream.start(one.head, one.isLast, one.events));
    }
    return upstream;
  }

  /** The first of them has the connection; each other gets its own. */
  private beginHttp1({ endpoint, connection, epoch, pending }: Negotiation<Endpoint>): DialEvents {
    const upstream = new Http1Upstream(endpoint, epoch);
    upstream.connection = connection;
    upstream.onOpen();
    const waiting = pending.splice(0).filter((one) => !one.isOver);
    const first = waiting.shift();
    if (first === undefined) {
      endpoint.onReleased(upstream);
      return upstream;
    }
    upstream.start(first.head, first.isLast, first.events);
    first.begin(upstream);
    for (const one of waiting) one.begin(this.openHttp1(endpoint, one.head, one.isLast, false, one.events));
    return upstream;
  }
}
