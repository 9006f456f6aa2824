import type { AccessPolicySpec } from "../../resources/index.ts";
import type { Member as PolicyMember } from "../field-policy.ts";

export type { MemberPlace } from "../field-policy.ts";
export { joinFilters } from "../policy-filters.ts";

/** Makes the filters of one field of AccessPolicies. */
export type Member<Field extends keyof AccessPolicySpec> = PolicyMember<AccessPolicySpec, Field>;
