import type { Clock, Random, TimerWheel } from "../base/index.ts";
import { DatagramListener, GRACE_MS, Listener } from "../listener/index.ts";
import type { RequestHandler } from "../listener/index.ts";
import type { ListenerUnit } from "../model/index.ts";
import type { WorkerLane } from "../observe/index.ts";
import { ForwardedHeaders, PriorityHeader } from "../proxy/index.ts";
import type { Proxy, Site } from "../proxy/index.ts";
import { withHttpChallenges } from "./challenge-router.ts";
import type { HeldUnits } from "./held-units.ts";
import type { ListenerCertificates } from "./listener-certificates.ts";
import type { ListenerReport, ListenerSockets } from "./messages.ts";
import type { PlaneObserver } from "./plane-observer.ts";
import type { BuiltListener, NextListener } from "./snapshot-builder.ts";
import { UdpSite } from "./stream-site.ts";
import type { StreamSiteContext } from "./stream-site.ts";

export interface BoundListenersOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly wheel: TimerWheel;
  readonly lane: WorkerLane;
  readonly observer: PlaneObserver;
  readonly proxy: Proxy;
  readonly units: HeldUnits;
  readonly certificates: ListenerCertificates;
  readonly streams: StreamSiteContext;
  readonly reusePort: boolean;
  /** Listening sockets of another process that this one goes on with. */
  readonly adopted: readonly ListenerSockets[];
}

/** A listener that is bound, or could not be. */
interface Bound extends BuiltListener {
  readonly listener: Listener | DatagramListener;
  /** Of UDP alone. */
  readonly udp: UdpSite | null;
  readonly report: ListenerReport;
}

/**
 * The listeners of a worker. A swap has two parts: in one turn those that stay take what is new (`update`), then those
 * that are new are bound and those that left drained (`bindAll`).
 */
export class BoundListeners {
  private readonly options: BoundListenersOptions;
  private readonly bound = new Map<string, Bound>();
  /** Listeners that left, and have connections yet. */
  private readonly leaving = new Set<Listener | DatagramListener>();
  /** By the listener's name, until it listens on them. */
  private readonly adopted: Map<string, readonly number[]>;

  constructor(options: BoundListenersOptions) {
    this.options = options;
    this.adopted = new Map(options.adopted.map(({ name, descriptors }) => [name, descriptors]));
  }

  find(name: string): BuiltListener | undefined {
    return this.bound.get(name);
  }

  reports(): ListenerReport[] {
    return [...this.bound.values()].map((bound) => bound.report);
  }

  update(next: NextListener): void {
    const bound = this.bound.get(next.unit.name);
    if (bound === undefined || !staysAs(bound, next)) return;
    const { listener, udp, report } = bound;
    if (listener instanceof DatagramListener) {
      udp!.update(next.unit, next.streamRoutes);
      listener.update(udp!, next.unit.settings);
    } else {
      listener.update(this.handlerOf(next), next.streams, next.unit.settings, next.certificates);
      listener.setChallenges(this.options.certificates.challenges);
    }
    this.bound.set(next.unit.name, { ...next, listener, udp, report });
  }

  private handlerOf({ unit, index, router, unrouted }: NextListener): RequestHandler {
    const { proxy, units } = this.options;
    const info = { listener: unit.name, listenerIndex: index, route: "", rule: "", routeIndex: -1 };
    const site: Site = {
      router: unit.protocol === "HTTP" ? withHttpChallenges(router, units.challenges(), info) : router,
      forwarded: new ForwardedHeaders(unit.settings.forwarded),
      priorityHeader: PriorityHeader.of(unit.settings.overload),
      info,
      unrouted,
    };
    return {
      servers: unit.servers.map(({ id }) => id),
      serverOf: (authority) => router.findServer(authority)?.id ?? "",
      open: (request, isLast, peer, sink) => proxy.open(request, isLast, peer, sink, site),
    };
  }

  /** One whose protocol changed is drained and bound. A listener that cannot be bound is reported. */
  async bindAll(next: readonly NextListener[]): Promise<void> {
    const wanted = new Map(next.map((listener) => [listener.unit.name, listener]));
    const left: Promise<void>[] = [];
    for (const [name, bound] of this.bound) {
      const listener = wanted.get(name);
      if (listener !== undefined && staysAs(bound, listener)) continue;
      this.bound.delete(name);
      if (bound.report.error !== null) continue;
      this.drainAway(bound.listener);
      if (bound.listener instanceof Listener) left.push(bound.listener.closed);
    }
    this.giveBackPorts();
    // Together: one that must be patient holds up no other.
    await Promise.all(next.map((own) => (this.bound.has(own.unit.name) ? undefined : this.bind(own))));
    // Whoever looks next whether a port is free finds it so.
    await Promise.all(left);
  }

