import type { Backend } from "../resources/index.ts";
import { planBackend } from "./backend-cluster.ts";
import { clusterUnit, endpointsUnit } from "./cluster-unit.ts";
import type { CompileOptions, HashedUnit } from "./compile-io.ts";
import type { CompileProblem } from "./compile-problem.ts";
import { readResource, readSlices, type FactReader } from "./facts.ts";
import { hashUnit } from "./hash-unit.ts";
import { serviceEndpoints } from "./service-endpoints.ts";

export interface ClusterResult {
  readonly units: readonly HashedUnit[];
  readonly problems: readonly CompileProblem[];
}

const nothing: ClusterResult = { units: [], problems: [] };

/** The units of a cluster that a route names: "service/namespace/name/port" or "backend/namespace/name". */
export function compileCluster(name: string, facts: FactReader, options: CompileOptions): ClusterResult {
  const [type, namespace = "", resource = "", port = ""] = name.split("/");
  return type === "service"
    ? compileService(name, namespace, resource, Number(port), facts, options)
    : compileBackend(name, readResource(facts, "Backend", namespace, resource), facts, options);
}

function compileService(
  name: string,
  namespace: string,
  resource: string,
  port: number,
  facts: FactReader,
  options: CompileOptions,
): ClusterResult {
  const service = readResource(facts, "Service", namespace, resource);
  if (service === undefined) return nothing;
  const slices = readSlices(facts, namespace, resource);
  const { endpoints, problems } = serviceEndpoints(service, port, slices, options.controlAddresses ?? []);
  return {
    units: [hashUnit(clusterUnit(name, null, options)), hashUnit(endpointsUnit(name, endpoints))],
    problems,
  };
}

function compileBackend(
  name: string,
  backend: Backend | undefined,
  facts: FactReader,
  options: CompileOptions,
): ClusterResult {
  if (backend === undefined) return nothing;
  const { endpoints, tls } = planBackend(backend, facts, options.controlAddresses ?? []);
  return {
    units: [hashUnit(clusterUnit(name, tls, options)), hashUnit(endpointsUnit(name, endpoints))],
    problems: [],
  };
}
