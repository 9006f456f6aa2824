import type { Static } from "typebox";
import { parseDurationMs } from "../gateway-api/go-duration.ts";
import { httpCorsFilterSchema } from "../gateway-api/http-cors-filter.ts";
import { duration } from "../gateway-api/names.ts";
import { defineKind, type ResourceOf } from "../kind.ts";
import { choice, flag, integer, optional, set, struct } from "../schema/build.ts";
import { rule } from "../schema/rule.ts";
import { heddleGroup } from "./backend.ts";
import { boundedTime } from "./bounded-time.ts";
import { adaptiveConcurrencySchema } from "./traffic-policy/adaptive-concurrency.ts";
import { balancingSchema } from "./traffic-policy/balancing.ts";
import { canarySchema } from "./traffic-policy/canary.ts";
import { faultsSchema } from "./traffic-policy/faults.ts";
import { healthCheckSchema } from "./traffic-policy/health-check.ts";
import { hedgeSchema } from "./traffic-policy/hedge.ts";
import {
  circuitBreakerSchema,
  connectionSchema,
  outlierSchema,
  retryBudgetSchema,
  mirrorLimitsSchema,
} from "./traffic-policy/limits.ts";
import { policyStatusSchema, policyTargetRefs } from "./policy-target.ts";

const timeoutsSchema = struct(
  {
    request: optional(duration),
    backendRequest: optional(duration),
    /** Of a new connection to an endpoint, TLS included. */
    connect: optional(boundedTime("10ms", "5m")),
    /** Of a kept connection without use. */
    idle: optional(boundedTime("100ms", "24h")),
    /** Of a connection of a TCPRoute or TLSRoute, or a client of a UDPRoute, without an octet either way. */
    sessionIdle: optional(boundedTime("100ms", "168h")),
  },
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
const retriedGrpcCodes = [
  "CANCELLED",
  "UNKNOWN",
  "DEADLINE_EXCEEDED",
  "RESOURCE_EXHAUSTED",
  "ABORTED",
  "INTERNAL",
  "UNAVAILABLE",
  "DATA_LOSS",
] as const;

/** What may go wrong with an attempt before there is an answer. */
const retriedFaults = ["ConnectFailure", "RefusedStream", "ResetBeforeHeaders", "AttemptTimeout"] as const;

const retrySchema = struct({
  /** HTTP statuses. */
  codes: optional(set(integer({ minimum: 400, maximum: 599 }))),
  /** gRPC statuses of responses without a message. */
  grpcCodes: optional(set(choice([...retriedGrpcCodes]))),
  attempts: optional(integer({ minimum: 1, maximum: 10 })),
  backoff: optional(duration),
  /** Faults before any answer after which it is tried again, where that is safe; by default all of them. */
  on: optional(set(choice([...retriedFaults]), { minItems: 1 })),
  /** Requests that may have had an effect are sent again too. */
  nonIdempotent: optional(flag()),
  /** Answers of a known length up to this are passed on when they are whole: one that breaks off is tried again. */
  holdBytes: optional(integer({ minimum: 1, maximum: 1_048_576 })),
  /** Respect: waits as long as the answer says; an answer that asks for too long a wait goes to the client. */
  retryAfter: optional(choice(["Respect", "Ignore"])),
});

const trafficPolicySpecSchema = struct({
  targetRefs: policyTargetRefs([
    "Gateway",
    "ListenerSet",
    "HTTPRoute",
    "GRPCRoute",
    "TCPRoute",
    "TLSRoute",
    "UDPRoute",
    "Service",
    "Backend",
  ]),
  timeouts: optional(timeoutsSchema),
  retry: optional(retrySchema),
  /** Of requests that may be sent twice: another endpoint is asked too while there is no answer. */
  hedge: optional(hedgeSchema),
  cors: optional(httpCorsFilterSchema),
  /** Calls in gRPC-Web: Translate sends them on as gRPC, Pass as they are. GRPCRoutes translate by default. */
  grpcWeb: optional(choice(["Translate", "Pass"])),
  /** Shifts the traffic of a rule to a new version, and back where it does worse. */
  canary: optional(canarySchema),
  /** To find out how callers take them. */
  faults: optional(faultsSchema),
  /** Of each mirror of a rule. */
  mirror: optional(mirrorLimitsSchema),
  /** Of Services and Backends, or all of a Gateway's. */
  balancing: optional(balancingSchema),
  /** Endpoints that fail it are left out. */
  healthCheck: optional(healthCheckSchema),
  /** Endpoints that fail requests are left out for a time. */
  outlier: optional(outlierSchema),
  retryBudget: optional(retryBudgetSchema),
  circuitBreaker: optional(circuitBreakerSchema),
  /** Of connections to endpoints. */
  connection: optional(connectionSchema),
  /** So many requests at a time as the service answers in about the time that one takes by itself. */
  adaptiveConcurrency: optional(adaptiveConcurrencySchema),
  /** Who is refused last, and who first, while load is shed. */
  priority: optional(choice(["Critical", "High", "Normal", "Low"])),
});
export type TrafficPolicySpec = Static<typeof trafficPolicySpecSchema>;

export const trafficPolicyKind = defineKind({
  group: heddleGroup,
  version: "v1alpha1",
  kind: "TrafficPolicy",
  plural: "trafficpolicies",
  namespaced: true,
  isStrict: true,
  fields: { spec: trafficPolicySpecSchema, status: optional(policyStatusSchema) },
});
/** How traffic goes by routes and to Services and Backends of its namespace, as far as these do not say it themselves. */
export type TrafficPolicy = ResourceOf<typeof trafficPolicyKind>;
