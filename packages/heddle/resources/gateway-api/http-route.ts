import type { Static } from "typebox";
import { defineKind, type ResourceOf } from "../kind.ts";
import { integer, list, optional, set, struct, withDefault } from "../schema/build.ts";
import { rule, type Rule } from "../schema/rule.ts";
import { parseDurationMs } from "./go-duration.ts";
import { httpRouteFilters, type HTTPRouteFilter } from "./http-route-filter.ts";
import { anyPath, httpRouteMatchSchema, type HTTPRouteMatch } from "./http-route-match.ts";
import { duration, sectionName } from "./names.ts";
import { gatewayGroup } from "./parent-reference.ts";
import { servicePortRule, weightedBackendFields } from "./reference.ts";
import { routeFields, routeHostnames, routeSpecFields, ruleNameUnique } from "./route.ts";
import { sessionPersistenceSchema } from "./session-persistence.ts";

/** A backend, its share of the requests, and filters for those that go to it. */
const httpBackendRefSchema = struct(
  { filters: optional(httpRouteFilters), ...weightedBackendFields },
  { rules: [servicePortRule] },
);
export type HTTPBackendRef = Static<typeof httpBackendRefSchema>;

interface RouteRule {
  matches: HTTPRouteMatch[];
  filters?: HTTPRouteFilter[];
  backendRefs?: { filters?: HTTPRouteFilter[] }[];
}

type PathFilter = "requestRedirect" | "urlRewrite";

function replacesPrefix(filters: readonly HTTPRouteFilter[] | undefined, field: PathFilter): boolean {
  return existsOne(filters, (filter) => {
    const path = filter[field]?.path;
    return path?.type === "ReplacePrefixMatch" && path.replacePrefixMatch !== undefined;
  });
}

/** CEL's `exists_one`: true for exactly one, not for two. */
function existsOne<T>(items: readonly T[] | undefined, holds: (item: T) => boolean): boolean {
  return items?.filter(holds).length === 1;
}

function matchesOnePrefix({ matches }: RouteRule): boolean {
  return matches.length === 1 && matches[0]!.path.type === "PathPrefix";
}

function prefixNeeded(name: string, field: PathFilter, label: string): Rule {
  return rule<RouteRule>(
    name,
    `When using ${label} filter with path.replacePrefixMatch, exactly one PathPrefix match must be specified`,
    (self) => !replacesPrefix(self.filters, field) || matchesOnePrefix(self),
  );
}

function backendPrefixNeeded(name: string, field: PathFilter, beginning: string): Rule {
  return rule<RouteRule>(
    name,
    `${beginning} filter with path.replacePrefixMatch, exactly one PathPrefix match must be specified`,
    (self) =>
      !existsOne(self.backendRefs, (backend) => replacesPrefix(backend.filters, field)) ||
      matchesOnePrefix(self),
  );
}

const routeRuleRules: Rule[] = [
  rule<RouteRule>(
    "redirect-without-backends",
    "RequestRedirect filter must not be used together with backendRefs",
    (self) =>
      !self.backendRefs?.length || !self.filters?.some((filter) => filter.requestRedirect !== undefined),
  ),
  prefixNeeded("redirect-prefix-match", "requestRedirect", "RequestRedirect"),
  prefixNeeded("rewrite-prefix-match", "urlRewrite", "URLRewrite"),
  backendPrefixNeeded(
    "backend-redirect-prefix-match",
    "requestRedirect",
    "Within backendRefs, when using RequestRedirect",
  ),
  backendPrefixNeeded(
    "backend-rewrite-prefix-match",
    "urlRewrite",
    "Within backendRefs, When using URLRewrite",
  ),
];

const retrySchema = struct({
  attempts: optional(integer({ minimum: 1 })),
  backoff: optional(duration),
  codes: optional(set(integer({ minimum: 400, maximum: 599 }))),
});
export type HTTPRouteRetry = Static<typeof retrySchema>;

const timeoutsSchema = struct(
  { backendRequest: optional(duration), request: optional(duration) },
  {
    rules: [
      rule<{ backendRequest?: string; request?: string }>(
        "backend-timeout-within-request-timeout",
        "backendRequest timeout cannot be longer than request timeout",
        (self) => {
          const request = parseDurationMs(self.request ?? "") ?? 0;
          // A request timeout of zero means that there is none.
          return request === 0 || (parseDurationMs(self.backendRequest ?? "") ?? 0) <= request;
        },
      ),
    ],
  },
);
export type HTTPRouteTimeouts = Static<typeof timeoutsSchema>;

const httpRouteRuleSchema = struct(
  {
    backendRefs: optional(list(httpBackendRefSchema, { maxItems: 16 })),
    filters: optional(httpRouteFilters),
    matches: withDefault(list(httpRouteMatchSchema, { maxItems: 64 }), [{ path: anyPath }]),
    name: optional(sectionName),
    retry: optional(retrySchema),
    sessionPersistence: optional(sessionPersistenceSchema),
    timeouts: optional(timeoutsSchema),
  },
  { rules: routeRuleRules },
);
export type HTTPRouteRule = Static<typeof httpRouteRuleSchema>;

const rulesSchema = list(httpRouteRuleSchema, {
  minItems: 1,
  maxItems: 16,
  rules: [
    rule<RouteRule[]>(
      "matches-in-all",
      "While 16 rules and 64 matches per rule are allowed, the total number of matches across all rules in a route must be less than 128",
      (self) => self.reduce((sum, { matches }) => sum + matches.length, 0) <= 128,
    ),
    ruleNameUnique,
  ],
});

const httpRouteSpecSchema = struct({
  hostnames: optional(routeHostnames),
  ...routeSpecFields,
  rules: withDefault(rulesSchema, [{ matches: [{ path: anyPath }] }]),
});
export type HTTPRouteSpec = Static<typeof httpRouteSpecSchema>;

const httpRouteFields = routeFields(httpRouteSpecSchema);

export const httpRouteKind = defineKind({
  group: gatewayGroup,
  version: "v1",
  kind: "HTTPRoute",
  plural: "httproutes",
  namespaced: true,
  fields: httpRouteFields,
  otherVersions: { v1beta1: httpRouteFields },
});
/** How HTTP requests of some hosts go to backends. */
export type HTTPRoute = ResourceOf<typeof httpRouteKind>;
