import type { FaultCode } from "@heddle/engine/base";
import type { HedgeSpec, RetrySpec } from "@heddle/engine/model";
import type { HTTPRouteFilter, TrafficPolicySpec } from "../../resources/index.ts";
import type { PolicyKind } from "../attach/index.ts";
import { withAdaptiveConcurrency } from "../backends/adaptive-concurrency.ts";
import { compileBalancing } from "../backends/balancing.ts";
import { withLimits } from "../backends/cluster-limits.ts";
import type { ClusterPlan } from "../backends/cluster-plan.ts";
import { faultsConfig } from "../routes/faults-config.ts";
import { GRPC_STATUS_CODES } from "../routes/grpc-status-codes.ts";
import { healthCheckSpec } from "../backends/health-check.ts";
import type { PolicySource } from "./policy-source.ts";
import type { RuleSource } from "../routes/rule-source.ts";
import { durationMs, retryOf } from "../routes/route-settings.ts";

/** TrafficPolicies: a route's own word goes before them. */
export const trafficPolicy: PolicyKind<TrafficPolicySpec, "TrafficPolicy"> = {
  kind: "TrafficPolicy",
  targets: [
    "Gateway",
    "ListenerSet",
    "HTTPRoute",
    "GRPCRoute",
    "TCPRoute",
    "TLSRoute",
    "UDPRoute",
    "Service",
    "Backend",
  ],
  fields: {
    "timeouts.request": "rule",
    "timeouts.backendRequest": "rule",
    retry: "rule",
    hedge: "rule",
    canary: "rule",
    cors: "rule",
    grpcWeb: "rule",
    priority: "rule",
    faults: "rule",
    "mirror.maxConcurrent": "rule",
    "mirror.maxBufferedBytes": "rule",
    "timeouts.sessionIdle": "stream",
    balancing: "cluster",
    healthCheck: "cluster",
    "timeouts.connect": "cluster",
    "timeouts.idle": "cluster",
    "outlier.consecutiveGatewayFaults": "cluster",
    "outlier.consecutiveLocalOriginFaults": "cluster",
    "outlier.successRate": "cluster",
    "outlier.latency": "cluster",
    "outlier.baseEjectionTime": "cluster",
    "outlier.maxEjectionTime": "cluster",
    "outlier.maxEjectedPercent": "cluster",
    "retryBudget.percent": "cluster",
    "retryBudget.minPerSecond": "cluster",
    "retryBudget.window": "cluster",
    "circuitBreaker.maxConnections": "cluster",
    "circuitBreaker.maxPending": "cluster",
    "circuitBreaker.maxRetries": "cluster",
    "circuitBreaker.maxRequests": "cluster",
    "connection.maxAge": "cluster",
    "connection.jitter": "cluster",
    "connection.maxRequests": "cluster",
    "connection.tcpKeepAlive": "cluster",
    "connection.warm": "cluster",
    adaptiveConcurrency: "cluster",
  },
  backendFields: ["timeouts.request", "timeouts.backendRequest", "retry"],
  failure: "open",
  ownRuleFields: ({ timeouts, retry, filters }) => [
    ...(timeouts === undefined ? [] : ["timeouts.request", "timeouts.backendRequest"]),
    ...(retry === null ? [] : ["retry"]),
    ...(hasCors(filters) ? ["cors"] : []),
  ],
  ownClusterFields: ({ healthCheck }) => (healthCheck === undefined ? [] : ["healthCheck"]),
  emit: {
    rule: (rule, { spec, sources }) => withCanarySource(withTraffic(rule, spec), spec, sources),
    stream: (stream, { spec: { timeouts } }) =>
      timeouts?.sessionIdle === undefined ? stream : { ...stream, idleMs: durationMs(timeouts.sessionIdle) },
    cluster: (cluster, { spec }) =>
      withAdaptiveConcurrency(withLimits(withHealthCheck(withBalancing(cluster, spec), spec), spec), spec),
  },
};

