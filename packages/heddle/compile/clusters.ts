import type { ClusterProtocol, ClusterTls, EndpointSpec, HealthCheckSpec } from "@heddle/engine/model";
import type { Backend } from "../resources/index.ts";
import {
  isReachable,
  readOverHttp2,
  readTransport,
  servicePortProtocol,
  type Transport,
} from "./app-protocol.ts";
import { planBackend } from "./backend-cluster.ts";
import { policyTls } from "./backend-tls.ts";
import { clusterUnit, endpointsUnit } from "./cluster-unit.ts";
import type { CompileOptions, HashedUnit } from "./compile-io.ts";
import type { CompileProblem } from "./compile-problem.ts";
import { readResource, readSlices, type FactReader } from "./facts.ts";
import { readClusterName } from "./gateway-settings.ts";
import { hashUnit } from "./hash-unit.ts";
import { durationMs } from "./route-settings.ts";
import { serviceEndpoints } from "./service-endpoints.ts";
import { tlsPolicyFor } from "./tls-policy-for.ts";

export interface ClusterResult {
  /** The name without that of its settings. */
  readonly target: string;
  readonly units: readonly HashedUnit[];
  readonly problems: readonly CompileProblem[];
}

interface ClusterPlan {
  readonly protocol: ClusterProtocol;
  readonly endpoints: readonly EndpointSpec[];
  readonly tls: ClusterTls | null;
  readonly healthCheck?: HealthCheckSpec;
  readonly problems: readonly CompileProblem[];
}

/** The units of a cluster that a route names: "service/namespace/name/port" or "backend/namespace/name", with "+h2" where a GRPCRoute asks for HTTP/2, "+tcp" for connections and "+udp" for datagrams as they are, and "@settings" where there are some. */
export function compileCluster(name: string, facts: FactReader, options: CompileOptions): ClusterResult {
  const { target, upstream } = readClusterName(name, facts, options);
  const { place: untyped, transport } = readTransport(target);
  const { place, isHttp2 } = readOverHttp2(untyped);
  const [type, namespace = "", resource = "", port = ""] = place.split("/");
  const found =
    type === "service"
      ? planService(namespace, resource, Number(port), transport, facts, options)
      : planHeddleBackend(namespace, resource, facts, options);
  if (found === null) return { target, units: [], problems: [] };
  const units = [
    clusterUnit(name, isHttp2 ? "http2" : found.protocol, found.tls, upstream, found.healthCheck),
    endpointsUnit(name, found.endpoints),
  ];
  return { target, units: units.map((unit) => hashUnit(unit)), problems: found.problems };
}

function planService(
  namespace: string,
  name: string,
  port: number,
  transport: Transport | null,
  facts: FactReader,
  options: CompileOptions,
): ClusterPlan | null {
  const service = readResource(facts, "Service", namespace, name);
  if (service === undefined) return null;
  const slices = readSlices(facts, namespace, name);
  const protocol = servicePortProtocol(service, port);
  const controlAddresses = options.controlAddresses ?? [];
  const found = serviceEndpoints(service, port, transport, slices, controlAddresses);
  // Streams are passed on as they are.
  const own =
    transport !== null ? undefined : service.spec.ports?.find((one) => one.port === port && isReachable(one));
  const policy = own && tlsPolicyFor(namespace, name, own, facts);
  return { protocol, ...found, tls: policy === undefined ? null : policyTls(namespace, policy, facts) };
}

function planHeddleBackend(
  namespace: string,
  name: string,
  facts: FactReader,
  options: CompileOptions,
): ClusterPlan | null {
  const backend = readResource(facts, "Backend", namespace, name);
  if (backend === undefined) return null;
  const { protocol, endpoints, tls } = planBackend(backend, facts, options.controlAddresses ?? []);
  return { protocol, endpoints, tls, ...healthCheckOf(backend), problems: [] };
}

function healthCheckOf({ spec }: Backend): { healthCheck?: HealthCheckSpec } {
  if (spec.healthCheck === undefined) return {};
  const { grpc, interval, timeout, unhealthyAfter, healthyAfter } = spec.healthCheck;
  const times = { intervalMs: durationMs(interval), timeoutMs: durationMs(timeout) };
  return { healthCheck: { service: grpc.service, ...times, unhealthyAfter, healthyAfter } };
}
