import type { AdaptiveConcurrencySpec } from "@heddle/engine/model";
import type { TrafficPolicySpec } from "../../resources/index.ts";
import type { ClusterPlan } from "./cluster-plan.ts";
import { durationMs } from "../routes/route-settings.ts";

/** A cluster with the limit on concurrency that a policy asks for. */
export function withAdaptiveConcurrency(
  plan: ClusterPlan,
  { adaptiveConcurrency: asked }: Partial<TrafficPolicySpec>,
): ClusterPlan {
  if (asked === undefined) return plan;
  const adaptiveConcurrency: AdaptiveConcurrencySpec = {
    minConcurrency: asked.minConcurrency,
    maxConcurrency: asked.maxConcurrency,
    sampleIntervalMs: durationMs(asked.sampleInterval),
    buffer: asked.bufferPercent / 100,
    baseIntervalMs: durationMs(asked.baseInterval),
    baseJitter: asked.baseJitterPercent / 100,
    baseRequests: asked.baseRequests,
  };
  const { upstream } = plan;
  return { ...plan, upstream: { ...upstream, settings: { ...upstream.settings, adaptiveConcurrency } } };
}
