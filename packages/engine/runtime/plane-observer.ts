import type { Clock, Fault } from "../base/index.ts";
import type { Exchange, Peer } from "../message/index.ts";
import { AccessRecord, OncePerSecond } from "../observe/index.ts";
import type { WorkerLane } from "../observe/index.ts";
import type { ExchangeObserver } from "../proxy/index.ts";
import type { Log } from "./messages.ts";

/** Takes finished exchanges as lines. Must not block. */
export interface AccessLog {
  write(record: AccessRecord): void;
  reopen(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Counts exchanges, writes the access log, and keeps account of which Snapshot versions are still in use. Faults are
 * logged at most once per code and second, with the number of those that were not.
 */
export class PlaneObserver implements ExchangeObserver {
  private readonly clock: Clock;
  private readonly lane: WorkerLane;
  private readonly accessLog: AccessLog | null;
  private readonly log: Log;
  private readonly rate = new OncePerSecond<string>();
  /** Exchanges in flight by the Snapshot version they began in. */
  private readonly inFlight = new Map<number, number>();
  version = 0;
  private current = 0;
  active = 0;
  onOldVersionDone: () => void = () => {};
  onIdle: () => void = () => {};

  constructor(clock: Clock, lane: WorkerLane, accessLog: AccessLog | null, log: Log) {
    this.clock = clock;
    this.lane = lane;
    this.accessLog = accessLog;
    this.log = log;
  }

  /** A new Snapshot is in force. */
  swapped(version: number): void {
    if (this.current > 0) this.inFlight.set(this.version, this.current);
    this.version = version;
    this.current = this.inFlight.get(version) ?? 0;
    this.inFlight.delete(version);
  }

  /** The oldest version that an exchange still holds. */
  get oldestVersion(): number {
    let oldest = this.version;
    for (const version of this.inFlight.keys()) oldest = Math.min(oldest, version);
    return oldest;
  }

  exchangeStarted(exchange: Exchange): void {
    exchange.snapshotVersion = this.version;
    this.current++;
    this.active++;
    this.lane.requestStarted(exchange.match.listenerIndex);
  }

  exchangeEnded(exchange: Exchange): void {
    this.active--;
    if (exchange.snapshotVersion === this.version) this.current--;
    else this.oldEnded(exchange.snapshotVersion);
    this.lane.recordExchange(exchange);
    if (this.accessLog !== null) this.accessLog.write(new AccessRecord(exchange, this.clock.wallMs()));
    const { fault } = exchange;
    if (fault !== null) this.logFault(fault, exchange);
    if (this.active === 0) this.onIdle();
  }

  private oldEnded(version: number): void {
    const left = (this.inFlight.get(version) ?? 1) - 1;
    if (left > 0) {
      this.inFlight.set(version, left);
      return;
    }
    this.inFlight.delete(version);
    this.onOldVersionDone();
  }

  retried(_exchange: Exchange, _fault: Fault | null): void {}

  /** A request that never became an exchange. */
  refused(listenerIndex: number, fault: Fault, peer: Peer): void {
    this.lane.requestRefused(listenerIndex, fault.code);
    this.logLimited(fault, { client: peer.address });
  }

  /** A connection that was ended for what its client did. */
  broken(fault: Fault, peer: Peer): void {
    this.lane.refused(fault.code === "HDL_DOWNSTREAM_FLOOD" ? "http2-flood" : "http2-protocol-error");
    this.logLimited(fault, { client: peer.address });
  }

  private logFault(fault: Fault, exchange: Exchange): void {
    if (fault.code === "HDL_NO_ROUTE" || fault.code === "HDL_DOWNSTREAM_RESET") return;
    this.logLimited(fault, { route: exchange.match.route, endpoint: exchange.endpoint });
  }

  private logLimited(fault: Fault, fields: Record<string, unknown>): void {
    const admitted = this.rate.admit(fault.code, this.clock.now());
    if (admitted < 0) return;
    const level = fault.source === "downstream" ? "info" : "warn";
    const suppressed = admitted > 0 ? { suppressed: admitted } : {};
    const cause = fault.cause instanceof Error ? { cause: fault.cause.message } : {};
    this.log(level, `${fault.code}: ${fault.message}`, { ...fields, ...cause, ...suppressed });
  }
}
