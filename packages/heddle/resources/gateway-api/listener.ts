import type { Static } from "typebox";
import { choice, list, mapOf, optional, struct, text, withDefault } from "../schema/build.ts";
import { everyItem, rule, type Rule, unique } from "../schema/rule.ts";
import { labelSelectorSchema } from "./label-selector.ts";
import { annotationValue, group, hostname, kind, portNumber, sectionName } from "./names.ts";
import { gatewayGroup } from "./parent-reference.ts";
import { secretReferenceSchema } from "./reference.ts";

/** Listeners, which Gateways and ListenerSets have alike. */

export const routeGroupKindSchema = struct({ group: withDefault(group, gatewayGroup), kind });
export type RouteGroupKind = Static<typeof routeGroupKindSchema>;

const allowedRoutesSchema = struct({
  kinds: optional(list(routeGroupKindSchema, { maxItems: 8 })),
  namespaces: withDefault(
    struct({
      from: withDefault(choice(["All", "Selector", "Same"]), "Same"),
      selector: optional(labelSelectorSchema),
    }),
    { from: "Same" },
  ),
});
export type AllowedRoutes = Static<typeof allowedRoutesSchema>;

interface TlsSettings {
  mode: string;
  certificateRefs?: unknown[];
  options?: Record<string, string>;
}

const listenerTlsSchema = struct(
  {
    certificateRefs: optional(list(secretReferenceSchema, { maxItems: 64 })),
    mode: withDefault(choice(["Terminate", "Passthrough"]), "Terminate"),
    options: optional(mapOf(annotationValue, { maxProperties: 16 })),
  },
  {
    rules: [
      rule<TlsSettings>(
        "terminate-has-certificate",
        "certificateRefs or options must be specified when mode is Terminate",
        (self) =>
          self.mode !== "Terminate" ||
          (self.certificateRefs?.length ?? 0) > 0 ||
          Object.keys(self.options ?? {}).length > 0,
      ),
    ],
  },
);
export type ListenerTLSConfig = Static<typeof listenerTlsSchema>;

export const listenerSchema = struct({
  allowedRoutes: withDefault(allowedRoutesSchema, { namespaces: { from: "Same" } }),
  hostname: optional(hostname),
  name: sectionName,
  port: portNumber,
  protocol: text({
    minLength: 1,
    maxLength: 255,
    pattern:
      "^[a-zA-Z0-9]([-a-zA-Z0-9]*[a-zA-Z0-9])?$|[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\\/[A-Za-z0-9]+$",
    description: "a protocol: HTTP, HTTPS, TLS, TCP, UDP, or one with a domain such as example.com/bar",
  }),
  tls: optional(listenerTlsSchema),
});
export type Listener = Static<typeof listenerSchema>;

/** The rules on a list of listeners, in the order of the CRDs. */
export const listenerRules: Rule[] = [
  everyItem<Listener>(
    "plain-protocol-without-tls",
    "tls must not be specified for protocols ['HTTP', 'TCP', 'UDP']",
    (l) => !["HTTP", "TCP", "UDP"].includes(l.protocol) || l.tls === undefined,
  ),
  everyItem<Listener>(
    "https-terminates",
    "tls mode must be Terminate for protocol HTTPS",
    (l) => l.protocol !== "HTTPS" || l.tls === undefined || l.tls.mode === "Terminate",
  ),
  everyItem<Listener>(
    "tls-has-mode",
    "tls mode must be set for protocol TLS",
    (l) => l.protocol !== "TLS" || l.tls?.mode !== undefined,
  ),
  everyItem<Listener>(
    "tcp-udp-without-hostname",
    "hostname must not be specified for protocols ['TCP', 'UDP']",
    (l) => !["TCP", "UDP"].includes(l.protocol) || l.hostname === undefined,
  ),
  unique<Listener>(
    "listener-name-unique",
    "Listener name must be unique within the Gateway",
    ({ name }) => name,
  ),
  unique<Listener>(
    "listener-address-unique",
    "Combination of port, protocol and hostname must be unique for each listener",
    ({ port, protocol, hostname = "" }) => `${port} ${protocol} ${hostname}`,
  ),
];
