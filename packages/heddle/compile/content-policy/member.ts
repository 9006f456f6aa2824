import type { ContentPolicySpec, ResourceKey } from "../../resources/index.ts";
import type { RequestFilters, RequestPlace } from "../policy-filters.ts";

/** What one field of ContentPolicies is compiled with. */
export interface MemberPlace extends RequestPlace {
  /** The policy that the field is from: its namespace is where references lead. */
  readonly policy: ResourceKey;
}

/** Makes the filters of one field of ContentPolicies; null for none. */
export type Member<Field extends keyof ContentPolicySpec> = (
  spec: NonNullable<ContentPolicySpec[Field]>,
  at: MemberPlace,
) => RequestFilters | null;
