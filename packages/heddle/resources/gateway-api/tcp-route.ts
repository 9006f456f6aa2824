import type { Static } from "typebox";
import { defineKind, type ResourceOf } from "../kind.ts";
import { struct } from "../schema/build.ts";
import { gatewayGroup } from "./parent-reference.ts";
import { routeFields, routeSpecFields } from "./route.ts";
import { manyStreamRules, oneStreamRule } from "./stream-route.ts";

const specSchema = struct({ ...routeSpecFields, rules: oneStreamRule });
export type TCPRouteSpec = Static<typeof specSchema>;

export const tcpRouteKind = defineKind({
  group: gatewayGroup,
  version: "v1",
  kind: "TCPRoute",
  plural: "tcproutes",
  namespaced: true,
  fields: routeFields(specSchema),
  otherVersions: { v1alpha2: routeFields(struct({ ...routeSpecFields, rules: manyStreamRules })) },
});
/** How TCP connections of a listener go to backends. */
export type TCPRoute = ResourceOf<typeof tcpRouteKind>;
