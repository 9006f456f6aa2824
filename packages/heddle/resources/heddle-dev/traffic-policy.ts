import type { Static } from "typebox";
import { someConditions } from "../gateway-api/condition.ts";
import { parseDurationMs } from "../gateway-api/go-duration.ts";
import { httpCorsFilterSchema } from "../gateway-api/http-cors-filter.ts";
import { controllerName, duration, objectName, sectionName } from "../gateway-api/names.ts";
import { gatewayGroup, parentReferenceSchema } from "../gateway-api/parent-reference.ts";
import { defineKind, type ResourceOf } from "../kind.ts";
import { choice, integer, list, optional, set, struct, withDefault } from "../schema/build.ts";
import { rule, unique } from "../schema/rule.ts";
import { heddleGroup } from "./backend.ts";

const targetSchema = struct({
  group: withDefault(choice([gatewayGroup]), gatewayGroup),
  kind: choice(["GRPCRoute", "HTTPRoute"]),
  name: objectName,
  /** The name of a rule; all rules without it. */
  sectionName: optional(sectionName),
});
export type TrafficPolicyTarget = Static<typeof targetSchema>;

const timeoutsSchema = struct(
  { request: optional(duration), backendRequest: optional(duration) },
  {
    rules: [
      rule<{ backendRequest?: string; request?: string }>(
        "backend-timeout-within-request-timeout",
        "backendRequest timeout cannot be longer than request timeout",
        (self) => {
          const request = parseDurationMs(self.request ?? "") ?? 0;
          return request === 0 || (parseDurationMs(self.backendRequest ?? "") ?? 0) <= request;
        },
      ),
    ],
  },
);

/** The codes that may get better with another attempt; OK and what the client did wrong are not among them. */
export const retriedGrpcCodes = [
  "CANCELLED",
  "UNKNOWN",
  "DEADLINE_EXCEEDED",
  "RESOURCE_EXHAUSTED",
  "ABORTED",
  "INTERNAL",
  "UNAVAILABLE",
  "DATA_LOSS",
] as const;

const retrySchema = struct({
  /** HTTP statuses. */
  codes: optional(set(integer({ minimum: 400, maximum: 599 }))),
  /** gRPC statuses of responses without a message. */
  grpcCodes: optional(set(choice([...retriedGrpcCodes]))),
  attempts: optional(integer({ minimum: 1, maximum: 10 })),
  backoff: optional(duration),
});

const trafficPolicySpecSchema = struct({
  targetRefs: list(targetSchema, {
    minItems: 1,
    maxItems: 16,
    rules: [
      unique<TrafficPolicyTarget>(
        "target-unique",
        "each target must be named once; remove one",
        ({ kind, name, sectionName: section = "" }) => `${kind} ${name} ${section}`,
      ),
    ],
  }),
  timeouts: optional(timeoutsSchema),
  retry: optional(retrySchema),
  cors: optional(httpCorsFilterSchema),
  /** Calls in gRPC-Web: Translate sends them on as gRPC, Pass as they are. GRPCRoutes translate by default. */
  grpcWeb: optional(choice(["Translate", "Pass"])),
});
export type TrafficPolicySpec = Static<typeof trafficPolicySpecSchema>;

const trafficPolicyStatusSchema = struct({
  ancestors: list(
    struct({ ancestorRef: parentReferenceSchema, conditions: someConditions, controllerName }),
    { maxItems: 16 },
  ),
});

export const trafficPolicyKind = defineKind({
  group: heddleGroup,
  version: "v1alpha1",
  kind: "TrafficPolicy",
  plural: "trafficpolicies",
  namespaced: true,
  isStrict: true,
  fields: { spec: trafficPolicySpecSchema, status: optional(trafficPolicyStatusSchema) },
});
/** Timeouts, retries, CORS and gRPC-Web of routes in its namespace, as far as these do not say it themselves. */
export type TrafficPolicy = ResourceOf<typeof trafficPolicyKind>;
