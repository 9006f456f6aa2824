import type { Clock, Fault, FaultCode } from "../base/index.ts";
import { observeFailure, observeLatency, observeSilence } from "../balance/index.ts";
import type { ClusterSettings } from "../model/index.ts";
import type { ClusterObserver } from "./cluster-observer.ts";
import type { EjectionEvents } from "./ejection-events.ts";
import { Ejector } from "./ejector.ts";
import type { Endpoint, OutlierReason } from "./endpoint.ts";
import { LatencyQuantiles } from "./latency-quantiles.ts";
import type { Outlier } from "./outlier-window.ts";
import { Outliers, looksForOutliers } from "./outliers.ts";
import type { OutlierHome } from "./outliers.ts";

/** What outcomes need of their cluster. */
export interface OutcomesHome {
  readonly name: string;
  readonly index: number;
  readonly endpoints: readonly Endpoint[];
}

export interface OutcomesContext {
  readonly clock: Clock;
  readonly observer: ClusterObserver;
  /** Default: nobody hears of them. */
  readonly ejections?: EjectionEvents;
}

/** An endpoint that comes and goes is told of at most once in so many milliseconds, and so many of a cluster. */
const TELL_EVERY_MS = 1_000;
const TOLD_AT_ONCE = 10;

/**
 * What becomes of attempts, and what that says of their endpoints: how fast they are, whether they fail, whether one does
 * worse than the others.
 *
 *   started ─► begun (the head came) ─► judged ─► ended
 *      └──────────► failed ────────────────────────┘
 */
export class Outcomes implements OutlierHome {
  /** Attempts under way. */
  inFlight = 0;
  private readonly home: OutcomesHome;
  private readonly clock: Clock;
  private readonly observer: ClusterObserver;
  private readonly events: EjectionEvents | undefined;
  private ejector: Ejector;
  /** Null: endpoints are not compared. */
  private outliers: Outliers | null = null;
  private tellingSinceMs = -Infinity;
  private told = 0;
  /** Kept from when somebody first asks. */
  private latencies: LatencyQuantiles | null = null;

  constructor(
    home: OutcomesHome,
    { clock, observer, ejections }: OutcomesContext,
    settings: ClusterSettings,
  ) {
    this.home = home;
    this.clock = clock;
    this.observer = observer;
    this.events = ejections;
    this.ejector = new Ejector(settings);
    this.compare(settings);
  }

  /** What is known of the endpoints stays. */
  update(settings: ClusterSettings): void {
    this.ejector = new Ejector(settings);
    this.ejector.follow(this.home.endpoints);
    this.compare(settings);
  }

  private compare(settings: ClusterSettings): void {
    if (looksForOutliers(settings)) {
      this.outliers ??= new Outliers(this);
      this.outliers.update(settings);
    } else if (this.outliers !== null) {
      this.outliers = null;
      for (const endpoint of this.home.endpoints) this.acquit(endpoint);
    }
  }

  /** These are the endpoints from now on. */
  follow(endpoints: readonly Endpoint[]): void {
    this.ejector.follow(endpoints);
  }

  /** It is none of them any more. */
  forget(endpoint: Endpoint): void {
    if (!endpoint.isEjected) return;
    endpoint.isEjected = false;
    this.observer.ejectionEnded(endpoint.index);
  }

  /** See Ejector. */
  probeDue(nowMs: number): Endpoint | null {
    return this.ejector.probeDue(nowMs);
  }

  // Told of each attempt; the contract is with Cluster's methods of these names

  started(endpoint: Endpoint): void {
    endpoint.inFlight++;
    this.inFlight++;
    if (endpoint.silentSinceMs === Infinity) endpoint.silentSinceMs = this.clock.now();
    this.observer.attemptStarted(this.home.index, endpoint.index);
  }

  answered(endpoint: Endpoint, status: number, latencyMs: number, isWhole: boolean): boolean {
    this.begun(endpoint, latencyMs);
    const hasFailed = status === 502 || status === 503 || status === 504;
    const isVerdict = hasFailed || isWhole || endpoint.isEjected;
    if (!isVerdict) return false;
    this.compared(endpoint, status >= 500);
    if (hasFailed) this.blame(endpoint, false, `status ${status}`);
    else this.praise(endpoint);
    return true;
  }

