import type { ClusterSettings, OutlierSpec } from "../model/index.ts";
import type { Endpoint, OutlierReason } from "./endpoint.ts";
import { latencyOutliers } from "./latency-outliers.ts";
import { OutlierWindow } from "./outlier-window.ts";
import type { Outlier, OutlierTest } from "./outlier-window.ts";
import { successRateOutliers } from "./success-rate-outliers.ts";

/** What becomes of what is found out. */
export interface OutlierHome {
  expel(outlier: Outlier, reason: OutlierReason, nowMs: number): void;
  /** It is like the others again. */
  acquit(endpoint: Endpoint): void;
}

/** Finds endpoints that do worse than the others: by success rate, by latency. */
export class Outliers {
  private readonly home: OutlierHome;
  private successRate: OutlierWindow | null = null;
  private latency: OutlierWindow | null = null;

  constructor(home: OutlierHome) {
    this.home = home;
  }

  /** What settings that did not change have counted so far stays. */
  update({ successRateOutliers: rate, latencyOutliers: latency }: ClusterSettings): void {
    this.successRate = windowOf(rate, this.successRate, successRateOutliers);
    this.latency = windowOf(latency, this.latency, latencyOutliers);
  }

  /** An attempt ended well, or not. */
  judged(endpoint: Endpoint, isGood: boolean, nowMs: number): void {
    if (this.successRate === null) return;
    if (this.successRate.isDue(nowMs)) this.close(this.successRate, "success-rate", nowMs);
    this.successRate.add(endpoint, isGood ? 1 : 0);
  }

  /** A response head came. */
  answered(endpoint: Endpoint, latencyMs: number, nowMs: number): void {
    if (this.latency === null) return;
    if (this.latency.isDue(nowMs)) this.close(this.latency, "latency", nowMs);
    this.latency.add(endpoint, latencyMs);
  }

  private close(window: OutlierWindow, reason: OutlierReason, nowMs: number): void {
    const { outliers, judged } = window.close(nowMs);
    for (const outlier of outliers) this.home.expel(outlier, reason, nowMs);
    for (const { endpoint } of judged) {
      if (endpoint.standsOut !== reason || endpoint.isEjected) continue;
      if (!outliers.some((outlier) => outlier.endpoint === endpoint)) this.home.acquit(endpoint);
    }
  }
}

function windowOf(
  spec: OutlierSpec | undefined,
  known: OutlierWindow | null,
  test: OutlierTest,
): OutlierWindow | null {
  if (spec === undefined) return null;
  if (known !== null && JSON.stringify(known.spec) === JSON.stringify(spec)) return known;
  return new OutlierWindow(spec, test);
}

export const looksForOutliers = ({ successRateOutliers: rate, latencyOutliers: latency }: ClusterSettings) =>
  rate !== undefined || latency !== undefined;
