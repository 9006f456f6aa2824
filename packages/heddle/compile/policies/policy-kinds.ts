import { accessPolicy } from "../access-policy/index.ts";
import type { PolicyKind, PolicySpec } from "../attach/index.ts";
import { filterPolicy } from "./filter-policy.ts";
import { contentPolicy } from "../content-policy/index.ts";
import { rateLimitPolicy } from "../rate-limit-policy/index.ts";
import { trafficPolicy } from "./traffic-policy.ts";

type PolicyName = "TrafficPolicy" | "AccessPolicy" | "RateLimitPolicy" | "ContentPolicy" | "FilterPolicy";

/** The kinds of policies, in the order in which they act on what is compiled. */
export const policyKinds: readonly PolicyKind<PolicySpec, PolicyName>[] = [
  trafficPolicy,
  rateLimitPolicy,
  accessPolicy as PolicyKind<PolicySpec, PolicyName>,
  contentPolicy as PolicyKind<PolicySpec, PolicyName>,
  filterPolicy as PolicyKind<PolicySpec, PolicyName>,
];
