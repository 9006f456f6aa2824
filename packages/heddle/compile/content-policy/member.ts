import type { ContentPolicySpec } from "../../resources/index.ts";
import type { Member as PolicyMember } from "../policies/field-policy.ts";

export type { MemberPlace } from "../policies/field-policy.ts";

/** Makes the filters of one field of ContentPolicies. */
export type Member<Field extends keyof ContentPolicySpec> = PolicyMember<ContentPolicySpec, Field>;
