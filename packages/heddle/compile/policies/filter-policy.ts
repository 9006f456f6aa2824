import { keyOf, parseKey, type FilterPolicySpec, requestPolicyTargets } from "../../resources/index.ts";
import { effectiveAlone, type Effective, type PolicyKind } from "../attach/index.ts";
import type { FilterStage, PlacedFilter } from "../filters/filter-stages.ts";
import { planOwnFilter } from "../filters/own-filter.ts";
import type { RequestFilters, RequestPlace } from "../filters/policy-filters.ts";
import { isFinding, type Finding } from "../io/status.ts";

type StageName = NonNullable<FilterPolicySpec["filters"]>[number]["stage"];

const stages: Readonly<Record<StageName, FilterStage>> = {
  Outermost: "responses",
  BeforeAuthentication: "early-limits",
  AfterAuthentication: "authentication",
  AfterAuthorization: "limits",
  Innermost: "transformation",
};

/** FilterPolicies: filters of the user's before whatever they are attached to. One that is not whole denies. */
export const filterPolicy: PolicyKind<FilterPolicySpec, "FilterPolicy"> = {
  kind: "FilterPolicy",
  targets: requestPolicyTargets,
  fields: { filters: "request" },
  failure: "closed",
  findings: (policy, at) => {
    return emitFilters(effectiveAlone(policy.spec, keyOf(policy), ["filters"]), at).findings ?? [];
  },
  emit: { request: emitFilters },
};

/** Of them those that see every answer, of a Gateway's requests that no route takes too. */
export const outermostFilters: PolicyKind<FilterPolicySpec, "FilterPolicy"> = {
  ...filterPolicy,
  emit: {
    request: (policy, at) => {
      const { filters = [] } = policy.spec;
      const outermost = filters.filter(({ stage }) => stage === "Outermost");
      return emitFilters({ ...policy, spec: { ...policy.spec, filters: outermost } }, at);
    },
  },
};

function emitFilters({ spec, sources }: Effective<FilterPolicySpec>, at: RequestPlace): RequestFilters {
  const source = sources.find(({ field }) => field === "filters");
  if (spec.filters === undefined || source === undefined) return { filters: [] };
  const { namespace } = parseKey(source.policy);
  const filters: PlacedFilter[] = [];
  const clusters: string[] = [];
  const data: string[] = [];
  const findings: Finding[] = [];
  for (const [index, { name, stage }] of spec.filters.entries()) {
    const plan = planOwnFilter(namespace, name, `spec.filters[${index}].name`, at);
    if (isFinding(plan)) {
      findings.push(plan);
      continue;
    }
    filters.push({ stage: stages[stage], spec: plan.spec });
    clusters.push(...plan.clusters);
    data.push(...plan.data);
  }
  return { filters, clusters, data, findings };
}
