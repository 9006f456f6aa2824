import type { Clock, Random, TimerWheel } from "../base/index.ts";
import { Cluster, HealthLedger } from "../cluster/index.ts";
import type { EjectionEvents } from "../cluster/index.ts";
import { ClientContexts } from "../identity/index.ts";
import type { ClusterUnit, Unit } from "../model/index.ts";
import type { WorkerLane } from "../observe/index.ts";
import { HealthChannel } from "./health-channel.ts";
import type { Log } from "./messages.ts";
import { systemAuthorities } from "./held-units.ts";
import type { HeldUnits } from "./held-units.ts";

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
  private mayHaveLeft = false;

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

  /** `kinds`: of which there are units that changed since the last time. */
  *build(kinds: ReadonlySet<Unit["kind"]>): Generator<void> {
    const { units } = this;
    if (kinds.isDisjointFrom(madeOf)) return;
    this.mayHaveLeft ||= kinds.has("cluster");
    let seen = 0;
    for (const { unit, hash } of units.values()) {
      if (++seen % 64 === 0) yield;
      if (unit.kind !== "cluster") continue;
      const endpointsHash = units.hashOf(`endpoints:${unit.endpoints}`);
      const index = units.indexOf(`cluster:${unit.name}`);
      const secretHash = units.hashOf(`secret:${unit.tls?.clientCertificate}`);
      const systemHash = unit.tls?.caPem === null ? units.hashOf(systemAuthorities) : "";
      const wholeHash = `${hash} ${endpointsHash} ${index} ${secretHash} ${systemHash}`;
      if (this.hashes.get(unit.name) === wholeHash) continue;
      this.hashes.set(unit.name, wholeHash);
      yield* this.buildCluster(unit, index);
      yield;
    }
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
    yield* cluster.takeEndpoints(endpoints);
    this.clusters.set(unit.name, cluster);
    this.changes++;
  }

  /** Closes those whose units are gone; after the swap, so that nothing new leads to them. */
  drop(): void {
    if (!this.mayHaveLeft) return;
    this.mayHaveLeft = false;
    for (const [name, cluster] of this.clusters) {
      if (this.units.has(`cluster:${name}`)) continue;
      cluster.close();
      this.clusters.delete(name);
      this.changes++;
      this.hashes.delete(name);
    }
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
