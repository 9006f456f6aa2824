import type { Place } from "./network.ts";
import { times as usualTimes, type ChaosTimes } from "./times.ts";

const origins = { kind: "Service", name: "origins" };

export interface Balancing {
  algorithm: string;
}

interface ChaosSetup {
  port: number;
  places: readonly Place[];
  /** TrafficPolicies with `times`; else Heddle's defaults alone */
  hasPolicy: boolean;
  times?: ChaosTimes;
  balancing?: Balancing | undefined;
}

/** A Gateway, a route, and a Service with one EndpointSlice for each origin, since each has a port of its own. */
export function chaosResources({
  port,
  places,
  hasPolicy,
  balancing,
  times = usualTimes,
}: ChaosSetup): object[] {
  const slices = places.map(({ address, port: at }, i) => ({
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: { name: `origins-${i}`, labels: { "kubernetes.io/service-name": "origins" } },
    addressType: "IPv4",
    ports: [{ name: "http", port: at }],
    endpoints: [{ addresses: [address] }],
  }));
  const backendRefs = [{ name: "origins", port: 80 }];
  const policies = hasPolicy ? [clusterPolicy(balancing, times), ...rulePolicies(times)] : [];
  return [
    {
      apiVersion: "gateway.networking.k8s.io/v1",
      kind: "Gateway",
      metadata: { name: "edge" },
      spec: {
        gatewayClassName: "heddle",
        addresses: [{ type: "IPAddress", value: "127.0.0.1" }],
        listeners: [{ name: "http", protocol: "HTTP", port }],
      },
    },
    {
      apiVersion: "gateway.networking.k8s.io/v1",
      kind: "HTTPRoute",
      metadata: { name: "all" },
      spec: {
        parentRefs: [{ name: "edge" }],
        rules: [
          { name: "reads", matches: [{ method: "GET" }], backendRefs },
          { name: "others", backendRefs },
        ],
      },
    },
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "origins" },
      spec: { ports: [{ name: "http", port: 80 }] },
    },
    ...slices,
    ...policies,
    ...(balancing !== undefined && !hasPolicy ? [policy("balancing", origins, { balancing })] : []),
  ];
}

function policy(name: string, target: object, fields: object): object {
  return {
    apiVersion: "heddle.dev/v1alpha1",
    kind: "TrafficPolicy",
    metadata: { name },
    spec: { targetRefs: [target], ...fields },
  };
}

function clusterPolicy(
  balancing: Balancing | undefined,
  { connectMs, checkMs, checkThreshold, faultThreshold }: ChaosTimes,
): object {
  return policy("cluster", origins, {
    ...(balancing === undefined ? {} : { balancing }),
    timeouts: { connect: `${connectMs}ms` },
    outlier: { consecutiveGatewayFaults: faultThreshold },
    healthCheck: {
      http: { path: "/healthz" },
      interval: `${checkMs}ms`,
      timeout: `${checkMs}ms`,
      unhealthyThreshold: checkThreshold,
      healthyThreshold: checkThreshold,
    },
  });
}

/** Answers that say "not now" are tried again of reads alone; of others only what was never sent. */
function rulePolicies({ attemptMs }: ChaosTimes): object[] {
  const timeouts = { backendRequest: `${attemptMs}ms` };
  const rule = (sectionName: string) => ({ kind: "HTTPRoute", name: "all", sectionName });
  const always = { attempts: 3, backoff: "5ms" };
  return [
    policy("reads", rule("reads"), {
      timeouts,
      retry: { ...always, codes: [502, 503, 504], holdBytes: 131_072 },
    }),
    policy("others", rule("others"), { timeouts, retry: always }),
  ];
}
