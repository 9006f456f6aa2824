import { createHash, randomBytes } from "node:crypto";
import { hashText, systemClock, systemRandom, TimerWheel } from "../base/index.ts";
import type { Clock, Random } from "../base/index.ts";
import { Cluster, HealthLedger } from "../cluster/index.ts";
import type { FilterRegistry } from "../filter/index.ts";
import { ChallengeCertificates, ClientContexts, ServerCertificates } from "../identity/index.ts";
import { DatagramListener, GRACE_MS, Listener } from "../listener/index.ts";
import type { RequestHandler, StreamHandler } from "../listener/index.ts";
import { unitKey } from "../model/index.ts";
import type {
  AcmeChallengeUnit,
  AuthoritiesUnit,
  ClusterUnit,
  DataUnit,
  EndpointsUnit,
  ListenerUnit,
  RouteUnit,
  SecretUnit,
  SnapshotDelta,
  StreamRouteUnit,
  Unit,
  UnitKey,
} from "../model/index.ts";
import { TraceIds, traceExchange } from "../observe/index.ts";
import type { LaneSegment, WorkerLane } from "../observe/index.ts";
import { ForwardedHeaders, PriorityHeader, Proxy } from "../proxy/index.ts";
import type { FlowContext, Rule, Site } from "../proxy/index.ts";
import { compileRouter } from "../route/index.ts";
import type { Router } from "../route/index.ts";
import type { SharedTable } from "../shared/index.ts";
import { DataBoard } from "./data-board.ts";
import { HealthChannel } from "./health-channel.ts";
import { withHttpChallenges } from "./challenge-router.ts";
import { LoadShedder } from "./load-shedder.ts";
import { LoopMonitor } from "./loop-monitor.ts";
import type { ListenerReport, ListenerSockets, Log } from "./messages.ts";
import type { PacedCollector } from "./paced-collector.ts";
import { PlaneObserver } from "./plane-observer.ts";
import type { AccessLog } from "./plane-observer.ts";
import { buildRule } from "./rule-builder.ts";
import type { RuleContext } from "./rule-builder.ts";
import { runInSlices } from "./slices.ts";
import { buildStreamSite, UdpSite } from "./stream-site.ts";
import type { StreamSiteContext } from "./stream-site.ts";

export interface DataPlaneOptions {
  readonly lane: WorkerLane;
  readonly filters: FilterRegistry;
  /** What this worker has in common with the others. */
  readonly shared: SharedTable;
  readonly accessLog: AccessLog | null;
  readonly log: Log;
  readonly reusePort: boolean;
  /** Listening sockets of another process that this one goes on with. Default: none, all are bound. */
  readonly adopted?: readonly ListenerSockets[];
  readonly ticketKeys: Buffer;
  /** Which of how many workers this is: a replaced one's successor is the same. Default: the only one. */
  readonly slot?: number;
  readonly slots?: number;
  /** See WorkerStart. Default: true, and "". */
  readonly isChecker?: boolean;
  readonly healthChannel?: string;
  /** For a thread of its own. Default: the runtime collects when it wants. */
  readonly collector?: PacedCollector;
  readonly clock?: Clock;
  readonly random?: Random;
  /**
   * Makes ready what filters are built with: the data units that came with a change, whose swap waits for it. Never
   * rejects. Default: nothing is to be made ready.
   */
  prepare?(data: readonly DataUnit[]): Promise<void>;
  /** Takes what filters tell the main thread. Default: nobody. */
  notify?(topic: string, subject: string): void;
  /** Called when no exchange holds a version before `version` any more. */
  onConfirmed?(version: number): void;
}

interface HeldUnit {
  readonly unit: Unit;
  readonly hash: string;
}

/** A listener that is bound, or could not be. */
interface Bound {
  unit: ListenerUnit;
  hash: string;
  listener: Listener | DatagramListener;
  /** Of UDP alone. */
  udp: UdpSite | null;
  router: Router<Rule>;
  certificates: ServerCertificates | null;
  certificateHash: string;
  report: ListenerReport;
}

/** Built ahead of the swap. */
interface NextListener {
  readonly unit: ListenerUnit;
  readonly hash: string;
  readonly index: number;
  readonly router: Router<Rule>;
  /** Null where there are only servers of requests. */
  readonly streams: StreamHandler | null;
  /** Routes of connections and datagrams, for a port of UDP. */
  readonly streamRoutes: readonly StreamRouteUnit[];
  readonly certificates: ServerCertificates | null;
  readonly certificateHash: string;
}

