import type { Clock, Random, TimerWheel } from "../base/index.ts";
import { Cluster, HealthLedger } from "../cluster/index.ts";
import type { EjectionEvents } from "../cluster/index.ts";
import { ClientContexts } from "../identity/index.ts";
import { unitKey } from "../model/index.ts";
import type { ClusterUnit, Unit } from "../model/index.ts";
import type { WorkerLane } from "../observe/index.ts";
import { HealthChannel } from "./health-channel.ts";
import type { Log } from "./messages.ts";
import { systemAuthorities } from "./held-units.ts";
import type { HeldUnit, HeldUnits, UnitChanges } from "./held-units.ts";

export interface PlaneClustersOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly wheel: TimerWheel;
  readonly lane: WorkerLane;
  /** See WorkerStart. */
  readonly isChecker: boolean;
  /** See WorkerStart; "" for none. */
  readonly healthChannel: string;
  readonly log: Log;
}

/** Kinds of units that clusters are made of. */
const madeOf: ReadonlySet<Unit["kind"]> = new Set(["cluster", "endpoints", "secret", "authorities"]);

/** Of so many clusters and endpoints that changed all are looked through. */
const MAX_CHANGED_KEYS = 256;
const clusterPrefix = unitKey({ kind: "cluster", name: "" });
const endpointsPrefix = unitKey({ kind: "endpoints", name: "" });

/** The clusters of a worker. They outlive swaps: one whose units did not change keeps its connections. */
export class PlaneClusters {
  private readonly options: PlaneClustersOptions;
  private readonly units: HeldUnits;
  private readonly clusters = new Map<string, Cluster>();
  /** Of all that a cluster was built from, by its name. */
  private readonly hashes = new Map<string, string>();
  private readonly contexts = new ClientContexts();
  private readonly ledger: HealthLedger;
  private readonly ejections: EjectionEvents;
  private readonly healthChannel: HealthChannel | null;
  /** How often a cluster was opened or dropped: between two changes every name stands for the same one. */
  changes = 0;
  /** Opened or dropped. */
  private renewed = new Set<string>();
  private readonly mayHaveLeft = new Set<string>();
  /** Whether the last build came to its end: what another had taken of the changes is gone, and all is looked through. */
  private isWhole = false;
  /** Those whose endpoints have another name than they, which is rare: they are always looked at. */
  private readonly withOtherEndpoints = new Set<string>();

  constructor(options: PlaneClustersOptions, units: HeldUnits) {
    const { isChecker, healthChannel: channel } = options;
    this.options = options;
    this.units = units;
    this.ledger = new HealthLedger(isChecker);
    this.ledger.onFound = ({ cluster, endpoint, isHealthy }, problem) => {
      const what = isHealthy
        ? "counts as healthy again"
        : `fails its health checks, and is left out: ${problem}`;
      options.log(isHealthy ? "info" : "warn", `${endpoint} of ${cluster} ${what}`);
    };
    this.ejections = {
      ejected: (cluster, endpoint, reason) =>
        options.log("warn", `${endpoint} of ${cluster} is left out: ${reason}`),
      readmitted: (cluster, endpoint) =>
        options.log("info", `${endpoint} of ${cluster} does its work again, and is let in`),
    };
    this.healthChannel =
      channel === ""
        ? null
        : new HealthChannel(channel, this.ledger, ({ cluster, endpoint, isHealthy }) =>
            this.clusters.get(cluster)?.learnHealth(endpoint, isHealthy),
          );
  }

  find(name: string): Cluster | null {
    return this.clusters.get(name) ?? null;
  }

  /** Names that stand for another cluster, or for none any more, since it was asked last. */
  takeRenewed(): ReadonlySet<string> {
    const { renewed } = this;
    this.renewed = new Set();
    return renewed;
  }

