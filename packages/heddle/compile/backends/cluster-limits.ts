import type { ClusterSettings, OutlierSpec, TcpKeepAlive } from "@heddle/engine/model";
import { parseDurationMs, type TrafficPolicySpec } from "../../resources/index.ts";
import type { ClusterPlan } from "./cluster-plan.ts";

/** A cluster with the times, limits and habits that a policy gives; what it does not say stays as it is. */
export function withLimits(plan: ClusterPlan, spec: Partial<TrafficPolicySpec>): ClusterPlan {
  const limits = limitsOf(spec);
  if (Object.keys(limits).length === 0) return plan;
  const { upstream } = plan;
  const { maxConnectionAgeMs } = limits;
  const http2 = { ...upstream.settings.http2, ...given({ maxConnectionAgeMs }) };
  return { ...plan, upstream: { ...upstream, settings: { ...upstream.settings, ...limits, http2 } } };
}

function limitsOf({
  timeouts = {},
  outlier = {},
  retryBudget = {},
  circuitBreaker = {},
  connection = {},
}: Partial<TrafficPolicySpec>): Partial<ClusterSettings> {
  return given({
    connectTimeoutMs: ms(timeouts.connect),
    idleTimeoutMs: ms(timeouts.idle),
    ejectAfterFaults: outlier.consecutiveGatewayFaults,
    ejectAfterLocalFaults: outlier.consecutiveLocalOriginFaults,
    successRateOutliers: outliersOf(outlier.successRate),
    latencyOutliers: outliersOf(outlier.latency),
    ejectMs: ms(outlier.baseEjectionTime),
    maxEjectMs: ms(outlier.maxEjectionTime),
    maxEjectedShare: share(outlier.maxEjectedPercent),
    retryBudgetRatio: share(retryBudget.percent),
    retryBudgetMinPerSecond: retryBudget.minPerSecond,
    retryBudgetWindowMs: ms(retryBudget.window),
    maxConnectionsPerEndpoint: circuitBreaker.maxConnections,
    maxPending: circuitBreaker.maxPending,
    maxRetries: circuitBreaker.maxRetries,
    maxRequests: circuitBreaker.maxRequests,
    maxConnectionAgeMs: ms(connection.maxAge),
    connectionAgeJitterMs: ms(connection.jitter),
    maxRequestsPerConnection: connection.maxRequests,
    warmConnections: connection.warm,
    tcpKeepAlive: keepAliveOf(connection.tcpKeepAlive),
  });
}

function outliersOf(
  asked: NonNullable<TrafficPolicySpec["outlier"]>["successRate" | "latency"],
): OutlierSpec | undefined {
  if (asked === undefined) return undefined;
  const { factor, interval, minimumEndpoints, minimumRequests } = asked;
  return {
    intervalMs: ms(interval)!,
    factor,
    minEndpoints: minimumEndpoints,
    minRequests: minimumRequests,
  };
}

function keepAliveOf(
  asked: NonNullable<TrafficPolicySpec["connection"]>["tcpKeepAlive"],
): TcpKeepAlive | undefined {
  return asked === undefined ? undefined : { timeMs: ms(asked.time)!, intervalMs: ms(asked.interval)! };
}

const ms = (time: string | undefined): number | undefined =>
  time === undefined ? undefined : (parseDurationMs(time) ?? undefined);

const share = (percent: number | undefined): number | undefined =>
  percent === undefined ? undefined : percent / 100;

/** Those that are there. */
function given(settings: {
  readonly [K in keyof ClusterSettings]?: ClusterSettings[K] | undefined;
}): Partial<ClusterSettings> {
  return Object.fromEntries(
    Object.entries(settings).filter(([, value]) => value !== undefined),
  ) as Partial<ClusterSettings>;
}