interface BuiltRoute {
  /** Those of its backends, in their order. */
  readonly clusters: readonly (Cluster | null)[];
  readonly rules: readonly Rule[];
  /** The `clusterChanges` at which they were last seen to be the same. */
  checkedAt: number;
}

/** By the unit, which is immutable: a unit that changed is another object. */
type BuiltRoutes = Map<RouteUnit, BuiltRoute>;

/**
 * One worker's data plane: holds the units, builds the next Snapshot from them in slices while traffic flows, and
 * swaps. What did not change is kept as it is: clusters with their connections, rules, routers, bound sockets.
 *
 *   delta … delta(isLast) ─► clusters ─► rules and routers ─► swap (one turn) ─► bind new, drain old ─► report
 */
export class DataPlane {
  private readonly options: DataPlaneOptions;
  private readonly clock: Clock;
  private readonly random: Random;
  private readonly wheel: TimerWheel;
  private readonly flowContext: FlowContext;
  private readonly proxy: Proxy;
  private readonly observer: PlaneObserver;
  private readonly shedder: LoadShedder;
  private readonly monitor: LoopMonitor;
  private readonly units = new Map<UnitKey, HeldUnit>();
  private readonly data = new DataBoard();
  /** Data that `prepare` has not seen. */
  private newData: DataUnit[] = [];
  private readonly indexes = new Map<string, number>();
  private readonly clusters = new Map<string, Cluster>();
  private readonly ledger: HealthLedger;
  private readonly healthChannel: HealthChannel | null;
  private readonly clusterHashes = new Map<string, string>();
  private readonly clientContexts = new ClientContexts();
  private readonly bound = new Map<string, Bound>();
  /** How often a cluster was opened or dropped: between two changes every name stands for the same one. */
  private clusterChanges = 0;
  /** By the listener's name. */
  private builtRoutes = new Map<string, BuiltRoutes>();
  /** Listeners that left, and have connections yet. */
  private readonly leaving = new Set<Listener | DatagramListener>();
  /** By the listener's name, until it listens on them. */
  private readonly adopted: Map<string, readonly number[]>;
  private ticketKeys: Buffer;
  private challengeCertificates: ChallengeCertificates | null = null;
  private challengeHash = "";

  constructor(options: DataPlaneOptions) {
    this.options = options;
    this.clock = options.clock ?? systemClock;
    this.random = options.random ?? systemRandom;
    this.ticketKeys = options.ticketKeys;
    this.adopted = new Map((options.adopted ?? []).map(({ name, descriptors }) => [name, descriptors]));
    this.ledger = new HealthLedger(options.isChecker ?? true);
    const { healthChannel: channel = "" } = options;
    this.healthChannel =
      channel === ""
        ? null
        : new HealthChannel(channel, this.ledger, ({ cluster, endpoint, isHealthy }) =>
            this.clusters.get(cluster)?.learnHealth(endpoint, isHealthy),
          );
    this.wheel = new TimerWheel(this.clock);
    const { lane } = options;
    this.observer = new PlaneObserver(this.clock, lane, options.accessLog, options.log);
    this.observer.onOldVersionDone = () => options.onConfirmed?.(this.observer.oldestVersion);
    this.shedder = new LoadShedder(Infinity, lane, systemClock.now());
    this.monitor = new LoopMonitor(this.shedder, (ms) => lane.setLoopDelayMax(ms));
    const ids = new TraceIds(new Uint32Array(new Uint8Array(randomBytes(16)).buffer));
    this.flowContext = {
      clock: this.clock,
      random: this.random,
      wheel: this.wheel,
      observer: this.observer,
      shedder: this.shedder,
    };
    this.proxy = new Proxy(this.flowContext, { trace: (exchange) => traceExchange(exchange, ids) });
  }

  addSegments(segments: readonly LaneSegment[]): void {
    this.options.lane.addSegments(segments);
  }

