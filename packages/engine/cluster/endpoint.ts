import { hashText } from "../base/index.ts";
import type { Peer } from "../message/index.ts";
import { endpointName } from "../model/index.ts";
import type { EndpointSpec } from "../model/index.ts";
import { AddressChoice } from "../net/index.ts";
import { Pool } from "./pool.ts";
import type { PoolHome, PoolPlace } from "./pool.ts";

/** What an endpoint needs of its cluster, beside what its connections need. */
export interface EndpointHome extends PoolHome {
  /** An endpoint became available, or ceased to be. */
  onAvailability(endpoint: Endpoint): void;
}

/** What an endpoint did worse than the others. */
export type OutlierReason = "success-rate" | "latency";

/**
 * One endpoint of a cluster as this worker sees it: load, latency, health, and its connections.
 *
 *   available ──(n faults in a row)──► ejected ──(time is up: one request probes)──► available
 *                                         ▲───────────(the probe fails: longer)─────────┘
 *
 * Lives across snapshots as long as the cluster names it, so neither connections nor what was learned are lost.
 */
export class Endpoint implements PoolPlace {
  readonly name: string;
  /** What session persistence hands to clients: tells endpoints apart without naming addresses. */
  readonly sessionId: string;
  readonly address: string;
  readonly port: number;
  /** Under which DNS found it; "" where it was not asked. */
  hostname = "";
  /** The address in the other family; "" for none. */
  alternative = "";
  /** Null where there is one address. */
  choice: AddressChoice | null = null;
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
  silentSinceMs = Infinity;
  /** Neither ejected nor unhealthy. */
  isAvailable = true;
  /** When it joined or recovered; -Infinity: with the cluster's first endpoints. */
  rampFromMs = -Infinity;
  private ejected = false;
  private healthy = true;
  /** Out of the configuration: finishes its exchanges, takes no new ones. */
  isRemoved = false;
  consecutiveFaults = 0;
  /** Those without any answer, where they are counted apart. */
  consecutiveLocalFaults = 0;
  ejectedUntilMs = 0;
  /** Ejections in a row; each makes the next one longer. */
  ejections = 0;
  isProbing = false;
  /** It was ejected for what it did over an interval, so that one good answer is no proof; "" else. */
  standsOut: OutlierReason | "" = "";
  /** Its ejection was told of, and when one was the last time. */
  isEjectionTold = false;
  ejectionToldMs = -Infinity;
  /** A probe that takes longer has failed. */
  slowAboveMs = Infinity;
  /** Open and opening connections, idle ones included. */
  connections = 0;
  /** The last connection that was tried could not be made. */
  hasRefused = false;
  /** Of everybody's exchanges. */
  readonly pool: Pool;
  /** By client's connection, where each has its own; see `poolFor`. */
  private clients: Map<Peer, Pool> | null = null;
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
    this.pool = new Pool(this, null, home);
  }

  /** Takes over what a changed configuration says of it. */
  place(spec: EndpointSpec): void {
    this.weight = spec.weight;
    this.priority = spec.priority ?? 0;
    this.zone = spec.zone;
    this.node = spec.node ?? "";
    this.forZones = spec.forZones ?? null;
    this.hostname = spec.hostname ?? "";
    const { alternative = "" } = spec;
    if (alternative === this.alternative) return;
    this.alternative = alternative;
    this.choice = alternative === "" ? null : new AddressChoice([this.address, alternative]);
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

  /**
   * The pool of one client's connection, so that what says "this is that client" carries no other's exchanges: address
   * and port of a header are those of one connection. It ends with the client's connection. Callers without one
   * (health checks, calls beside an exchange) share the pool that speaks for nobody.
   */
  poolFor(peer: Peer | null): Pool {
    const memo = peer?.memo;
    if (peer === null || memo === undefined) return this.pool;
    const clients = (this.clients ??= new Map());
    const known = clients.get(peer);
    if (known !== undefined) return known;
    const pool = new Pool(this, peer, this.home);
    if (memo.isGone) {
      pool.close();
      return pool;
    }
    clients.set(peer, pool);
    memo.onGone(() => {
      clients.delete(peer);
      pool.close();
    });
    return pool;
  }

  /** Those of the clients that came first, first. */
  dropIdle(): boolean {
    for (const pool of this.clientPools()) if (pool.dropIdle()) return true;
    return this.pool.dropIdle();
  }

  closeIdle(): void {
    this.pool.closeIdle();
    for (const pool of this.clientPools()) pool.closeIdle();
  }

  private clientPools(): Iterable<Pool> {
    return this.clients?.values() ?? [];
  }

  onOpening(): void {
    this.connections++;
    this.home.observer.upstreamOpened(this.home.index, this.index);
  }

  onConnectionGone(): void {
    this.connections--;
    this.home.observer.upstreamClosed(this.home.index, this.index);
    this.home.onRoom(this);
  }
}
