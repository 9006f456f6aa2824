import type { Clock, ClockTimer, Fault, Random, TimerWheel } from "../base/index.ts";
import type { ChallengeCertificates, ServerCertificates } from "../identity/index.ts";
import { compileTrustedHops } from "../message/index.ts";
import type { Peer } from "../message/index.ts";
import type { ListenerSettings } from "../model/index.ts";
import { openAcceptSocket, peerOf } from "../net/index.ts";
import type {
  AcceptedSocket,
  AcceptProxyHeader,
  AcceptSocket,
  AcceptTls,
  ConnectionEvents,
  HandshakeRefusal,
  HeaderRefusal,
} from "../net/index.ts";
import { admitsAllOf } from "./client-rules.ts";
import { ConnectionTable } from "./connection-table.ts";
import { cutAfter } from "./cut-after.ts";
import type {
  ClientConnection,
  Downstream,
  RequestHandler,
  StreamDownstream,
  StreamHandler,
} from "./downstream.ts";
import { Http1Downstream } from "./http1-downstream.ts";
import { Http2Downstream } from "./http2-downstream.ts";
import { believesAllOf } from "./proxy-trust.ts";
import { PrefaceSniffer } from "./preface-sniffer.ts";
import type { ProtocolChoice } from "./preface-sniffer.ts";

/** What happens at a listener, for counters. */
export interface ListenerObserver {
  onConnectionOpened(): void;
  onConnectionClosed(): void;
  onConnectionRefused(kind: "connection-limit" | "no-stream-route" | HandshakeRefusal | HeaderRefusal): void;
  onHandshake(isDone: boolean, isResumed: boolean): void;
  onRequestRefused(fault: Fault, peer: Peer): void;
  /** A connection of HTTP/2 was ended for what its client did. */
  onConnectionBroken(fault: Fault, peer: Peer): void;
}

export interface ListenerOptions {
  readonly address: string;
  readonly port: number;
  readonly reusePort: boolean;
  /** Sockets that listen there already, taken over from another process: nothing is bound. [] binds. */
  readonly descriptors: readonly number[];
  readonly clock: Clock;
  readonly random: Random;
  readonly wheel: TimerWheel;
  readonly handler: RequestHandler;
  readonly observer: ListenerObserver;
  readonly settings: ListenerSettings;
  readonly certificates: ServerCertificates | null;
  /** Null where there are only servers of requests. */
  readonly streams: StreamHandler | null;
}

/** Kernel's queue of connections not yet accepted; the system's own limit (somaxconn) may be lower. */
const BACKLOG = 4_096;

/** What is under way on connections that have to end, while the process goes on, has so long. */
export const GRACE_MS = 30_000;

/**
 * One bound address and port: accepts, secures, reads requests, drains. Handler, settings and certificates can be
 * replaced while it runs: connections stay, what comes next follows the new ones.
 */
export class Listener implements ProtocolChoice {
  readonly clock: Clock;
  readonly random: Random;
  readonly wheel: TimerWheel;
  settings: ListenerSettings;
  handler: RequestHandler;
  isDraining = false;
  handsOver = false;
  /** In a drain: resolves when the port is given back. */
  closed: Promise<void> = Promise.resolve();
  private readonly options: ListenerOptions;
  private readonly connections = new ConnectionTable<Downstream>();
  /** Beside them those that are passed on as they are. */
  private readonly passedOn = new ConnectionTable<StreamDownstream>();
  private socket: AcceptSocket | null = null;
  /** Drained, and there are connections yet that have no owner. */
  private isClosing = false;
  private isCut = false;
  private certificates: ServerCertificates | null;
  private streams: StreamHandler | null;
  private challenges: ChallengeCertificates | null = null;
  private proxyHeader: AcceptProxyHeader | null;
  private idle: Promise<void> | null = null;
  private onIdle: (() => void) | null = null;
  private cutTimer: ClockTimer | null = null;

