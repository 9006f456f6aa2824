import type { Static } from "typebox";
import { list, optional, struct, withDefault } from "../schema/build.ts";
import { everyPair, type Rule } from "../schema/rule.ts";
import { group, kind, namespace, objectName, portNumber, sectionName } from "./names.ts";

export const gatewayGroup = "gateway.networking.k8s.io";

/** What a route attaches to: a Gateway or ListenerSet, or a Service for traffic between workloads. */
export const parentReferenceSchema = struct({
  group: withDefault(group, gatewayGroup),
  kind: withDefault(kind, "Gateway"),
  name: objectName,
  namespace: optional(namespace),
  port: optional(portNumber),
  sectionName: optional(sectionName),
});
export type ParentReference = Static<typeof parentReferenceSchema>;

function isSameParent(a: ParentReference, b: ParentReference): boolean {
  return (
    a.group === b.group &&
    a.kind === b.kind &&
    a.name === b.name &&
    (a.namespace ?? "") === (b.namespace ?? "")
  );
}

const parentRefRules: Rule[] = [
  everyPair<ParentReference>(
    "repeated-parent-names-section",
    "sectionName or port must be specified when parentRefs includes 2 or more references to the same parent",
    (a, b) => !isSameParent(a, b) || (!a.sectionName === !b.sectionName && !a.port === !b.port),
  ),
  everyPair<ParentReference>(
    "parent-section-unique",
    "sectionName or port must be unique when parentRefs includes 2 or more references to the same parent",
    (a, b) =>
      !isSameParent(a, b) ||
      (a.sectionName ?? "") !== (b.sectionName ?? "") ||
      (a.port ?? 0) !== (b.port ?? 0),
  ),
];

export const parentRefs = list(parentReferenceSchema, { maxItems: 32, rules: parentRefRules });
