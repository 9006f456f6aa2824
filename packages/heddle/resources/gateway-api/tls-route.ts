import { isIPv4 } from "node:net";
import type { Static } from "typebox";
import { defineKind, type ResourceOf } from "../kind.ts";
import { list, optional, struct } from "../schema/build.ts";
import { everyItem, type Rule } from "../schema/rule.ts";
import { hostname } from "./names.ts";
import { gatewayGroup } from "./parent-reference.ts";
import { routeFields, routeSpecFields } from "./route.ts";
import { manyStreamRules, oneStreamRule } from "./stream-route.ts";

const dnsName = /^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*)$/;

const hostnameRules: Rule[] = [
  // The form of a host name leaves no room for an IPv6 address.
  everyItem<string>("hostname-no-ip", "Hostnames cannot contain an IP", (host) => !isIPv4(host)),
  everyItem<string>(
    "hostname-valid",
    "Hostnames must be valid based on RFC-1123",
    (host) => host.includes("*") || dnsName.test(host),
  ),
  everyItem<string>(
    "wildcard-first",
    "Wildcards on hostnames must be the first label, and the rest of hostname must be valid based on RFC-1123",
    (host) => !host.includes("*") || (host.startsWith("*.") && dnsName.test(host.slice(2))),
  ),
];

const specSchema = struct({
  hostnames: list(hostname, { minItems: 1, maxItems: 1024, rules: hostnameRules }),
  ...routeSpecFields,
  rules: oneStreamRule,
});
export type TLSRouteSpec = Static<typeof specSchema>;

const alphaSpecSchema = struct({
  hostnames: optional(list(hostname, { maxItems: 1024 })),
  ...routeSpecFields,
  rules: manyStreamRules,
});

const fields = routeFields(specSchema);

export const tlsRouteKind = defineKind({
  group: gatewayGroup,
  version: "v1",
  kind: "TLSRoute",
  plural: "tlsroutes",
  namespaced: true,
  fields,
  otherVersions: { v1alpha3: fields, v1alpha2: routeFields(alphaSpecSchema) },
});
/** How TLS connections go to backends, by the name that the client asks for. */
export type TLSRoute = ResourceOf<typeof tlsRouteKind>;