  constructor(options: ListenerOptions) {
    this.options = options;
    this.clock = options.clock;
    this.random = options.random;
    this.wheel = options.wheel;
    this.settings = options.settings;
    this.handler = options.handler;
    this.certificates = options.certificates;
    this.streams = options.streams;
    this.proxyHeader = this.acceptProxyHeader();
  }

  /** Rejects with the system's error. Resolves with the port that was bound. */
  async open(): Promise<number> {
    const { address, port, reusePort, descriptors } = this.options;
    // Read at each use: settings change while the socket stays.
    const settings = (): ListenerSettings => this.settings;
    const proxyHeader = (): AcceptProxyHeader | null => this.proxyHeader;
    this.socket = await openAcceptSocket({
      address,
      port,
      reusePort,
      backlog: BACKLOG,
      descriptors,
      get highWaterBytes() {
        return settings().highWaterBytes;
      },
      tls: this.certificates === null ? null : this.acceptTls(),
      get proxyHeader() {
        return proxyHeader();
      },
      admit: (waiting) => this.admit(waiting),
      accept: (accepted) => this.accept(accepted),
    });
    return this.socket.port;
  }

  /** Takes over a changed configuration of the same address and port. */
  update(
    handler: RequestHandler,
    streams: StreamHandler | null,
    settings: ListenerSettings,
    certificates: ServerCertificates | null,
  ): void {
    this.endGone(this.handler, handler);
    this.handler = handler;
    this.streams = streams;
    const trusted = this.settings.proxyProtocol;
    this.settings = settings;
    const before = this.certificates?.clientValidation ?? null;
    this.certificates = certificates;
    this.proxyHeader = this.acceptProxyHeader();
    const areClientsAdmitted = admitsAllOf(certificates?.clientValidation ?? null, before);
    this.retire(this.endedBy(areClientsAdmitted, believesAllOf(settings.proxyProtocol, trusted)));
  }

  /** What is under way for servers that are gone ends like all that is of a listener that has left. */
  private endGone(before: RequestHandler, next: RequestHandler): void {
    const gone = new Set(before.servers);
    for (const server of next.servers) gone.delete(server);
    if (gone.size === 0) return;
    const isGone = (authority: string): boolean => gone.has(before.serverOf(authority));
    const marked = this.connections.toArray().filter((downstream) => downstream.markGone(isGone));
    if (marked.length === 0) return;
    const left = (): Downstream[] => marked.filter((downstream) => this.connections.has(downstream));
    const farewell = (): void => {
      for (const downstream of left()) downstream.farewellMarked();
    };
    cutAfter(this.clock, GRACE_MS, farewell, () => {
      for (const downstream of left()) downstream.cutMarked();
    });
  }

  /** Who may not stay: whose client or its proxy the rules might refuse by now, and whose server is gone. */
  private endedBy(areClientsAdmitted: boolean, areSourcesBelieved: boolean): ClientConnection[] {
    const ended: ClientConnection[] =
      areClientsAdmitted && areSourcesBelieved ? [] : this.connections.toArray();
    for (const stream of this.passedOn.toArray()) {
      const mayStay = areSourcesBelieved && (areClientsAdmitted || !stream.isOpened);
      if (!mayStay || !(this.streams?.keeps(stream) ?? false)) ended.push(stream);
    }
    return ended;
  }

  /** They take nothing new, and end with what is under way, or are cut. */
  private retire(ended: readonly ClientConnection[]): void {
    if (ended.length === 0) return;
    this.drainAll(ended);
    const farewell = (): void => this.farewellAll(ended);
    cutAfter(this.clock, GRACE_MS, farewell, () => this.cutAll(ended));
  }

  /** One may end with another. */
  private drainAll(downstreams: readonly ClientConnection[]): void {
    for (const downstream of downstreams) if (this.has(downstream)) downstream.drain();
  }

