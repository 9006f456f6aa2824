import type { ResourceKey } from "../../resources/index.ts";

/** What compile asks of the part that shifts traffic to canaries: one for each rule that has one. */
export interface CanaryPlan {
  /** Of the rule: "shop/orders/0", "grpcroute/shop/orders/pay". */
  readonly id: string;
  readonly policy: ResourceKey;
  /** Clusters of each, by name: more than one where Gateways reach them under settings of their own. */
  readonly stable: readonly string[];
  readonly canary: readonly string[];
  readonly steps: readonly CanaryStep[];
  readonly analysis: CanaryAnalysis;
  readonly revision: string;
}

export interface CanaryStep {
  /** Percent of the requests. */
  readonly weight: number;
  readonly pauseMs: number;
}

/** Bounds of the canary. Infinity: there is none. */
export interface CanaryAnalysis {
  readonly maxErrorPercent: number;
  readonly maxLatencyP99Ms: number;
  readonly maxLatencyRatio: number;
  readonly minRequests: number;
  readonly intervalMs: number;
}