  /** Of few clusters and endpoints that changed no others are looked at, where the last build came to its end. */
  *build(changes: UnitChanges): Generator<void> {
    const { isWhole } = this;
    if (isWhole && changes.kinds.isDisjointFrom(madeOf)) return;
    this.isWhole = false;
    let seen = 0;
    if (!isWhole) for (const name of this.clusters.keys()) this.mayHaveLeft.add(name);
    for (const key of changes.keys) {
      const isGone = key.startsWith(clusterPrefix) && !this.units.has(key);
      if (isGone) this.mayHaveLeft.add(key.slice(clusterPrefix.length));
      if (++seen % 256 === 0) yield;
    }
    for (const held of isWhole ? this.concerned(changes) : this.units.values()) {
      if (++seen % 64 === 0) yield;
      if (held.unit.kind === "cluster") yield* this.take(held.unit, held.hash);
    }
    this.isWhole = true;
  }

  private concerned({ kinds, keys }: UnitChanges): Iterable<HeldUnit> {
    // Who has a secret, or the system's roots, is written nowhere.
    const isLarge = kinds.has("secret") || kinds.has("authorities") || keys.size > MAX_CHANGED_KEYS;
    if (isLarge) return this.units.values();
    const names = new Set(this.withOtherEndpoints);
    for (const key of keys) {
      const prefix = key.startsWith(clusterPrefix) ? clusterPrefix : endpointsPrefix;
      names.add(key.slice(prefix.length));
    }
    return [...names].flatMap((name) => this.units.find(`${clusterPrefix}${name}`) ?? []);
  }

  private *take(unit: ClusterUnit, hash: string): Generator<void> {
    const { units } = this;
    if (unit.endpoints === unit.name) this.withOtherEndpoints.delete(unit.name);
    else this.withOtherEndpoints.add(unit.name);
    const endpointsHash = units.hashOf(`${endpointsPrefix}${unit.endpoints}`);
    const index = units.indexOf(`${clusterPrefix}${unit.name}`);
    const secretHash = units.hashOf(`secret:${unit.tls?.clientCertificate}`);
    const systemHash = unit.tls?.caPem === null ? units.hashOf(systemAuthorities) : "";
    const wholeHash = `${hash} ${endpointsHash} ${index} ${secretHash} ${systemHash}`;
    if (this.hashes.get(unit.name) === wholeHash) return;
    this.hashes.delete(unit.name);
    yield* this.buildCluster(unit, index);
    this.hashes.set(unit.name, wholeHash);
    yield;
  }

  private *buildCluster(unit: ClusterUnit, index: number): Generator<void> {
    const { units, ledger } = this;
    const endpoints = units.endpoints(unit.endpoints);
    const own = units.secret(unit.tls?.clientCertificate ?? "");
    const dialTls = this.contexts.dialTlsOf(unit, own, units.systemAuthorities());
    const known = this.clusters.get(unit.name);
    if (known !== undefined) {
      known.update(unit, dialTls, index);
      yield* known.takeEndpoints(endpoints);
      return;
    }
    const { clock, random, wheel, lane: observer } = this.options;
    const indexOf = (key: string): number => units.indexOf(key);
    const context = { clock, random, wheel, observer, ledger, ejections: this.ejections, indexOf };
    const cluster = new Cluster(unit, dialTls, index, context);
    let isReady = false;
    try {
      yield* cluster.takeEndpoints(endpoints);
      isReady = true;
    } finally {
      if (!isReady) cluster.close();
    }
    this.clusters.set(unit.name, cluster);
    this.renew(unit.name);
  }

  private renew(name: string): void {
    this.changes++;
    this.renewed.add(name);
  }

  /** Closes those whose units are gone; after the swap, so that nothing new leads to them. */
  drop(): void {
    for (const name of this.mayHaveLeft) {
      const cluster = this.clusters.get(name);
      if (cluster === undefined || this.units.has(`${clusterPrefix}${name}`)) continue;
      cluster.close();
      this.clusters.delete(name);
      this.withOtherEndpoints.delete(name);
      this.hashes.delete(name);
      this.renew(name);
    }
    this.mayHaveLeft.clear();
  }

  takeOverChecks(): void {
    this.ledger.isChecker = true;
    this.healthChannel?.tellAll();
    for (const cluster of this.clusters.values()) cluster.takeOverChecks();
  }

  close(): void {
    this.healthChannel?.close();
    for (const cluster of this.clusters.values()) cluster.close();
  }
}
