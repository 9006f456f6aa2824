import { keyOf, requestPolicyTargets, type ResourceKey } from "../resources/index.ts";
import type { Effective, PolicyKind, PolicySpec } from "./attach/index.ts";
import { joinFilters, type RequestFilters, type RequestPlace } from "./policy-filters.ts";

/** What one field of a policy is compiled with. */
export interface MemberPlace extends RequestPlace {
  /** The policy that the field is from: its namespace is where references lead. */
  readonly policy: ResourceKey;
}

/** Makes the filters of one field of policies; null for none. */
export type Member<Spec, Field extends keyof Spec> = (
  spec: NonNullable<Spec[Field]>,
  at: MemberPlace,
) => RequestFilters | null;

type FieldOf<Spec extends PolicySpec> = Exclude<keyof Spec, "targetRefs"> & string;

/**
 * A kind of policy each of whose fields makes filters, and is taken whole from the most specific policy that has it.
 * Filters of one stage (`filter-stages.ts`) run in the order of `members`.
 */
export function fieldPolicy<Spec extends PolicySpec, Name extends string>(
  kind: Name,
  members: { readonly [Field in FieldOf<Spec>]-?: Member<Spec, Field> },
): PolicyKind<Spec, Name> {
  const fields = Object.keys(members) as FieldOf<Spec>[];
  const request = ({ spec, sources }: Effective<Spec>, at: RequestPlace): RequestFilters =>
    joinFilters(
      fields.map((field) => {
        const source = sources.find((one) => one.field === field);
        const value = spec[field];
        if (value === undefined || source === undefined) return null;
        return members[field](value!, { ...at, policy: source.policy });
      }),
    );
  return {
    kind,
    targets: requestPolicyTargets,
    fields: Object.fromEntries(fields.map((field) => [field, "request" as const])),
    failure: "closed",
    findings: (policy, at) => {
      const sources = fields.map((field) => ({ field, value: null, policy: keyOf(policy), target: "" }));
      const { findings = [], warnings = [] } = request({ spec: policy.spec, sources, denial: "" }, at);
      return [...findings, ...warnings];
    },
    emit: { request },
  };
}
