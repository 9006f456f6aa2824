import { CLUSTER, GROUPS } from "@heddle/engine/observe";
import { makeKey } from "../resources/index.ts";
import type { CanaryPlan } from "../compile/index.ts";
import type { Totals } from "./figures.ts";

export const policy = makeKey("heddle.dev", "TrafficPolicy", "shop", "orders");

export function makePlan(over: Partial<CanaryPlan> = {}): CanaryPlan {
  return {
    id: "shop/orders/0",
    policy,
    stable: ["v1"],
    canary: ["v2"],
    steps: [
      { weight: 5, pauseMs: 60_000 },
      { weight: 50, pauseMs: 60_000 },
    ],
    analysis: {
      maxErrorPercent: 1,
      maxLatencyP99Ms: Infinity,
      maxLatencyRatio: Infinity,
      minRequests: 100,
      intervalMs: 10_000,
    },
    revision: "",
    ...over,
  };
}

/** Counters of clusters in the test's hand. */
export class FakeTotals implements Totals {
  private readonly cells = new Map<string, Float64Array>();

  totals(key: string): Float64Array | null {
    return this.cells.get(key)?.slice() ?? null;
  }

  /** `requests` came, of which `errors` failed; their heads took so long that they fall into that bucket (5: 10 to 20 ms). */
  count(cluster: string, requests: number, errors = 0, bucket = 5): void {
    const key = `cluster:${cluster}`;
    const cells = this.cells.get(key) ?? new Float64Array(GROUPS.cluster.stride);
    this.cells.set(key, cells);
    cells[1]! += requests - errors;
    cells[4]! += errors;
    cells[CLUSTER.histogram + bucket]! += requests;
  }

  /** gRPC calls whose status is the server's fault. */
  countGrpcErrors(cluster: string, calls: number): void {
    this.count(cluster, calls);
    this.cells.get(`cluster:${cluster}`)![CLUSTER.grpcErrors]! += calls;
  }
}