  /** Connections that are passed on have no words to say it in. */
  private farewellAll(downstreams: readonly ClientConnection[]): void {
    for (const downstream of downstreams as readonly Downstream[])
      if (this.connections.has(downstream)) downstream.farewell();
  }

  private cutAll(downstreams: readonly ClientConnection[]): void {
    for (const downstream of downstreams) if (this.has(downstream)) downstream.cut();
  }

  private has(downstream: ClientConnection): boolean {
    return (
      this.connections.has(downstream as Downstream) || this.passedOn.has(downstream as StreamDownstream)
    );
  }

  private all(): ClientConnection[] {
    return [...this.connections.toArray(), ...this.passedOn.toArray()];
  }

  /** What ACME servers are shown that validate a name; null while none does. */
  setChallenges(challenges: ChallengeCertificates | null): void {
    this.challenges = challenges;
  }

  setTicketKeys(keys: Buffer): void {
    this.certificates?.setTicketKeys(keys);
  }

  private acceptTls(): AcceptTls {
    // Read at each use: settings and certificates change while the socket stays.
    const settings = (): ListenerSettings => this.settings;
    const challenges = (): ChallengeCertificates | null => this.challenges;
    const streams = (): StreamHandler | null => this.streams;
    const certificates = (): ServerCertificates | null => this.certificates;
    const { observer } = this.options;
    return {
      contextFor: (name) => this.certificates!.contextFor(name),
      baseContext: () => this.certificates!.base(),
      takesVersion: (name, version) => this.certificates!.takesVersion(name, version),
      alpnFor: (name) => this.certificates!.alpnFor(name),
      get clientValidation() {
        return certificates()!.clientValidation;
      },
      get challengeFor() {
        const own = challenges();
        return own === null ? null : (name: string) => own.contextFor(name);
      },
      get passes() {
        const own = streams();
        return own === null ? null : (name: string) => own.passes(name);
      },
      get handshakeTimeoutMs() {
        return settings().tlsHandshakeMs;
      },
      get maxHandshakes() {
        return settings().maxTlsHandshakes;
      },
      onHandshakeDone: (isResumed) => observer.onHandshake(true, isResumed),
      onHandshakeRefused: (kind) => {
        observer.onHandshake(false, false);
        observer.onConnectionRefused(kind);
      },
    };
  }

  private acceptProxyHeader(): AcceptProxyHeader | null {
    const { trustedSources, others, ports } = this.settings.proxyProtocol;
    if (trustedSources.length === 0) return null;
    if (ports.length > 0 && !ports.includes(this.options.port)) return null;
    const { observer } = this.options;
    return {
      isTrusted: compileTrustedHops(trustedSources),
      others,
      timeoutMs: this.settings.proxyHeaderTimeoutMs,
      onHeaderRefused: (kind) => observer.onConnectionRefused(kind),
    };
  }

  /** Who has come before a drain is taken in it: nobody but this one can answer. */
  private admit(waiting: number): boolean {
    if (!this.isCut && this.connectionCount + waiting < this.settings.maxConnections) return true;
    this.options.observer.onConnectionRefused("connection-limit");
    return false;
  }

  private accept(accepted: AcceptedSocket): ConnectionEvents | null {
    const peer = peerOf(accepted.socket, accepted.proxyHeader?.addresses ?? null);
    if (this.streams !== null) {
      const { passedName } = accepted;
      const serverName = passedName ?? peer.tls?.serverName ?? "";
      const stream = this.streams.open(accepted, peer, serverName, passedName === null, this);
      if (stream !== "requests") return this.passOn(stream, accepted);
    }
    const downstream = this.makeDownstream(accepted, peer);
    this.connections.add(downstream);
    this.options.observer.onConnectionOpened();
    if (this.isDraining) downstream.drain();
    return downstream;
  }

