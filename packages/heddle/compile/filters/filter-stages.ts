import type { FilterSpec } from "@heddle/engine/model";
import type { PolicyPlace } from "../policies/policy-source.ts";

/**
 * Where filters that policies add stand among each other and beside a route's own, in the direction of the request;
 * responses meet them in reverse.
 *
 * Error pages and security headers see every answer. What is compressed is what the client gets. CORS answers
 * preflights, which carry no credentials. Limits whose keys need no principal stand before authentication: a flood that
 * nobody authenticated must cost no key lookup. Bodies are looked at for callers that may send them. A cache answers
 * those alone that may ask. What a route rewrites and redirects is what was allowed as it came. Responses are decoded
 * before anything else has them.
 */
const FILTER_STAGES = [
  "responses",
  "compression",
  "cors",
  "early-limits",
  "authentication",
  "authorization",
  "external-authorization",
  "limits",
  "content",
  "cache",
  "own",
  "transformation",
  "decoding",
] as const;

export type FilterStage = (typeof FILTER_STAGES)[number];

/** A filter that a policy adds. Of one stage they stay in the order of their policies. */
export interface PlacedFilter {
  readonly stage: FilterStage;
  readonly spec: FilterSpec;
  /** What it copies requests to, whose guards they pass. Default: it copies none. */
  readonly copiesTo?: PolicyPlace;
}

/** Filters of policies with a route's own, in the order in which they run; the very same list where there are none. */
export function placeFilters(
  placed: readonly PlacedFilter[],
  own: readonly FilterSpec[],
): readonly FilterSpec[] {
  if (placed.length === 0) return own;
  return inStages([
    ...placed,
    ...own.map((spec): PlacedFilter => ({ stage: spec.name === "cors" ? "cors" : "own", spec })),
  ]);
}

/**
 * The same for a backendRef, with the policies of what it leads to: those stand behind the filters that the route has
 * there, as behind all others of the route. What they have seen and added is what the Service gets.
 */
export function placeBehindOwn(
  placed: readonly PlacedFilter[],
  own: readonly FilterSpec[],
): readonly FilterSpec[] {
  return placed.length === 0 ? own : [...own, ...inStages(placed)];
}

const inStages = (all: readonly PlacedFilter[]): readonly FilterSpec[] =>
  FILTER_STAGES.flatMap((stage) => all.flatMap((one) => (one.stage === stage ? [one.spec] : [])));
