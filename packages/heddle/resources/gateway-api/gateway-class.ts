import type { Static } from "typebox";
import { defineKind, type ResourceOf } from "../kind.ts";
import { keyedList, optional, refine, struct, text, withDefault } from "../schema/build.ts";
import { transition } from "../schema/rule.ts";
import { conditions, pendingConditions } from "./condition.ts";
import { controllerName } from "./names.ts";
import { gatewayGroup } from "./parent-reference.ts";
import { objectReferenceSchema } from "./reference.ts";

const immutable = transition<string>("immutable", "Value is immutable", (self, old) => self === old);

const gatewayClassSpecSchema = struct({
  controllerName: refine(controllerName, { rules: [immutable] }),
  description: optional(text({ maxLength: 64 })),
  parametersRef: optional(objectReferenceSchema),
});
export type GatewayClassSpec = Static<typeof gatewayClassSpecSchema>;

const pending = pendingConditions("Accepted");

const gatewayClassStatusSchema = struct({
  conditions: withDefault(conditions, pending),
  supportedFeatures: optional(keyedList(["name"], struct({ name: text() }), { maxItems: 64 })),
});
export type GatewayClassStatus = Static<typeof gatewayClassStatusSchema>;

const fields = {
  spec: gatewayClassSpecSchema,
  status: optional(withDefault(gatewayClassStatusSchema, { conditions: pending })),
};

export const gatewayClassKind = defineKind({
  group: gatewayGroup,
  version: "v1",
  kind: "GatewayClass",
  plural: "gatewayclasses",
  shortNames: ["gc"],
  namespaced: false,
  fields,
  otherVersions: { v1beta1: fields },
});
/** Says which controller serves the Gateways that name this class. */
export type GatewayClass = ResourceOf<typeof gatewayClassKind>;