  private passOn(stream: StreamDownstream | null, accepted: AcceptedSocket): ConnectionEvents | null {
    if (stream === null) {
      this.options.observer.onConnectionRefused("no-stream-route");
      accepted.connection.destroy(true);
      return null;
    }
    this.passedOn.add(stream);
    this.options.observer.onConnectionOpened();
    accepted.owner.target = stream;
    stream.start();
    return stream;
  }

  /** TLS has agreed on the protocol; in clear text the first octets tell it. */
  private makeDownstream(accepted: AcceptedSocket, peer: Peer): Downstream {
    if (peer.tls === null) return new PrefaceSniffer(accepted, peer, this);
    const { connection } = accepted;
    return peer.tls.alpn === "h2"
      ? new Http2Downstream(connection, peer, this)
      : new Http1Downstream(connection, peer, this);
  }

  // ProtocolChoice

  speakHttp1(accepted: AcceptedSocket, peer: Peer, sniffer: Downstream, firstByteMs: number): Downstream {
    const downstream = new Http1Downstream(accepted.connection, peer, this);
    if (firstByteMs >= 0) downstream.beginHead(firstByteMs);
    return this.handOver(accepted, sniffer, downstream);
  }

  speakHttp2(accepted: AcceptedSocket, peer: Peer, sniffer: Downstream): Downstream {
    return this.handOver(accepted, sniffer, new Http2Downstream(accepted.connection, peer, this));
  }

  private handOver(accepted: AcceptedSocket, from: Downstream, to: Downstream): Downstream {
    this.connections.replace(from, to);
    accepted.owner.target = to;
    return to;
  }

  onRefused(fault: Fault, peer: Peer): void {
    this.options.observer.onRequestRefused(fault, peer);
  }

  onBroken(fault: Fault, peer: Peer): void {
    this.options.observer.onConnectionBroken(fault, peer);
  }

  onDownstreamClosed(downstream: ClientConnection): void {
    if (
      !this.connections.delete(downstream as Downstream) &&
      !this.passedOn.delete(downstream as StreamDownstream)
    )
      return;
    this.options.observer.onConnectionClosed();
    this.settle();
  }

  /** A drain is over when nobody is left, and nobody can come. */
  private settle(): void {
    if (this.connectionCount > 0 || this.isClosing) return;
    this.cutTimer?.cancel();
    this.onIdle?.();
  }

  /** Of the listening sockets; [] while there is none. */
  get descriptors(): readonly number[] {
    return this.socket?.descriptors ?? [];
  }

  get connectionCount(): number {
    return this.connections.size + this.passedOn.size;
  }

  /**
   * Stops accepting, when what waits to be accepted has been; idle connections close, exchanges finish. Resolves when
   * none is left or time is up. Asked again it takes the new time. `handsOver`: another process goes on with the port,
   * so nobody waits for this one's end, and idle connections are kept for their next request.
   */
  drain(timeoutMs: number, handsOver = false): Promise<void> {
    this.isDraining = true;
    this.handsOver ||= handsOver;
    this.closeSocket(timeoutMs);
    this.drainAll(this.all());
    this.cutTimer?.cancel();
    this.idle ??= new Promise((resolve) => (this.onIdle = resolve));
    if (timeoutMs <= 0) this.cut();
    else {
      const farewell = (): void => this.farewellAll(this.all());
      this.cutTimer = cutAfter(this.clock, timeoutMs, farewell, () => this.cut());
      this.settle();
    }
    return this.idle;
  }

  private closeSocket(timeoutMs: number): void {
    const { socket } = this;
    this.socket = null;
    if (socket === null) return;
    if (timeoutMs <= 0) {
      socket.abandon();
      return;
    }
    this.isClosing = true;
    this.closed = socket.close();
    void this.closed
      .then(() => socket.settled())
      .then(() => {
        this.isClosing = false;
        this.settle();
      });
  }

  private cut(): void {
    this.isCut = true;
    this.cutAll(this.all());
    this.onIdle?.();
  }
}
