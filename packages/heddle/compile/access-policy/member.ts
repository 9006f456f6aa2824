import type { AccessPolicySpec } from "../../resources/index.ts";
import type { Member as PolicyMember } from "../policies/field-policy.ts";

export type { MemberPlace } from "../policies/field-policy.ts";
export { joinFilters } from "../filters/policy-filters.ts";

/** Makes the filters of one field of AccessPolicies. */
export type Member<Field extends keyof AccessPolicySpec> = PolicyMember<AccessPolicySpec, Field>;
