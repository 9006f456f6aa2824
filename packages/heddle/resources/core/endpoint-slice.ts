import { isIPv4, isIPv6 } from "node:net";
import type { Static } from "typebox";
import { defineKind, type ResourceOf } from "../kind.ts";
import { choice, flag, list, mapOf, optional, struct, text, withDefault } from "../schema/build.ts";
import { type Rule, unique } from "../schema/rule.ts";
import { portName, portNumber, protocol } from "./port.ts";

/** The label by which an EndpointSlice belongs to a Service. */
export const serviceNameLabel = "kubernetes.io/service-name";

const objectReferenceSchema = struct({
  apiVersion: optional(text()),
  fieldPath: optional(text()),
  kind: optional(text()),
  name: optional(text()),
  namespace: optional(text()),
  resourceVersion: optional(text()),
  uid: optional(text()),
});

const named = list(struct({ name: text() }), { maxItems: 8 });

const endpointSchema = struct({
  addresses: list(text(), { minItems: 1, maxItems: 100 }),
  conditions: optional(
    struct({ ready: optional(flag()), serving: optional(flag()), terminating: optional(flag()) }),
  ),
  deprecatedTopology: optional(mapOf(text())),
  hints: optional(struct({ forNodes: optional(named), forZones: optional(named) })),
  hostname: optional(text({ maxLength: 63 })),
  nodeName: optional(text()),
  targetRef: optional(objectReferenceSchema),
  zone: optional(text()),
});
export type Endpoint = Static<typeof endpointSchema>;

const endpointPortSchema = struct({
  appProtocol: optional(text()),
  name: withDefault(text({ ...portName, pattern: "^$|^[a-z0-9]([-a-z0-9]*[a-z0-9])?$" }), ""),
  port: optional(portNumber),
  protocol: withDefault(protocol, "TCP"),
});
export type EndpointPort = Static<typeof endpointPortSchema>;

const dnsName = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

const isAddress = {
  IPv4: isIPv4,
  IPv6: (address: string) => isIPv6(address) && !address.includes("%"),
  FQDN: (address: string) => address.length <= 253 && dnsName.test(address),
};

/** Every address has the form that `addressType` names. */
const addressesFitType: Rule = {
  name: "addresses-fit-type",
  message: "address must have the form that addressType names: IPv4, IPv6 or FQDN (a DNS name)",
  offender(self) {
    const { addressType, endpoints } = self as {
      addressType: keyof typeof isAddress;
      endpoints: Endpoint[];
    };
    const fits = isAddress[addressType];
    for (const [index, { addresses }] of endpoints.entries()) {
      const bad = addresses.findIndex((address) => !fits(address));
      if (bad !== -1) return `endpoints[${index}].addresses[${bad}]`;
    }
    return undefined;
  },
};

export const endpointSliceKind = defineKind({
  group: "discovery.k8s.io",
  version: "v1",
  kind: "EndpointSlice",
  plural: "endpointslices",
  namespaced: true,
  fields: {
    addressType: choice(["IPv4", "IPv6", "FQDN"]),
    endpoints: withDefault(list(endpointSchema, { maxItems: 1000 }), []),
    ports: withDefault(
      list(endpointPortSchema, {
        maxItems: 100,
        rules: [
          unique<EndpointPort>(
            "endpoint-port-name-unique",
            "port name must be unique within the EndpointSlice",
            ({ name }) => name,
          ),
        ],
      }),
      [],
    ),
  },
  rules: [addressesFitType],
});
/** Some endpoints of the Service that the label `kubernetes.io/service-name` names. */
export type EndpointSlice = ResourceOf<typeof endpointSliceKind>;
