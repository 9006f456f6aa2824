/**
 * How policies of every kind attach: by `targetRefs` to Gateways, routes, Services and Backends, or to a listener, a
 * rule or a port of one by `sectionName`. Along a chain of targets the most specific policy that has a field gives it,
 * but for what a kind gathers from all of them; of two with one target the older holds, and the other says `Conflicted`.
 *
 *   policies ─ claims, by target ─┬─ statuses of the policies
 *                                 └─ facts ── effectiveOf(kind, chain of places) ── emit: rules, clusters
 *
 * What a rule or a cluster reads are the facts of its own targets, so a policy costs those it concerns and no others.
 */
export { attachPolicies } from "./attach-policies.ts";
export type { PolicyRun } from "./attach-policies.ts";
export { askedPlaces } from "./asked-places.ts";
export { effectiveOf, policiesOn } from "./effective.ts";
export { withPolicies } from "./apply-policies.ts";
export { policyFiltersOf } from "./request-filters.ts";
export type { PolicyKind, PolicyStage } from "./policy-kind.ts";
export { effectiveAlone } from "./policy.ts";
export type { Effective, Policy, PolicyLevel, PolicySpec } from "./policy.ts";
