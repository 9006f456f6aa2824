import { hash } from "node:crypto";
import {
  gatewayGroup,
  makeKey,
  nameMismatch,
  type ResourceKey,
  type Service,
  type ServicePort,
} from "../../resources/index.ts";
import { defaultControllerName, type CompileOptions } from "../io/compile-io.ts";
import { readPresence, type FactReader } from "../pass/facts.ts";
import { isServed, type GatewayPlan } from "./gateway-plan.ts";
import { makeFinding, type Finding } from "../io/status.ts";

/** The label of everything that is generated for a Gateway (GEP-1762). */
const gatewayNameLabel = "gateway.networking.k8s.io/gateway-name";

/** The Service that is generated for a Gateway. */
export interface GatewayService {
  /** Null where the name is taken, and where nothing is served. */
  readonly service: Service | null;
  readonly taken: Finding | null;
}

/**
 * A Service for each Gateway that serves anything, after GEP-1762: it shows clients of the API where the Gateway is
 * reached, under the labels and annotations of `spec.infrastructure`. Nothing is sent through it. A Service that
 * somebody declared keeps its name, and so does that of the older Gateway.
 */
export function planGatewayServices(
  plans: readonly GatewayPlan[],
  facts: FactReader,
  { controllerName = defaultControllerName }: CompileOptions,
): ReadonlyMap<ResourceKey, GatewayService> {
  const found = new Map<ResourceKey, GatewayService>();
  const owners = new Map<ResourceKey, GatewayPlan>();
  for (const plan of plans) {
    const service = serviceOf(plan, controllerName);
    if (service === null) continue;
    const { namespace, name } = service.metadata;
    const key = makeKey("", "Service", namespace, name);
    const other = owners.get(key);
    const isDeclared = readPresence(facts, key) !== "absent";
    if (other !== undefined || isDeclared) {
      const who =
        other === undefined ? "is declared" : `is that of the older Gateway ${other.gateway.metadata.name}`;
      const message = `Service ${namespace}/${name} ${who}, so none is generated for this Gateway; rename one of them to see it`;
      found.set(plan.key, { service: null, taken: makeFinding("NameTaken", "metadata.name", message) });
      continue;
    }
    owners.set(key, plan);
    found.set(plan.key, { service, taken: null });
  }
  return found;
}

function serviceOf(plan: GatewayPlan, loadBalancerClass: string): Service | null {
  const ports = portsOf(plan);
  if (ports.length === 0) return null;
  const { metadata, spec } = plan.gateway;
  const { labels = {}, annotations = {} } = spec.infrastructure ?? {};
  const owner = {
    apiVersion: `${gatewayGroup}/v1`,
    kind: "Gateway",
    name: metadata.name,
    uid: metadata.uid ?? "",
    controller: true,
  };
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: {
      name: serviceName(metadata.name, spec.gatewayClassName),
      namespace: metadata.namespace,
      labels: { ...labels, [gatewayNameLabel]: gatewayLabel(metadata.name) },
      ...(Object.keys(annotations).length > 0 && { annotations }),
      ownerReferences: [owner],
    },
    spec: {
      type: "LoadBalancer",
      loadBalancerClass,
      allocateLoadBalancerNodePorts: false,
      ports,
    },
    status: { loadBalancer: { ingress: plan.address.addresses.map((ip) => ({ ip })) } },
  };
}

/** The ports that are served, each once for its transport. */
function portsOf(plan: GatewayPlan): ServicePort[] {
  const found = new Map<string, ServicePort>();
  for (const one of plan.listeners) {
    if (!isServed(plan, one)) continue;
    const { port, protocol } = one.listener;
    const transport = protocol === "UDP" ? "UDP" : "TCP";
    const key = `${transport}/${port}`;
    if (found.has(key)) continue;
    const appProtocol = protocol === "HTTP" || protocol === "HTTPS" ? protocol.toLowerCase() : undefined;
    found.set(key, {
      name: `${protocol.toLowerCase()}-${port}`,
      port,
      protocol: transport,
      targetPort: port,
      ...(appProtocol !== undefined && { appProtocol }),
    });
  }
  return [...found.values()];
}

/** `<gateway>-<class>`; what is no name of a Service is made one, with a hash of the whole so that it stays apart. */
export function serviceName(gateway: string, gatewayClass: string): string {
  const name = `${gateway}-${gatewayClass}`;
  if (nameMismatch(name, "service") === undefined) return name;
  const start = name.replaceAll(".", "-").replace(/^(?=\d)/, "gateway-");
  return `${start.slice(0, 46)}-${hash("sha256", `${gateway}/${gatewayClass}`).slice(0, 16)}`;
}

/** The name, shortened as GEP-1762 says where it is no value of a label. */
export function gatewayLabel(name: string): string {
  return name.length <= 63 ? name : `${name.slice(0, 20)}-${hash("sha1", name.slice(20))}`;
}
