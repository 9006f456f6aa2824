import type { HealthCheckSpec } from "../model/index.ts";
import type { Endpoint } from "./endpoint.ts";
import { HealthChecks } from "./health-checks.ts";
import type { HealthHome } from "./health-checks.ts";
import type { HealthLedger } from "./health-ledger.ts";

/** What health needs of its cluster beside what checks do. */
export interface ClusterHealthHome extends HealthHome {
  readonly name: string;
  readonly endpoints: readonly Endpoint[];
  /** An endpoint is held for healthy, or not any more. */
  healthChanged(endpoint: Endpoint): void;
}

/**
 * What health checks say of the endpoints of one cluster: this worker makes them, or learns from the one that does.
 * Without checks all are healthy.
 */
export class ClusterHealth {
  private readonly home: ClusterHealthHome;
  private readonly ledger: HealthLedger;
  private spec: HealthCheckSpec | undefined;
  private checks: HealthChecks | null = null;

  constructor(spec: HealthCheckSpec | undefined, home: ClusterHealthHome, ledger: HealthLedger) {
    this.spec = spec;
    this.home = home;
    this.ledger = ledger;
    this.start(false);
  }

  update(spec: HealthCheckSpec | undefined): void {
    if (JSON.stringify(spec) === JSON.stringify(this.spec)) return;
    this.spec = spec;
    this.checks?.stop();
    this.start(false);
    if (spec === undefined) for (const endpoint of this.home.endpoints) this.forget(endpoint);
  }

  /** An endpoint that joins: another worker may know it already. */
  greet(endpoint: Endpoint): void {
    if (this.spec !== undefined) this.set(endpoint, this.ledger.isHealthy(this.home.name, endpoint.name));
  }

  follow(endpoints: readonly Endpoint[]): void {
    this.checks?.follow(endpoints);
  }

  /** This worker asks from now on: the one that did is gone. */
  takeOver(): void {
    if (this.checks === null) this.start(true);
  }

  /** The cluster's TLS has changed. */
  reconnect(): void {
    this.checks?.reconnect();
  }

  stop(): void {
    this.checks?.stop();
  }

  /** Another worker has found it out. */
  learn(endpoint: Endpoint, isHealthy: boolean): void {
    if (this.spec !== undefined) this.set(endpoint, isHealthy);
  }

  /** This worker has found it out. */
  found(endpoint: Endpoint, isHealthy: boolean, problem: string): void {
    this.set(endpoint, isHealthy);
    const verdict = { cluster: this.home.name, endpoint: endpoint.name, isHealthy };
    this.ledger.tell(verdict);
    this.ledger.onFound(verdict, problem);
  }

  /** Nobody asks it any more. */
  forget(endpoint: Endpoint): void {
    this.set(endpoint, true);
    const verdict = { cluster: this.home.name, endpoint: endpoint.name, isHealthy: true };
    if (this.ledger.isChecker) this.ledger.tell(verdict);
    else this.ledger.learn(verdict);
  }

  private start(isTakeover: boolean): void {
    const isOwn = this.spec !== undefined && this.ledger.isChecker;
    this.checks = isOwn ? new HealthChecks(this.spec!, this.home, isTakeover) : null;
    this.checks?.follow(this.home.endpoints);
  }

  private set(endpoint: Endpoint, isHealthy: boolean): void {
    if (endpoint.isHealthy === isHealthy) return;
    endpoint.isHealthy = isHealthy;
    this.home.healthChanged(endpoint);
  }
}
