import type { AccessPolicySpec, ResourceKey } from "../../resources/index.ts";
import type { RequestFilters, RequestPlace } from "../policy-filters.ts";

/** What one field of AccessPolicies is compiled with. */
export interface MemberPlace extends RequestPlace {
  /** The policy that the field is from: its namespace is where references lead. */
  readonly policy: ResourceKey;
}

/**
 * Makes the filters of one part of AccessPolicies; null where the spec does not have it. `Field` is the field that is
 * taken whole, as in `accessPolicy.fields`.
 */
export type Member<Field extends keyof AccessPolicySpec> = (
  spec: NonNullable<AccessPolicySpec[Field]>,
  at: MemberPlace,
) => RequestFilters | null;

export { joinFilters } from "../policy-filters.ts";