  /** A UDP port cannot be bound beside itself: where a listener wants it, this worker's or another's, sessions end. */
  private giveBackPorts(): void {
    for (const listener of this.leaving) {
      if (!(listener instanceof DatagramListener)) continue;
      for (const { unit } of this.options.units.values()) {
        if (unit.kind === "listener" && unit.protocol === "UDP" && unit.port === listener.port)
          void listener.drain(0);
      }
    }
  }

  private drainAway(listener: Listener | DatagramListener): void {
    this.leaving.add(listener);
    void listener.drain(GRACE_MS).then(() => this.leaving.delete(listener));
  }

  private bind(next: NextListener): Promise<void> {
    return next.unit.protocol === "UDP" ? this.bindUdp(next) : this.bindTcp(next);
  }

  private async bindUdp(next: NextListener): Promise<void> {
    const { unit, index } = next;
    const { clock, wheel, lane, streams } = this.options;
    const udp = new UdpSite(unit, streams);
    udp.update(unit, next.streamRoutes);
    const listener = new DatagramListener({
      address: unit.address,
      port: unit.port,
      descriptor: this.takeAdopted(unit)[0] ?? null,
      clock,
      wheel,
      handler: udp,
      settings: unit.settings,
      observer: {
        onSessionOpened: () => lane.connectionOpened(index),
        onSessionClosed: () => lane.connectionClosed(index),
        onSessionRefused: () => lane.refused("udp-session-limit"),
        onDatagram: (isFromClient) => lane.datagram(index, isFromClient),
        onDropped: () => lane.datagramDropped(index),
      },
    });
    const report = await openWithPatience(listener, unit);
    this.bound.set(unit.name, { ...next, listener, udp, report });
  }

  private async bindTcp(next: NextListener): Promise<void> {
    const { unit, index } = next;
    const { clock, random, wheel, lane, observer, reusePort, certificates } = this.options;
    const listener = new Listener({
      address: unit.address,
      port: unit.port,
      reusePort,
      descriptors: this.takeAdopted(unit),
      clock,
      random,
      wheel,
      handler: this.handlerOf(next),
      settings: unit.settings,
      certificates: next.certificates,
      streams: next.streams,
      observer: {
        onConnectionOpened: () => lane.connectionOpened(index),
        onConnectionClosed: () => lane.connectionClosed(index),
        onConnectionRefused: (kind) => lane.refused(kind),
        onHandshake: (isDone, isResumed) => lane.tlsHandshake(index, isDone, isResumed),
        onRequestRefused: (fault, peer) => observer.refused(index, fault, peer),
        onConnectionBroken: (fault, peer) => observer.broken(fault, peer),
      },
    });
    listener.setChallenges(certificates.challenges);
    const report = await openWithPatience(listener, unit);
    this.bound.set(unit.name, { ...next, listener, udp: null, report });
  }

  /** Once: a socket that was closed is bound like any other. */
  private takeAdopted({ name }: ListenerUnit): readonly number[] {
    const descriptors = this.adopted.get(name) ?? [];
    this.adopted.delete(name);
    return descriptors;
  }

  /** After the keys of the certificates changed. */
  updateTicketKeys(): void {
    for (const { listener, unit } of this.bound.values()) {
      if (listener instanceof Listener) listener.setTicketKeys(this.options.certificates.ticketKeysOf(unit));
    }
  }

  /** What this worker listens on. */
  sockets(): ListenerSockets[] {
    return [...this.bound.values()].flatMap(({ unit, listener }) => {
      const descriptors = listener.descriptors.filter((descriptor) => descriptor >= 0);
      const kind = listener instanceof Listener ? "tcp" : "udp";
      return descriptors.length === 0 ? [] : [{ name: unit.name, kind, descriptors }];
    });
  }

  /** See Listener.drain. */
  async drain(timeoutMs: number, handsOver: boolean): Promise<void> {
    const open = [...this.bound.values()].filter((bound) => bound.report.error === null);
    const all = [...open.map(({ listener }) => listener), ...this.leaving];
    await Promise.all(all.map((listener) => listener.drain(timeoutMs, handsOver)));
  }
}

/** One that could not be bound is tried anew; another protocol is another listener. */
function staysAs({ report, unit }: Bound, next: NextListener): boolean {
  return report.error === null && unit.protocol === next.unit.protocol;
}

const BIND_TRIES = 20;
const BIND_PAUSE_MS = 50;

/** The socket that this one replaces may take a moment to go; anybody else's stays and is reported. */
async function openWithPatience(
  listener: Listener | DatagramListener,
  unit: ListenerUnit,
): Promise<ListenerReport> {
  const { name, address } = unit;
  for (let tries = 1; ; tries++) {
    try {
      return { name, address, port: await listener.open(), error: null };
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? "EUNKNOWN";
      if (code !== "EADDRINUSE" || tries >= BIND_TRIES)
        return { name, address, port: unit.port, error: code };
      await new Promise<void>((resolve) => setTimeout(resolve, BIND_PAUSE_MS));
    }
  }
}