  /** Takes a part of a change; nothing of it shows before `swap`. */
  take(delta: SnapshotDelta): void {
    for (const held of delta.puts) this.units.set(unitKey(held.unit), held);
    this.options.collector?.take(delta.puts.length);
    for (const key of delta.removes) this.units.delete(key);
    this.takeData(delta);
    for (const [key, index] of delta.indexes) this.indexes.set(key, index);
  }

  /**
   * Data is for filters that are built already too, and none of it makes sense with half of a change only: each unit is
   * whole by itself, and shows at once.
   */
  private takeData({ puts, removes }: SnapshotDelta): void {
    for (const { unit, hash } of puts) {
      if (unit.kind !== "data") continue;
      this.data.put(unit, hash);
      if (this.options.prepare !== undefined) this.newData.push(unit);
    }
    for (const key of removes) if (key.startsWith(dataPrefix)) this.data.remove(key.slice(dataPrefix.length));
  }

  /** Builds what was taken and puts it in force. Never rejects: a listener that cannot be bound is reported. */
  async swap(version: number): Promise<ListenerReport[]> {
    const note = (ms: number): void => {
      this.monitor.note(ms);
      this.options.collector?.build(ms);
    };
    if (this.newData.length > 0) await this.prepare();
    const next = await runInSlices(this.build(), () => this.clock.now(), note);
    const startMs = this.clock.now();
    this.observer.swapped(version);
    this.makeChallengeCertificates();
    for (const listener of next) this.updateBound(listener);
    this.shedder.targetMs = loopTargetOf(next);
    this.options.lane.setSnapshotVersion(version);
    this.monitor.note(this.clock.now() - startMs);
    await this.bindAll(next);
    this.dropClusters();
    this.options.collector?.rest();
    this.options.onConfirmed?.(this.observer.oldestVersion);
    return [...this.bound.values()].map((bound) => bound.report);
  }

  private async prepare(): Promise<void> {
    const data = this.newData;
    this.newData = [];
    await this.options.prepare?.(data);
  }

  // Building

  private *build(): Generator<void, NextListener[]> {
    yield* this.buildClusters();
    const routes: RouteUnit[] = [];
    const streams: StreamRouteUnit[] = [];
    const listeners: HeldUnit[] = [];
    let seen = 0;
    for (const held of this.units.values()) {
      if (held.unit.kind === "route") routes.push(held.unit);
      else if (held.unit.kind === "stream-route") streams.push(held.unit);
      else if (held.unit.kind === "listener" && this.isOwn(held.unit)) listeners.push(held);
      if (++seen % 256 === 0) yield;
    }
    const built = new Map<string, BuiltRoutes>();
    const next: NextListener[] = [];
    for (const held of listeners) {
      const ofListener: BuiltRoutes = new Map();
      built.set(held.unit.name, ofListener);
      next.push(yield* this.buildListener(held.unit as ListenerUnit, held.hash, routes, streams, ofListener));
    }
    this.builtRoutes = built;
    return next;
  }

  /**
   * A UDP port belongs to one worker, since all datagrams of a client must reach the session that it has; TCP ports
   * are shared by all.
   */
  private isOwn(unit: ListenerUnit): boolean {
    const { slot = 0, slots = 1 } = this.options;
    return unit.protocol !== "UDP" || hashText(unit.name) % slots === slot;
  }

  private get streamContext(): StreamSiteContext {
    return {
      flow: this.flowContext,
      cluster: (name) => this.clusters.get(name) ?? null,
      indexOf: (key) => this.indexOf(key),
    };
  }

  private *buildClusters(): Generator<void> {
    let seen = 0;
    for (const { unit, hash } of this.units.values()) {
      if (++seen % 64 === 0) yield;
      if (unit.kind !== "cluster") continue;
      const endpoints = this.units.get(`endpoints:${unit.endpoints}`);
      const indexed = this.indexOf(`cluster:${unit.name}`);
      const secretHash = this.units.get(`secret:${unit.tls?.clientCertificate}`)?.hash ?? "";
      const systemHash = unit.tls?.caPem === null ? (this.units.get(systemAuthorities)?.hash ?? "") : "";
      const wholeHash = `${hash} ${endpoints?.hash ?? ""} ${indexed} ${secretHash} ${systemHash}`;
      if (this.clusterHashes.get(unit.name) === wholeHash) continue;
      this.clusterHashes.set(unit.name, wholeHash);
      yield* this.buildCluster(unit, (endpoints?.unit as EndpointsUnit | undefined) ?? null, indexed);
      yield;
    }
  }

