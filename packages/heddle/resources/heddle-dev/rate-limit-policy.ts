import type { Static } from "typebox";
import { defineKind, type ResourceOf } from "../kind.ts";
import { choice, integer, optional, struct, text, withDefault } from "../schema/build.ts";
import { heddleGroup } from "./backend.ts";
import { policyStatusSchema, policyTargetRefs, requestPolicyTargets } from "./policy-target.ts";
import { limitsSchema } from "./rate-limit-policy/limit.ts";
import { limitStoreSchema } from "./rate-limit-policy/store.ts";

const rateLimitPolicySpecSchema = struct({
  targetRefs: policyTargetRefs(requestPolicyTargets),
  limits: optional(limitsSchema),
  /** The fields by which clients are told how they stand. By default Standard: RateLimit and RateLimit-Policy. */
  headers: optional(choice(["Standard", "XRateLimit", "Both", "None"])),
  /** To requests that are refused. */
  response: optional(
    struct({
      status: withDefault(integer({ minimum: 400, maximum: 599 }), 429),
      message: optional(text({ maxLength: 1024 })),
    }),
  ),
  /** Where the limits are counted for several processes together. Concurrency is each process's own. */
  store: optional(limitStoreSchema),
});
export type RateLimitPolicySpec = Static<typeof rateLimitPolicySpecSchema>;

export const rateLimitPolicyKind = defineKind({
  group: heddleGroup,
  version: "v1alpha1",
  kind: "RateLimitPolicy",
  plural: "ratelimitpolicies",
  namespaced: true,
  isStrict: true,
  fields: { spec: rateLimitPolicySpecSchema, status: optional(policyStatusSchema) },
});
/** How often, how much, or how many at a time requests get through. */
export type RateLimitPolicy = ResourceOf<typeof rateLimitPolicyKind>;
