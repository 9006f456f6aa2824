import type { Static } from "typebox";
import { defineKind, type ResourceOf } from "../kind.ts";
import { choice, int32, keyedList, list, mapOf, optional, struct, withDefault } from "../schema/build.ts";
import { rule, type Rule, unique } from "../schema/rule.ts";
import { addressRules, gatewaySpecAddressSchema, gatewayStatusAddressSchema } from "./gateway-address.ts";
import { listenersStatusFields, pendingStatus } from "./gateway-status.ts";
import { labelSelectorSchema } from "./label-selector.ts";
import { listenerRules, listenerSchema } from "./listener.ts";
import { annotationValue, defaultGatewayScope, labelValue, objectName, portNumber } from "./names.ts";
import { gatewayGroup } from "./parent-reference.ts";
import { localReferenceSchema, objectReferenceSchema, secretReferenceSchema } from "./reference.ts";

const qualifiedName =
  /^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\/)?([A-Za-z0-9][-A-Za-z0-9_.]{0,61})?[A-Za-z0-9]$/;

/** The rules on the keys of labels and annotations. */
function keyRules(noun: "Label" | "Annotation"): Rule[] {
  const lower = noun.toLowerCase();
  return [
    rule<Record<string, string>>(
      `${lower}-keys-qualified`,
      `${noun} keys must be in the form of an optional DNS subdomain prefix followed by a required name segment of up to 63 characters.`,
      (self) => Object.keys(self).every((key) => qualifiedName.test(key)),
    ),
    rule<Record<string, string>>(
      `${lower}-key-prefix-length`,
      `If specified, the ${lower} key's prefix must be a DNS subdomain not longer than 253 characters in total.`,
      (self) => Object.keys(self).every((key) => key.split("/")[0]!.length < 253),
    ),
  ];
}

const infrastructureSchema = struct({
  annotations: optional(mapOf(annotationValue, { maxProperties: 16, rules: keyRules("Annotation") })),
  labels: optional(mapOf(labelValue, { maxProperties: 8, rules: keyRules("Label") })),
  parametersRef: optional(localReferenceSchema),
});

/** How clients of a listener are asked for certificates, and who may have signed those. */
const frontendTlsSchema = struct({
  validation: optional(
    struct({
      caCertificateRefs: list(objectReferenceSchema, { minItems: 1, maxItems: 16 }),
      mode: withDefault(choice(["AllowValidOnly", "AllowInsecureFallback"]), "AllowValidOnly"),
    }),
  ),
});
export type FrontendTLSValidation = NonNullable<Static<typeof frontendTlsSchema>["validation"]>;

const gatewayTlsSchema = struct({
  backend: optional(struct({ clientCertificateRef: optional(secretReferenceSchema) })),
  frontend: optional(
    struct({
      default: frontendTlsSchema,
      perPort: optional(
        keyedList(["port"], struct({ port: portNumber, tls: frontendTlsSchema }), {
          maxItems: 64,
          rules: [
            unique<{ port: number }>(
              "tls-port-unique",
              "Port for TLS configuration must be unique within the Gateway",
              ({ port }) => port,
            ),
          ],
        }),
      ),
    }),
  ),
});

const allowedListenersSchema = struct({
  namespaces: withDefault(
    struct({
      from: withDefault(choice(["All", "Selector", "Same", "None"]), "None"),
      selector: optional(labelSelectorSchema),
    }),
    { from: "None" },
  ),
});

const gatewaySpecSchema = struct({
  addresses: optional(list(gatewaySpecAddressSchema, { maxItems: 16, rules: addressRules })),
  allowedListeners: optional(allowedListenersSchema),
  defaultScope: optional(defaultGatewayScope),
  gatewayClassName: objectName,
  infrastructure: optional(infrastructureSchema),
  listeners: keyedList(["name"], listenerSchema, { minItems: 1, maxItems: 64, rules: listenerRules }),
  tls: optional(gatewayTlsSchema),
});
export type GatewaySpec = Static<typeof gatewaySpecSchema>;

const gatewayStatusSchema = struct({
  addresses: optional(list(gatewayStatusAddressSchema, { maxItems: 16 })),
  attachedListenerSets: optional(int32()),
  ...listenersStatusFields,
});
export type GatewayStatus = Static<typeof gatewayStatusSchema>;

const gatewayFields = {
  spec: gatewaySpecSchema,
  status: optional(withDefault(gatewayStatusSchema, pendingStatus)),
};

export const gatewayKind = defineKind({
  group: gatewayGroup,
  version: "v1",
  kind: "Gateway",
  plural: "gateways",
  shortNames: ["gtw"],
  namespaced: true,
  fields: gatewayFields,
  otherVersions: { v1beta1: gatewayFields },
});
/** Where traffic enters: addresses and listeners. */
export type Gateway = ResourceOf<typeof gatewayKind>;