  private *buildCluster(unit: ClusterUnit, endpoints: EndpointsUnit | null, index: number): Generator<void> {
    const known = this.clusters.get(unit.name);
    const system = this.units.get(systemAuthorities)?.unit as AuthoritiesUnit | undefined;
    const own = this.secret(unit.tls?.clientCertificate ?? "");
    const dialTls = this.clientContexts.dialTlsOf(unit, own, system);
    if (known !== undefined) {
      known.update(unit, dialTls, index);
      yield* known.takeEndpoints(endpoints);
      return;
    }
    const { clock, random, wheel } = this;
    const { ledger } = this;
    const observer = this.options.lane;
    const indexOf = (key: string): number => this.indexOf(key);
    const cluster = new Cluster(unit, dialTls, index, { clock, random, wheel, observer, ledger, indexOf });
    yield* cluster.takeEndpoints(endpoints);
    this.clusters.set(unit.name, cluster);
    this.clusterChanges++;
  }

  private *buildListener(
    unit: ListenerUnit,
    hash: string,
    routes: readonly RouteUnit[],
    streamRoutes: readonly StreamRouteUnit[],
    built: BuiltRoutes,
  ): Generator<void, NextListener> {
    const index = this.indexOf(`listener:${unit.name}`);
    const listener = { name: unit.name, index };
    const ids = new Set(unit.servers.map((server) => server.id));
    const own: RouteUnit[] = [];
    for (let at = 0; at < routes.length; at++) {
      if (at % 256 === 255) yield;
      if (routes[at].attachments.some((attachment) => ids.has(attachment.server))) own.push(routes[at]);
    }
    const lastBuilt = this.builtRoutes.get(unit.name);
    let isReusable = true;
    for (const route of own) {
      if (!this.buildRoute(route, listener, lastBuilt?.get(route), built)) isReusable = false;
      yield;
    }
    const ruleOf = (route: RouteUnit, _rule: unknown, at: number): Rule => built.get(route)!.rules[at];
    const known = this.bound.get(unit.name);
    const previous = isReusable ? known?.router : undefined;
    const router = yield* compileRouter<Rule>(unit, own, ruleOf, previous);
    const certificateHash = this.certificateHash(unit);
    const certificates =
      unit.protocol !== "HTTPS"
        ? null
        : known?.certificateHash === certificateHash
          ? known.certificates
          : this.makeCertificates(unit);
    const streams = buildStreamSite(unit, streamRoutes, this.streamContext);
    return { unit, hash, index, router, streams, streamRoutes, certificates, certificateHash };
  }

  /**
   * Rules of an unchanged route over unchanged clusters are kept: filters keep their state. False: the unit is the
   * same, but its rules had to be made anew, so a router that holds the old ones cannot be used again.
   */
  private buildRoute(
    route: RouteUnit,
    listener: { name: string; index: number },
    known: BuiltRoute | undefined,
    built: BuiltRoutes,
  ): boolean {
    if (known !== undefined && this.hasSameClusters(route, known)) {
      built.set(route, known);
      return true;
    }
    const clusters = route.rules.flatMap((rule) =>
      rule.backends.map(({ cluster }) => this.clusterOf(cluster)),
    );
    const context = this.ruleContext();
    const rules = route.rules.map((rule) => buildRule(route, rule, listener, context));
    built.set(route, { clusters, rules, checkedAt: this.clusterChanges });
    return known === undefined;
  }

  private hasSameClusters(route: RouteUnit, known: BuiltRoute): boolean {
    if (known.checkedAt === this.clusterChanges) return true;
    let at = 0;
    for (const rule of route.rules) {
      for (const backend of rule.backends) {
        if (known.clusters[at++] !== this.clusterOf(backend.cluster)) return false;
      }
    }
    known.checkedAt = this.clusterChanges;
    return true;
  }

  private clusterOf(name: string | null): Cluster | null {
    return name === null ? null : (this.clusters.get(name) ?? null);
  }

