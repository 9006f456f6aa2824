import type { ClusterUnit, EndpointSpec, EndpointsUnit } from "@heddle/engine/model";
import { settleBalancing } from "./balancing.ts";
import type { CompileOptions } from "../io/compile-io.ts";
import type { ClusterPlan } from "./cluster-plan.ts";

export function clusterUnit(name: string, plan: ClusterPlan, options: CompileOptions): ClusterUnit {
  const { protocol, tls, proxyProtocol, healthCheck } = plan;
  const { balancing, settings, clientCertificate } = plan.upstream;
  const ownTls = tls === null || clientCertificate === undefined ? tls : { ...tls, clientCertificate };
  return {
    kind: "cluster",
    name,
    protocol,
    endpoints: name,
    balancing: settleBalancing(balancing, name, options),
    tls: ownTls,
    settings,
    ...(proxyProtocol !== undefined && { proxyProtocol }),
    ...(healthCheck !== undefined && { healthCheck }),
  };
}

/** Sorted, each address and port once, so that the order of sources makes no difference. */
export function endpointsUnit(name: string, endpoints: readonly EndpointSpec[]): EndpointsUnit {
  const byPlace = new Map<string, EndpointSpec>();
  for (const endpoint of endpoints) {
    const place = `${endpoint.address} ${endpoint.port}`;
    const other = byPlace.get(place);
    // Where sources differ in the zone, one that names it is better, and the lower name as good as any.
    if (other === undefined || zoneRank(endpoint) < zoneRank(other)) byPlace.set(place, endpoint);
  }
  const sorted = [...byPlace].sort(([a], [b]) => (a < b ? -1 : 1));
  return { kind: "endpoints", name, endpoints: sorted.map(([, endpoint]) => endpoint) };
}

const zoneRank = ({ zone }: EndpointSpec) => (zone === "" ? "\uffff" : zone);
