import type { Static } from "typebox";
import { defineKind, type ResourceOf } from "../kind.ts";
import { conditions } from "../gateway-api/condition.ts";
import {
  choice,
  flag,
  int32,
  intOrString,
  list,
  mapOf,
  optional,
  struct,
  text,
  withDefault,
} from "../schema/build.ts";
import { everyItem, rule, type Rule, unique } from "../schema/rule.ts";
import { portName, portNumber, protocol } from "./port.ts";

const servicePortSchema = struct({
  appProtocol: optional(text()),
  name: optional(portName),
  nodePort: optional(int32({ minimum: 0, maximum: 65535 })),
  port: portNumber,
  protocol: withDefault(protocol, "TCP"),
  targetPort: optional(intOrString()),
});
export type ServicePort = Static<typeof servicePortSchema>;

const servicePortRules: Rule[] = [
  everyItem<ServicePort>(
    "ports-named",
    "name is required where a Service has more than one port",
    (port, ports) => ports.length === 1 || port.name !== undefined,
  ),
  unique<ServicePort>("port-name-unique", "port name must be unique within the Service", ({ name }) => name),
  unique<ServicePort>(
    "port-number-unique",
    "port and protocol must be unique within the Service",
    ({ port, protocol }) => `${protocol} ${port}`,
  ),
  everyItem<ServicePort>(
    "target-port-valid",
    "targetPort must be a number from 1 to 65535 or a port name",
    ({ targetPort }) =>
      targetPort === undefined ||
      (typeof targetPort === "number"
        ? targetPort >= 1 && targetPort <= 65535
        : targetPort.length <= 15 && /^(?=.*[a-z])[a-z0-9]+(-[a-z0-9]+)*$/.test(targetPort)),
  ),
];

interface ServiceShape {
  type: string;
  clusterIP?: string;
  externalName?: string;
  ports?: unknown[];
}

const serviceRules: Rule[] = [
  rule<ServiceShape>(
    "service-has-ports",
    "ports must have at least one entry, unless clusterIP is None or type is ExternalName",
    (self) => self.type === "ExternalName" || self.clusterIP === "None" || (self.ports?.length ?? 0) > 0,
  ),
  rule<ServiceShape>(
    "external-name-given",
    "externalName must be specified when type is ExternalName",
    (self) => self.type !== "ExternalName" || (self.externalName ?? "") !== "",
  ),
];

const serviceSpecSchema = struct(
  {
    allocateLoadBalancerNodePorts: optional(flag()),
    clusterIP: optional(text()),
    clusterIPs: optional(list(text(), { maxItems: 2 })),
    externalIPs: optional(list(text())),
    externalName: optional(text({ maxLength: 253 })),
    externalTrafficPolicy: optional(choice(["Cluster", "Local"])),
    healthCheckNodePort: optional(int32()),
    internalTrafficPolicy: optional(choice(["Cluster", "Local"])),
    ipFamilies: optional(list(choice(["IPv4", "IPv6"]), { maxItems: 2 })),
    ipFamilyPolicy: optional(choice(["SingleStack", "PreferDualStack", "RequireDualStack"])),
    loadBalancerClass: optional(text()),
    loadBalancerIP: optional(text()),
    loadBalancerSourceRanges: optional(list(text())),
    ports: optional(list(servicePortSchema, { rules: servicePortRules })),
    publishNotReadyAddresses: optional(flag()),
    selector: optional(mapOf(text())),
    sessionAffinity: optional(choice(["None", "ClientIP"])),
    sessionAffinityConfig: optional(
      struct({ clientIP: optional(struct({ timeoutSeconds: optional(int32()) })) }),
    ),
    trafficDistribution: optional(text()),
    type: withDefault(choice(["ClusterIP", "NodePort", "LoadBalancer", "ExternalName"]), "ClusterIP"),
  },
  { rules: serviceRules },
);
export type ServiceSpec = Static<typeof serviceSpecSchema>;

const ingressSchema = struct({
  hostname: optional(text()),
  ip: optional(text()),
  ipMode: optional(text()),
  ports: optional(
    list(struct({ error: optional(text()), port: portNumber, protocol: withDefault(protocol, "TCP") })),
  ),
});

const serviceStatusSchema = struct({
  conditions: optional(conditions),
  loadBalancer: optional(struct({ ingress: optional(list(ingressSchema)) })),
});

export const serviceKind = defineKind({
  group: "",
  version: "v1",
  kind: "Service",
  plural: "services",
  shortNames: ["svc"],
  namespaced: true,
  nameForm: "service",
  fields: { spec: serviceSpecSchema, status: optional(serviceStatusSchema) },
});
/** A name for a set of endpoints; as a parent of routes, a place where traffic between workloads enters. */
export type Service = ResourceOf<typeof serviceKind>;
