import type { PolicyKind, PolicySpec } from "./attach/index.ts";
import { trafficPolicy } from "./traffic-policy.ts";

type PolicyName = "TrafficPolicy";

/** The kinds of policies, in the order in which they act on what is compiled. */
export const policyKinds: readonly PolicyKind<PolicySpec, PolicyName>[] = [trafficPolicy];
