import type { Static, TSchema } from "typebox";
import { list, optional, struct } from "../schema/build.ts";
import { unique } from "../schema/rule.ts";
import { someConditions } from "./condition.ts";
import { controllerName, defaultGatewayScope, hostname } from "./names.ts";
import { parentReferenceSchema, parentRefs } from "./parent-reference.ts";

/** The fields that every kind of route has in its spec. */
export const routeSpecFields = {
  parentRefs: optional(parentRefs),
  useDefaultGateways: optional(defaultGatewayScope),
};

export const routeHostnames = list(hostname, { maxItems: 16 });

interface NamedRule {
  name?: string;
}

export const ruleNameUnique = unique<NamedRule>(
  "rule-name-unique",
  "Rule name must be unique within the route",
  ({ name }) => name,
);

/** What each parent's controller says of a route. */
const routeStatusSchema = struct({
  parents: list(
    struct({
      conditions: someConditions,
      controllerName,
      parentRef: parentReferenceSchema,
    }),
    { maxItems: 32 },
  ),
});
export type RouteStatus = Static<typeof routeStatusSchema>;
export type RouteParentStatus = RouteStatus["parents"][number];

/** The top-level fields of a kind of route. */
export function routeFields<S extends TSchema>(spec: S) {
  return { spec, status: optional(routeStatusSchema) };
}
