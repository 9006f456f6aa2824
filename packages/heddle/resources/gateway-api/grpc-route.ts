import type { Static } from "typebox";
import { defineKind, type ResourceOf } from "../kind.ts";
import { choice, keyedList, list, optional, struct, text, withDefault } from "../schema/build.ts";
import { rule } from "../schema/rule.ts";
import { notRepeated, settingsRules } from "./filter-rules.ts";
import { headerFilterSchema, headerName, matchType } from "./http-header.ts";
import { sectionName } from "./names.ts";
import { gatewayGroup } from "./parent-reference.ts";
import { localReferenceSchema, servicePortRule, weightedBackendFields } from "./reference.ts";
import { requestMirrorSchema } from "./request-mirror.ts";
import { routeFields, routeHostnames, routeSpecFields, ruleNameUnique } from "./route.ts";
import { sessionPersistenceSchema } from "./session-persistence.ts";

const filterSchema = struct(
  {
    extensionRef: optional(localReferenceSchema),
    requestHeaderModifier: optional(headerFilterSchema),
    requestMirror: optional(requestMirrorSchema),
    responseHeaderModifier: optional(headerFilterSchema),
    type: choice(["ResponseHeaderModifier", "RequestHeaderModifier", "RequestMirror", "ExtensionRef"]),
  },
  {
    rules: settingsRules({
      RequestHeaderModifier: "requestHeaderModifier",
      ResponseHeaderModifier: "responseHeaderModifier",
      RequestMirror: "requestMirror",
      ExtensionRef: "extensionRef",
    }),
  },
);
export type GRPCRouteFilter = Static<typeof filterSchema>;

const filters = optional(
  list(filterSchema, {
    maxItems: 16,
    rules: [notRepeated("RequestHeaderModifier"), notRepeated("ResponseHeaderModifier")],
  }),
);

interface MethodMatch {
  type: string;
  service?: string;
  method?: string;
}

// With `u`, ignoring case folds as RE2 does.
const serviceExpression = /^\.?[a-z_][a-z_0-9]*(\.[a-z_][a-z_0-9]*)*$/iu;
const methodExpression = /^[A-Za-z_][A-Za-z_0-9]*$/;

const methodMatchSchema = struct(
  {
    method: optional(text({ maxLength: 1024 })),
    service: optional(text({ maxLength: 1024 })),
    type: withDefault(matchType, "Exact"),
  },
  {
    rules: [
      rule<MethodMatch>(
        "service-or-method",
        "One or both of 'service' or 'method' must be specified",
        (self) => self.service !== undefined || self.method !== undefined,
      ),
      rule<MethodMatch>(
        "service-characters",
        "service must only contain valid characters (matching ^(?i)\\.?[a-z_][a-z_0-9]*(\\.[a-z_][a-z_0-9]*)*$)",
        (self) => self.type !== "Exact" || self.service === undefined || serviceExpression.test(self.service),
      ),
      rule<MethodMatch>(
        "method-characters",
        "method must only contain valid characters (matching ^[A-Za-z_][A-Za-z_0-9]*$)",
        (self) => self.type !== "Exact" || self.method === undefined || methodExpression.test(self.method),
      ),
    ],
  },
);
export type GRPCMethodMatch = Static<typeof methodMatchSchema>;

const headerMatchSchema = struct({
  name: headerName,
  type: withDefault(matchType, "Exact"),
  value: text({ minLength: 1, maxLength: 4096 }),
});
export type GRPCHeaderMatch = Static<typeof headerMatchSchema>;

const matchSchema = struct({
  headers: optional(keyedList(["name"], headerMatchSchema, { maxItems: 16 })),
  method: optional(methodMatchSchema),
});
export type GRPCRouteMatch = Static<typeof matchSchema>;

const backendRefSchema = struct({ filters, ...weightedBackendFields }, { rules: [servicePortRule] });
export type GRPCBackendRef = Static<typeof backendRefSchema>;

const ruleSchema = struct({
  backendRefs: optional(list(backendRefSchema, { maxItems: 16 })),
  filters,
  matches: optional(list(matchSchema, { maxItems: 64 })),
  name: optional(sectionName),
  sessionPersistence: optional(sessionPersistenceSchema),
});
export type GRPCRouteRule = Static<typeof ruleSchema>;

const rulesSchema = list(ruleSchema, {
  maxItems: 16,
  rules: [
    rule<{ matches?: unknown[] }[]>(
      "matches-in-all",
      "While 16 rules and 64 matches per rule are allowed, the total number of matches across all rules in a route must be less than 128",
      (self) => self.reduce((sum, { matches = [] }) => sum + matches.length, 0) <= 128,
    ),
    ruleNameUnique,
  ],
});

const specSchema = struct({
  hostnames: optional(routeHostnames),
  ...routeSpecFields,
  rules: optional(rulesSchema),
});
export type GRPCRouteSpec = Static<typeof specSchema>;

export const grpcRouteKind = defineKind({
  group: gatewayGroup,
  version: "v1",
  kind: "GRPCRoute",
  plural: "grpcroutes",
  namespaced: true,
  fields: routeFields(specSchema),
});
/** How gRPC calls of some hosts go to backends. */
export type GRPCRoute = ResourceOf<typeof grpcRouteKind>;
