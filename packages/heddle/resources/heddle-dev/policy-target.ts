import type { Static } from "typebox";
import { someConditions } from "../gateway-api/condition.ts";
import { controllerName, objectName, sectionName } from "../gateway-api/names.ts";
import { gatewayGroup, parentReferenceSchema } from "../gateway-api/parent-reference.ts";
import { choice, list, optional, struct } from "../schema/build.ts";
import { everyItem, unique } from "../schema/rule.ts";
import { heddleGroup } from "./backend.ts";

/** What policies can be attached to, with the group of each. */
export const policyTargetGroups = {
  /** All that its Gateways lead to. From `rootNamespace` alone. */
  GatewayClass: gatewayGroup,
  /** The policy's own. */
  Namespace: "",
  Gateway: gatewayGroup,
  ListenerSet: gatewayGroup,
  HTTPRoute: gatewayGroup,
  GRPCRoute: gatewayGroup,
  TCPRoute: gatewayGroup,
  TLSRoute: gatewayGroup,
  UDPRoute: gatewayGroup,
  Service: "",
  Backend: heddleGroup,
} as const;
export type PolicyTargetKind = keyof typeof policyTargetGroups;

/** Whoever may write policies here may write them for everybody. */
export const rootNamespace = "heddle-system";

/** What policies that act on requests are attached to. */
export const requestPolicyTargets = [
  "GatewayClass",
  "Namespace",
  "Gateway",
  "ListenerSet",
  "HTTPRoute",
  "GRPCRoute",
  "Service",
  "Backend",
] as const satisfies readonly PolicyTargetKind[];

const groupOf = (kind: PolicyTargetKind): string => policyTargetGroups[kind];

/** A target of a policy, in the policy's namespace where it is in any. */
function policyTargetSchema<const K extends PolicyTargetKind>(kinds: readonly K[]) {
  return struct({
    /** By default that of the kind. */
    group: optional(choice([...new Set(kinds.map(groupOf))])),
    kind: choice(kinds),
    name: objectName,
    /** A listener of a Gateway or ListenerSet, a rule of a route, a port of a Service by name; all of it without one. */
    sectionName: optional(sectionName),
  });
}
export type PolicyTarget<K extends PolicyTargetKind = PolicyTargetKind> = Static<
  ReturnType<typeof policyTargetSchema<K>>
>;

/** The `targetRefs` of a policy that can be attached to these kinds. */
export function policyTargetRefs<const K extends PolicyTargetKind>(kinds: readonly K[]) {
  return list(policyTargetSchema(kinds), {
    minItems: 1,
    maxItems: 16,
    rules: [
      everyItem<PolicyTarget>(
        "target-group-valid",
        `group must be that of the kind, which it is without one: ${kinds.map((kind) => `"${groupOf(kind)}" of ${kind}`).join(", ")}`,
        ({ group, kind }) => group === undefined || group === groupOf(kind),
      ),
      unique<PolicyTarget>(
        "target-unique",
        "each target must be named once; remove one",
        ({ kind, name, sectionName: section = "" }) => `${kind} ${name} ${section}`,
      ),
    ],
  });
}

/** What is said of a policy, by its targets. */
export const policyStatusSchema = struct({
  ancestors: list(
    struct({ ancestorRef: parentReferenceSchema, conditions: someConditions, controllerName }),
    { maxItems: 16 },
  ),
});
