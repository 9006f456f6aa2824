import type { Static } from "typebox";
import { defineKind, type ResourceOf } from "../kind.ts";
import { struct } from "../schema/build.ts";
import { gatewayGroup } from "./parent-reference.ts";
import { routeFields, routeSpecFields } from "./route.ts";
import { manyStreamRules, oneStreamRule } from "./stream-route.ts";

const specSchema = struct({ ...routeSpecFields, rules: oneStreamRule });
export type UDPRouteSpec = Static<typeof specSchema>;

export const udpRouteKind = defineKind({
  group: gatewayGroup,
  version: "v1",
  kind: "UDPRoute",
  plural: "udproutes",
  namespaced: true,
  fields: routeFields(specSchema),
  otherVersions: { v1alpha2: routeFields(struct({ ...routeSpecFields, rules: manyStreamRules })) },
});
/** How UDP datagrams of a listener go to backends. */
export type UDPRoute = ResourceOf<typeof udpRouteKind>;