function withBalancing(plan: ClusterPlan, { balancing }: Partial<TrafficPolicySpec>): ClusterPlan {
  if (balancing === undefined) return plan;
  const { upstream } = plan;
  return { ...plan, upstream: { ...upstream, balancing: compileBalancing(balancing, upstream.balancing) } };
}

const hasCors = (filters: RuleSource["filters"]) => filters.some(({ type }) => type === "CORS");

function withTraffic(
  rule: RuleSource,
  { timeouts, retry, hedge, cors, grpcWeb, priority, faults, mirror }: Partial<TrafficPolicySpec>,
): RuleSource {
  const filter: HTTPRouteFilter[] =
    cors === undefined || hasCors(rule.filters) ? [] : [{ type: "CORS", cors }];
  return {
    ...rule,
    // First, as it answers preflights, and marks what other filters answer.
    filters: [...filter, ...rule.filters],
    timeouts: rule.timeouts ?? timeouts,
    retry: rule.retry ?? retrySpec(retry),
    translatesGrpcWeb: grpcWeb === undefined ? rule.translatesGrpcWeb : grpcWeb === "Translate",
    ...(priority !== undefined && { priority }),
    ...(faults !== undefined && { faults: faultsConfig(faults) }),
    ...(mirror !== undefined && { mirror }),
    ...(hedge !== undefined && { hedge: hedgeSpec(hedge) }),
  };
}

/** A Backend's own check goes before; nothing can be asked of a port of UDP. */
function withHealthCheck(plan: ClusterPlan, { healthCheck }: Partial<TrafficPolicySpec>): ClusterPlan {
  if (healthCheck === undefined || plan.healthCheck !== undefined) return plan;
  if (plan.transport === "UDP" && healthCheck.port === undefined) return plan;
  return { ...plan, healthCheck: healthCheckSpec(healthCheck) };
}

type RetriedFault = NonNullable<NonNullable<TrafficPolicySpec["retry"]>["on"]>[number];

/** What each of them is called in the data plane. */
const faultCodes: Readonly<Record<RetriedFault, readonly FaultCode[]>> = {
  ConnectFailure: ["HDL_UPSTREAM_CONNECT_FAILED", "HDL_UPSTREAM_CONNECT_TIMEOUT", "HDL_UPSTREAM_TLS_FAILED"],
  RefusedStream: ["HDL_UPSTREAM_REFUSED"],
  ResetBeforeHeaders: ["HDL_UPSTREAM_RESET", "HDL_UPSTREAM_STALE", "HDL_UPSTREAM_MALFORMED"],
  AttemptTimeout: ["HDL_UPSTREAM_TIMEOUT"],
};

function withCanarySource(
  rule: RuleSource,
  { canary }: Partial<TrafficPolicySpec>,
  sources: readonly PolicySource[],
): RuleSource {
  const source = sources.find(({ field }) => field === "canary");
  if (canary === undefined || source === undefined) return rule;
  return { ...rule, canary: { spec: canary, policy: source.policy } };
}

function hedgeSpec({
  delay,
  percentile = 0,
  maxAttempts,
}: NonNullable<TrafficPolicySpec["hedge"]>): HedgeSpec {
  return { delayMs: durationMs(delay), percentile, maxAttempts };
}

function retrySpec(retry: TrafficPolicySpec["retry"]): RetrySpec | null {
  if (retry === undefined) return null;
  const { grpcCodes, on, nonIdempotent = false, holdBytes, retryAfter = "Ignore", ...http } = retry;
  return {
    ...retryOf(http)!,
    ...(grpcCodes !== undefined && {
      grpcCodes: grpcCodes.map((name) => GRPC_STATUS_CODES[name]).sort((a, b) => a - b),
    }),
    ...(on !== undefined && { faults: on.flatMap((one) => faultCodes[one]).sort() }),
    ...(nonIdempotent && { repeatsEffects: true }),
    ...(holdBytes !== undefined && { holdBytes }),
    ...(retryAfter === "Respect" && { obeysRetryAfter: true }),
  };
}
