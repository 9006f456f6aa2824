import { keyOf, requestPolicyTargets, type ResourceKey } from "../../resources/index.ts";
import {
  effectiveAlone,
  type Effective,
  type PolicyKind,
  type PolicyLevel,
  type PolicySpec,
} from "../attach/index.ts";
import { joinFilters, type RequestFilters, type RequestPlace } from "../filters/policy-filters.ts";

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

/** The same of a field that every place adds to: of each policy along the chain, the least specific first. */
export type GatheredMember<Spec extends PolicySpec> = (
  levels: readonly PolicyLevel<Spec>[],
  at: RequestPlace,
) => RequestFilters | null;

type FieldOf<Spec extends PolicySpec> = Exclude<keyof Spec, "targetRefs"> & string;

/**
 * A kind of policy each of whose fields makes filters, and is taken whole from the most specific policy that has it,
 * but for those that are `gathered`. Filters of one stage (`filter-stages.ts`) run in the order of `members`.
 */
export function fieldPolicy<
  Spec extends PolicySpec,
  Name extends string,
  Gathered extends FieldOf<Spec> = never,
>(
  kind: Name,
  members: { readonly [Field in Exclude<FieldOf<Spec>, Gathered>]-?: Member<Spec, Field> },
  gathered: { readonly [Field in Gathered]-?: GatheredMember<Spec> },
): PolicyKind<Spec, Name> {
  const whole = Object.keys(members) as Exclude<FieldOf<Spec>, Gathered>[];
  const added = Object.keys(gathered) as Gathered[];
  const fields: readonly FieldOf<Spec>[] = [...whole, ...added];
  const request = ({ spec, levels, sources }: Effective<Spec>, at: RequestPlace): RequestFilters =>
    joinFilters([
      ...whole.map((field) => {
        const source = sources.find((one) => one.field === field);
        const value = spec[field];
        if (value === undefined || source === undefined) return null;
        return members[field](value!, { ...at, policy: source.policy });
      }),
      ...added.map((field) => gathered[field](levels, at)),
    ]);
  return {
    kind,
    targets: requestPolicyTargets,
    fields: Object.fromEntries(fields.map((field) => [field, "request" as const])),
    gathered: added,
    failure: "closed",
    findings: (policy, at) => {
      const { findings = [], warnings = [] } = request(
        effectiveAlone(policy.spec, keyOf(policy), fields),
        at,
      );
      return [...findings, ...warnings];
    },
    emit: { request },
  };
}