  private ruleContext(): RuleContext {
    return {
      clock: this.clock,
      random: this.random,
      filters: this.options.filters,
      lane: this.options.lane,
      shared: this.options.shared,
      flow: this.flowContext,
      cluster: (name) => this.clusters.get(name) ?? null,
      indexOf: (key) => this.indexOf(key),
      data: (name) => this.data.of(name),
      notify: this.options.notify ?? (() => {}),
      onFilterProblem: (route, filter, error) =>
        this.options.log("error", `route ${route}: filter ${filter} cannot be built, its rule answers 500`, {
          cause: error instanceof Error ? error.message : String(error),
        }),
    };
  }

  private certificateHash(unit: ListenerUnit): string {
    const names = unit.servers.flatMap((server) => server.tls?.certificates ?? []);
    const hashes = names.map((name) => this.units.get(`secret:${name}`)?.hash ?? "");
    const servers = unit.servers.map(({ hostname, tls: own }) => [hostname, own]);
    return JSON.stringify([servers, hashes, unit.clientValidation]);
  }

  private makeCertificates(unit: ListenerUnit): ServerCertificates {
    const servers = unit.servers.flatMap((server) =>
      server.tls === null
        ? []
        : [
            {
              hostname: server.hostname,
              tls: server.tls,
              secrets: server.tls.certificates.flatMap((name) => this.secret(name) ?? []),
            },
          ],
    );
    return new ServerCertificates(servers, this.ticketKeysFor(unit), unit.clientValidation ?? null);
  }

  /** Tickets of one set of servers are no tickets at another: the key is derived per listener and set. */
  private ticketKeysFor(unit: ListenerUnit): Buffer {
    const hash = createHash("sha512")
      .update(this.ticketKeys)
      .update(`${unit.name} ${this.certificateHash(unit)}`);
    return hash.digest().subarray(0, 48);
  }

  private secret(name: string): SecretUnit | undefined {
    return this.units.get(`secret:${name}`)?.unit as SecretUnit | undefined;
  }

  private challenges(): AcmeChallengeUnit[] {
    const found: AcmeChallengeUnit[] = [];
    for (const { unit } of this.units.values()) if (unit.kind === "acme-challenge") found.push(unit);
    return found;
  }

  private makeChallengeCertificates(): void {
    const units = this.challenges();
    const hash = units.map((unit) => this.units.get(unitKey(unit))!.hash).join(" ");
    if (hash === this.challengeHash) return;
    this.challengeHash = hash;
    const made = new ChallengeCertificates(units);
    this.challengeCertificates = made.isEmpty ? null : made;
  }

  private indexOf(key: string): number {
    return this.indexes.get(key) ?? -1;
  }

  // The swap

  private updateBound(next: NextListener): void {
    const bound = this.bound.get(next.unit.name);
    if (bound === undefined || bound.report.error !== null || bound.unit.protocol !== next.unit.protocol)
      return;
    const { listener, udp } = bound;
    if (listener instanceof DatagramListener) {
      udp!.update(next.unit, next.streamRoutes);
      listener.update(udp!, next.unit.settings);
    } else {
      listener.update(this.handlerOf(next), next.streams, next.unit.settings, next.certificates);
      listener.setChallenges(this.challengeCertificates);
    }
    bound.unit = next.unit;
    bound.hash = next.hash;
    bound.router = next.router;
    bound.certificates = next.certificates;
    bound.certificateHash = next.certificateHash;
  }

  private handlerOf({ unit, index, router }: NextListener): RequestHandler {
    const info = { listener: unit.name, listenerIndex: index, route: "", rule: "", routeIndex: -1 };
    const site: Site = {
      router: unit.protocol === "HTTP" ? withHttpChallenges(router, this.challenges(), info) : router,
      forwarded: new ForwardedHeaders(unit.settings.forwarded),
      priorityHeader: PriorityHeader.of(unit.settings.overload),
      info,
    };
    const { proxy } = this;
    return {
      servers: unit.servers.map(({ id }) => id),
      serverOf: (authority) => router.findServer(authority)?.id ?? "",
      open: (request, isLast, peer, sink) => proxy.open(request, isLast, peer, sink, site),
    };
  }

