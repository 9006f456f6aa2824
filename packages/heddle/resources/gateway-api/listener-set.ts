import type { Static } from "typebox";
import { defineKind, type ResourceOf } from "../kind.ts";
import { keyedList, optional, struct, withDefault } from "../schema/build.ts";
import { listenersStatusFields, pendingStatus } from "./gateway-status.ts";
import { listenerRules, listenerSchema } from "./listener.ts";
import { group, kind, namespace, objectName } from "./names.ts";
import { gatewayGroup } from "./parent-reference.ts";

const parentGatewaySchema = struct({
  group: withDefault(group, gatewayGroup),
  kind: withDefault(kind, "Gateway"),
  name: objectName,
  namespace: optional(namespace),
});
export type ParentGatewayReference = Static<typeof parentGatewaySchema>;

const listenerSetSpecSchema = struct({
  listeners: keyedList(["name"], listenerSchema, { minItems: 1, maxItems: 64, rules: listenerRules }),
  parentRef: parentGatewaySchema,
});
export type ListenerSetSpec = Static<typeof listenerSetSpecSchema>;

const listenerSetStatusSchema = struct(listenersStatusFields);
export type ListenerSetStatus = Static<typeof listenerSetStatusSchema>;

export const listenerSetKind = defineKind({
  group: gatewayGroup,
  version: "v1",
  kind: "ListenerSet",
  plural: "listenersets",
  shortNames: ["lset"],
  namespaced: true,
  fields: {
    spec: listenerSetSpecSchema,
    status: optional(withDefault(listenerSetStatusSchema, pendingStatus)),
  },
});
/** More listeners for a Gateway, kept apart from it. */
export type ListenerSet = ResourceOf<typeof listenerSetKind>;