  begun(endpoint: Endpoint, latencyMs: number): void {
    endpoint.silentSinceMs = Infinity;
    const nowMs = this.clock.now();
    observeLatency(endpoint, latencyMs, nowMs);
    if (this.latencies !== null) this.latencies.observe(latencyMs);
    if (this.outliers === null) return;
    this.ejector.answered(endpoint, latencyMs, nowMs);
    this.outliers.answered(endpoint, latencyMs, nowMs);
  }

  judged(endpoint: Endpoint, hasFailed: boolean, isError: boolean): void {
    this.compared(endpoint, isError);
    if (hasFailed) this.blame(endpoint, false, "an answer that says that it cannot serve");
    else this.praise(endpoint);
  }

  private compared(endpoint: Endpoint, isError: boolean): void {
    if (this.outliers !== null) this.outliers.judged(endpoint, !isError, this.clock.now());
  }

  failed(endpoint: Endpoint, fault: Fault): void {
    if (fault.source !== "upstream" || BLAMELESS.has(fault.code)) return;
    observeFailure(endpoint, this.clock.now());
    this.compared(endpoint, true);
    this.blame(endpoint, true, fault.message);
  }

  ended(endpoint: Endpoint, hasFailed: boolean): void {
    endpoint.inFlight--;
    this.inFlight--;
    if (endpoint.inFlight === 0 && endpoint.silentSinceMs !== Infinity) {
      observeSilence(endpoint, this.clock.now());
      endpoint.silentSinceMs = Infinity;
    }
    endpoint.isProbing = false;
    this.observer.attemptEnded(this.home.index, endpoint.index, hasFailed);
  }

  private praise(endpoint: Endpoint): void {
    if (!this.ejector.praise(endpoint)) return;
    this.observer.ejectionEnded(endpoint.index);
    if (!endpoint.isEjectionTold) return;
    endpoint.isEjectionTold = false;
    this.events?.readmitted(this.home.name, endpoint.name);
  }

  private blame(endpoint: Endpoint, isLocal: boolean, what: string): void {
    const nowMs = this.clock.now();
    const isNew = this.ejector.blame(endpoint, nowMs, isLocal);
    if (isNew) this.observer.endpointEjected(this.home.index, endpoint.index);
    // A probe that fails tells of an ejection that came too soon after another to be told of.
    if (endpoint.isEjected && !endpoint.isEjectionTold) {
      this.tell(endpoint, `its requests fail: ${what}`, nowMs);
    }
  }

  private tell(endpoint: Endpoint, reason: string, nowMs: number): void {
    if (nowMs - endpoint.ejectionToldMs < TELL_EVERY_MS) return;
    if (nowMs - this.tellingSinceMs >= TELL_EVERY_MS) {
      this.tellingSinceMs = nowMs;
      this.told = 0;
    }
    if (this.told++ >= TOLD_AT_ONCE) return;
    endpoint.isEjectionTold = true;
    endpoint.ejectionToldMs = nowMs;
    this.events?.ejected(this.home.name, endpoint.name, reason);
  }

  latencyAt(percent: number): number {
    this.latencies ??= new LatencyQuantiles();
    return this.latencies.at(percent);
  }

  // OutlierHome

  expel(outlier: Outlier, reason: OutlierReason, nowMs: number): void {
    if (!this.ejector.expel(outlier, reason, nowMs)) return;
    const what =
      reason === "latency" ? "it is slower than the others" : "it fails more often than the others";
    this.observer.endpointEjected(this.home.index, outlier.endpoint.index);
    this.tell(outlier.endpoint, what, nowMs);
  }

  acquit(endpoint: Endpoint): void {
    this.ejector.acquit(endpoint);
  }
}

/** Ends of connections that are part of their life, and say nothing of the endpoint. */
const BLAMELESS: ReadonlySet<FaultCode> = new Set(["HDL_UPSTREAM_STALE", "HDL_UPSTREAM_REFUSED"]);
