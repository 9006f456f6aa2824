import type { FilterSpec } from "@heddle/engine/model";
import { accessPolicy } from "../access-policy/index.ts";
import { policyFiltersOf, type PolicyKind, type PolicySpec } from "../attach/index.ts";
import { contentPolicy } from "../content-policy/index.ts";
import { requestPlace } from "../filters/request-place.ts";
import type { CompileOptions } from "../io/compile-io.ts";
import type { Facts } from "../pass/facts.ts";
import type { CompileMemo } from "../pass/memo.ts";
import { outermostFilters } from "../policies/filter-policy.ts";
import { withNamespace, type PolicySource } from "../policies/policy-source.ts";
import { placesOf } from "../routes/route-parts.ts";
import { isServed, type GatewayPlan, type ListenerPlan } from "./gateway-plan.ts";

/** What has a part in how a listener refuses requests that no route of it takes. */
export interface Unrouted {
  /** `ServerSpec.id` */
  readonly id: string;
  readonly filters: readonly FilterSpec[];
  /** Names of data units that they read. */
  readonly data: readonly string[];
  /** Names of clusters that they call. */
  readonly clusters: readonly string[];
  readonly sources: readonly PolicySource[];
}

/** What of policies is about every answer of a Gateway; all else is about what routes lead to. */
const kinds: readonly PolicyKind[] = [
  ofOneField(accessPolicy as PolicyKind<PolicySpec>, "securityHeaders"),
  ofOneField(contentPolicy as PolicyKind<PolicySpec>, "errorPages"),
  outermostFilters as PolicyKind<PolicySpec>,
];

function ofOneField(kind: PolicyKind, field: string): PolicyKind {
  return { ...kind, fields: { [field]: kind.fields[field]! }, gathered: [] };
}

/** By listener: those of which policies say something. */
export function* planUnrouted(
  plans: readonly GatewayPlan[],
  run: { readonly facts: Facts; readonly memo: CompileMemo; readonly options: CompileOptions },
): Generator<void, ReadonlyMap<ListenerPlan, Unrouted>> {
  const found = new Map<ListenerPlan, Unrouted>();
  let done = 0;
  for (const plan of plans) {
    for (const listener of plan.listeners) {
      if (++done % SLICE === 0) yield;
      if (listener.stream !== undefined || !isServed(plan, listener)) continue;
      const made = unroutedOf(plan, listener, run);
      if (made.filters.length > 0) found.set(listener, made);
    }
  }
  return found;
}

/** Listeners between two yields. */
const SLICE = 64;

function unroutedOf(
  plan: GatewayPlan,
  { id, owner, listener }: ListenerPlan,
  { facts, memo, options }: { facts: Facts; memo: CompileMemo; options: CompileOptions },
): Unrouted {
  const { metadata, spec } = plan.gateway;
  const { namespace, name } = metadata;
  const { upstreamId } = plan.settings;
  const places = placesOf(
    { ...owner, gateway: { namespace, name }, className: spec.gatewayClassName },
    listener,
  );
  const input = memo.keepValue(`~unrouted-by/${id}`, { places, upstreamId });
  return memo.of(`~unrouted/${id}`, input, facts, (reader) => {
    const at = requestPlace(reader, options, upstreamId);
    const made = policyFiltersOf(kinds, withNamespace(places, owner.namespace), at);
    // One that is not whole denies what routes lead to. Here there is nothing to deny.
    const filters = made.filters.filter(({ stage }) => stage === "responses").map((one) => one.spec);
    if (filters.length === 0) return { id, filters, data: [], clusters: [], sources: [] };
    const { data, clusters, sources } = made;
    return { id, filters, data, clusters, sources };
  });
}
