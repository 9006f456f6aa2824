import type { PolicyPlace, PolicySource } from "../policies/policy-source.ts";
import {
  noPolicyFilters,
  type PolicyFilters,
  type RequestFilters,
  type RequestPlace,
} from "../filters/policy-filters.ts";
import { askedPlaces } from "./asked-places.ts";
import { effectiveOf } from "./effective.ts";
import { setAt } from "./field-path.ts";
import type { PolicyKind } from "./policy-kind.ts";
import type { Effective, PolicySpec } from "./policy.ts";

/**
 * The filters that policies add along a chain of places, the least specific first. One that has errors, or is not
 * whole, adds a denial in the place of its filters. `asked` is what acts on the request before: the same field of the
 * same policy on the same target does not act once more.
 */
export function policyFiltersOf(
  kinds: readonly PolicyKind[],
  chain: readonly PolicyPlace[],
  at: RequestPlace,
  asked: readonly PolicySource[] = [],
): PolicyFilters {
  const places = askedPlaces(chain, at.facts);
  if (places.length === 0) return noPolicyFilters;
  let all = noPolicyFilters;
  for (const kind of kinds) {
    if (kind.emit.request === undefined) continue;
    const found = effectiveOf(kind, "request", places, at.facts);
    const policy = found === null ? null : withoutAsked(kind, found, asked);
    if (policy === null) continue;
    const made = policy.denial === "" ? kind.emit.request(policy, at) : denial(policy.denial);
    const { data = [], clusters = [], findings = [] } = made;
    const { filters } = findings.length === 0 ? made : denial(`${kind.kind}: ${findings[0]!.message}`);
    all = {
      filters: [...all.filters, ...filters],
      data: [...all.data, ...data],
      clusters: [...all.clusters, ...clusters],
      sources: [...all.sources, ...policy.sources],
    };
  }
  return all;
}

/** Null where all of it has been asked. */
function withoutAsked(
  kind: PolicyKind,
  policy: Effective<PolicySpec>,
  asked: readonly PolicySource[],
): Effective<PolicySpec> | null {
  const isAsked = (one: PolicySource): boolean =>
    kind.askedAgain?.includes(one.field) !== true && asked.some((other) => isSame(one, other));
  const sources = policy.sources.filter((one) => !isAsked(one));
  if (sources.length === policy.sources.length) return policy;
  if (sources.length === 0 && policy.denial === "") return null;
  const spec: Partial<PolicySpec> = {};
  for (const { field, value } of sources) setAt(spec, field, value);
  const levels = policy.levels.map((level) => {
    const own = sources.filter((one) => one.policy === level.policy && one.target === level.target);
    const left: PolicySpec = { targetRefs: level.spec.targetRefs };
    for (const { field, value } of own) setAt(left, field, value);
    return { ...level, spec: left };
  });
  return { ...policy, spec, levels, sources };
}

const isSame = (a: PolicySource, b: PolicySource): boolean =>
  a.field === b.field && a.policy === b.policy && a.target === b.target;

/** Before all that could answer in its place. */
const denial = (reason: string): RequestFilters => ({
  filters: [{ stage: "early-limits", spec: { name: "denial", config: { reason } } }],
});
