import type { BalancingSpec, HealthCheckSpec } from "@heddle/engine/model";
import { heddleGroup, makeKey, type Backend, type Service } from "../../resources/index.ts";
import {
  isReachable,
  mayEncrypt,
  readOverHttp2,
  readTransport,
  servicePortProtocol,
  type Transport,
} from "./app-protocol.ts";
import { planBackend } from "./backend-cluster.ts";
import { policyTls } from "./backend-tls.ts";
import { affinityOfService, zoneOfService } from "./balancing.ts";
import { clusterUnit, endpointsUnit } from "./cluster-unit.ts";
import type { ClusterPlan } from "./cluster-plan.ts";
import { withPolicies } from "../attach/index.ts";
import { policyKinds } from "../policies/policy-kinds.ts";
import { PolicyPlace, type PolicySource } from "../policies/policy-source.ts";
import type { CompileOptions, HashedUnit } from "../io/compile-io.ts";
import type { CompileProblem } from "../io/compile-problem.ts";
import { readResource, readSlices, type FactReader } from "../pass/facts.ts";
import { readClusterName } from "../gateways/gateway-settings.ts";
import { hashUnit } from "../pass/hash-unit.ts";
import { durationMs } from "../routes/route-settings.ts";
import { serviceEndpoints } from "./service-endpoints.ts";
import { tlsPolicyFor } from "./tls-policy-for.ts";

export interface ClusterResult {
  /** The name without that of its settings. */
  readonly target: string;
  readonly units: readonly HashedUnit[];
  readonly problems: readonly CompileProblem[];
  /** Where what policies say of it comes from. */
  readonly policies: readonly PolicySource[];
}

/** A target as it stands, before policies. */
interface TargetPlan extends Omit<ClusterPlan, "upstream" | "transport"> {
  readonly place: PolicyPlace;
  /** What the Service asks for by itself: near endpoints, the same one for a client. */
  readonly balancing?: Partial<BalancingSpec>;
  readonly problems: readonly CompileProblem[];
}

/** The units of a cluster that a route names: "service/namespace/name/port" or "backend/namespace/name", with "+h2" where a GRPCRoute asks for HTTP/2, "+tcp" for connections, "+tls" for TLS that is passed on unopened and "+udp" for datagrams, and "@settings" where there are some. */
export function compileCluster(name: string, facts: FactReader, options: CompileOptions): ClusterResult {
  const { target, upstream } = readClusterName(name, facts, options);
  const { place: untyped, transport } = readTransport(target);
  const { place, isHttp2 } = readOverHttp2(untyped);
  const [type, namespace = "", resource = "", port = ""] = place.split("/");
  const found =
    type === "service"
      ? planService(namespace, resource, Number(port), transport, facts, options)
      : planHeddleBackend(namespace, resource, transport, facts, options);
  if (found === null) return { target, units: [], problems: [], policies: [] };
  const { place: own, problems, balancing, ...parts } = found;
  const chain = upstream.place === undefined ? [own] : [upstream.place, own];
  const bare = {
    ...parts,
    protocol: isHttp2 ? "http2" : parts.protocol,
    transport,
    upstream:
      balancing === undefined
        ? upstream
        : { ...upstream, balancing: { ...upstream.balancing, ...balancing } },
  } as const;
  const { plan, sources } = withPolicies("cluster", bare, policyKinds, chain, facts);
  const units = [clusterUnit(name, plan, options), endpointsUnit(name, plan.endpoints)];
  return {
    target,
    units: units.map((unit) => hashUnit(unit)),
    problems: [...problems, ...placeProblems(own, plan, options)],
    policies: sources,
  };
}

/** A strict zone fails closed where this Heddle does not know its own: then that is to be said. */
function placeProblems(
  { kind, namespace, name }: PolicyPlace,
  { upstream }: ClusterPlan,
  options: CompileOptions,
): CompileProblem[] {
  if (upstream.balancing.zone?.mode !== "strict" || options.zone !== "") return [];
  const key = makeKey(kind === "Service" ? "" : heddleGroup, kind, namespace, name);
  const message =
    "a policy keeps it to its zone, and this heddle does not know which that is, so it has no endpoints; give --zone or HEDDLE_ZONE";
  return [{ key, path: "", message, severity: "error" }];
}

function planService(
  namespace: string,
  name: string,
  port: number,
  transport: Transport | null,
  facts: FactReader,
  options: CompileOptions,
): TargetPlan | null {
  const service = readResource(facts, "Service", namespace, name);
  if (service === undefined) return null;
  const slices = readSlices(facts, namespace, name);
  const protocol = servicePortProtocol(service, port);
  const controlAddresses = options.controlAddresses ?? [];
  const found = serviceEndpoints(service, port, transport, slices, controlAddresses);
  const ports = service.spec.ports?.filter((one) => one.port === port) ?? [];
  const own = ports.find((one) => isReachable(one, transport));
  const policy = mayEncrypt(transport) && own ? tlsPolicyFor(namespace, name, own, facts) : undefined;
  const tls = policy === undefined ? null : policyTls(namespace, policy, facts);
  const place = new PolicyPlace("Service", namespace, name, own?.name);
  return { protocol, ...found, tls, place, ...balancingOf(service) };
}

function balancingOf({ spec }: Service): Pick<TargetPlan, "balancing"> {
  const zone = zoneOfService(spec.trafficDistribution);
  const affinity = affinityOfService(spec.sessionAffinity);
  if (zone === undefined && affinity === undefined) return {};
  return { balancing: { ...affinity, ...(zone !== undefined && { zone }) } };
}

function planHeddleBackend(
  namespace: string,
  name: string,
  transport: Transport | null,
  facts: FactReader,
  options: CompileOptions,
): TargetPlan | null {
  const backend = readResource(facts, "Backend", namespace, name);
  if (backend === undefined) return null;
  const { protocol, endpoints, tls } = planBackend(backend, facts, options.controlAddresses ?? []);
  const place = new PolicyPlace("Backend", namespace, name);
  const ownTls = mayEncrypt(transport) ? tls : null;
  const more = { ...proxyProtocolOf(backend, transport), ...healthCheckOf(backend) };
  return { protocol, endpoints, tls: ownTls, ...more, place, problems: [] };
}

/** Datagrams belong to no connection that could begin with a header. */
function proxyProtocolOf(
  { spec: { proxyProtocol } }: Backend,
  transport: Transport | null,
): Pick<TargetPlan, "proxyProtocol"> {
  return proxyProtocol === undefined || transport === "UDP" ? {} : { proxyProtocol };
}

function healthCheckOf({ spec }: Backend): { healthCheck?: HealthCheckSpec } {
  if (spec.healthCheck === undefined) return {};
  const { grpc, interval, timeout, unhealthyAfter, healthyAfter } = spec.healthCheck;
  const intervalMs = durationMs(interval);
  const times = { intervalMs, jitterMs: intervalMs / 10, timeoutMs: durationMs(timeout) };
  return { healthCheck: { grpc, port: 0, ...times, unhealthyAfter, healthyAfter } };
}