  /** Listeners that left are drained, those that are new are bound; one whose protocol changed is both. */
  private async bindAll(next: readonly NextListener[]): Promise<void> {
    const wanted = new Map(next.map((listener) => [listener.unit.name, listener]));
    const left: Promise<void>[] = [];
    for (const [name, bound] of this.bound) {
      const listener = wanted.get(name);
      if (
        listener !== undefined &&
        listener.unit.protocol === bound.unit.protocol &&
        bound.report.error === null
      ) {
        continue;
      }
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
      for (const { unit } of this.units.values()) {
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
    const { lane } = this.options;
    const udp = new UdpSite(unit, this.streamContext);
    udp.update(unit, next.streamRoutes);
    const listener = new DatagramListener({
      address: unit.address,
      port: unit.port,
      descriptor: this.takeAdopted(unit)[0] ?? null,
      clock: this.clock,
      wheel: this.wheel,
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
    const { lane } = this.options;
    const listener = new Listener({
      address: unit.address,
      port: unit.port,
      reusePort: this.options.reusePort,
      descriptors: this.takeAdopted(unit),
      clock: this.clock,
      random: this.random,
      wheel: this.wheel,
      handler: this.handlerOf(next),
      settings: unit.settings,
      certificates: next.certificates,
      streams: next.streams,
      observer: {
        onConnectionOpened: () => lane.connectionOpened(index),
        onConnectionClosed: () => lane.connectionClosed(index),
        onConnectionRefused: (kind) => lane.refused(kind),
        onHandshake: (isDone, isResumed) => lane.tlsHandshake(index, isDone, isResumed),
        onRequestRefused: (fault, peer) => this.observer.refused(index, fault, peer),
        onConnectionBroken: (fault, peer) => this.observer.broken(fault, peer),
      },
    });
    listener.setChallenges(this.challengeCertificates);
    const report = await openWithPatience(listener, unit);
    this.bound.set(unit.name, { ...next, listener, udp: null, report });
  }

  /** Once: a socket that was closed is bound like any other. */
  private takeAdopted({ name }: ListenerUnit): readonly number[] {
    const descriptors = this.adopted.get(name) ?? [];
    this.adopted.delete(name);
    return descriptors;
  }

  private dropClusters(): void {
    for (const [name, cluster] of this.clusters) {
      if (this.units.has(`cluster:${name}`)) continue;
      cluster.close();
      this.clusters.delete(name);
      this.clusterChanges++;
      this.clusterHashes.delete(name);
    }
  }

  // The rest of life

  /** This worker asks endpoints whether they are healthy from now on. */
  takeOverChecks(): void {
    this.ledger.isChecker = true;
    this.healthChannel?.tellAll();
    for (const cluster of this.clusters.values()) cluster.takeOverChecks();
  }

  setTicketKeys(keys: Buffer): void {
    this.ticketKeys = keys;
    for (const { listener, unit } of this.bound.values()) {
      if (listener instanceof Listener) listener.setTicketKeys(this.ticketKeysFor(unit));
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

  /** No new connections; exchanges in flight finish, what is left after `timeoutMs` is cut. See Listener.drain. */
  async drain(timeoutMs: number, handsOver = false): Promise<void> {
    const open = [...this.bound.values()].filter((bound) => bound.report.error === null);
    const all = [...open.map(({ listener }) => listener), ...this.leaving];
    await Promise.all(all.map((listener) => listener.drain(timeoutMs, handsOver)));
  }

  /** After `drain`: closes what is kept alive. */
  async close(): Promise<void> {
    this.healthChannel?.close();
    for (const cluster of this.clusters.values()) cluster.close();
    this.monitor.close();
    this.shedder.close();
    this.wheel.close();
    await this.options.accessLog?.close();
  }

  /** For log rotation. A file that cannot be opened leaves the old one in use, and says so. */
  async reopenLog(): Promise<void> {
    try {
      await this.options.accessLog?.reopen();
    } catch (error) {
      this.options.log("error", "the access log could not be reopened and goes on in the old file", {
        cause: (error as Error).message,
      });
    }
  }
}

/** A worker has one event loop: what the most demanding of its listeners asks of it. */
function loopTargetOf(listeners: readonly NextListener[]): number {
  const targets = listeners.map(({ unit }) => unit.settings.overload.targetDelayMs).filter((ms) => ms > 0);
  return Math.min(...targets, Infinity);
}

/** The key of the unit with the system's roots. */
const systemAuthorities = unitKey({ kind: "authorities", name: "system" });

const dataPrefix = unitKey({ kind: "data", name: "" });

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
