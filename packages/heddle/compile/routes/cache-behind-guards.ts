import type { FilterSpec } from "@heddle/engine/model";
import type { FilterStage, PlacedFilter } from "../filters/filter-stages.ts";

/** Filters of a rule, or of one of its backends: those of policies, and its own. */
export interface PlacedAndOwn {
  readonly placed: readonly PlacedFilter[];
  readonly own: readonly FilterSpec[];
}

const guardStages: ReadonlySet<FilterStage> = new Set([
  "authentication",
  "authorization",
  "external-authorization",
]);
/** What a filter of the user's own ("own") does is not known: it may well say who may call. */
const guardNames: ReadonlySet<string> = new Set(["denial", "external-authorization", "own"]);
const behindCache: ReadonlySet<FilterStage> = new Set(["own", "transformation"]);

const hasGuard = ({ placed, own }: PlacedAndOwn): boolean =>
  placed.some(({ stage, spec }) => guardStages.has(stage) || guardNames.has(spec.name)) ||
  own.some(({ name }) => guardNames.has(name));

const isCache = ({ spec }: PlacedFilter): boolean => spec.name === "cache";

/**
 * Filters of policies with caches behind whatever says who may call: what is answered from a cache has been allowed each
 * time. A rule's cache moves to its backends where one of them has a guard, and behind the rule's own filters where
 * these have one.
 */
export function cachesBehindGuards(
  rule: PlacedAndOwn,
  backends: readonly PlacedAndOwn[],
): { readonly rule: readonly PlacedFilter[]; readonly backends: readonly (readonly PlacedFilter[])[] } {
  const own = backends.map(behindOwn);
  const caches = rule.placed.filter(isCache);
  if (caches.length === 0 || !backends.some(hasGuard)) return { rule: behindOwn(rule), backends: own };
  return {
    rule: rule.placed.filter((one) => !isCache(one)),
    // A backend with a cache of its own needs no other.
    backends: backends.map((backend, i) =>
      own[i]!.some(isCache) ? own[i]! : behindOwn({ ...backend, placed: [...backend.placed, ...caches] }),
    ),
  };
}

function behindOwn({ placed, own }: PlacedAndOwn): readonly PlacedFilter[] {
  const caches = placed.filter(isCache);
  const others = placed.filter((one) => !isCache(one));
  const isPassed =
    own.some(({ name }) => guardNames.has(name)) ||
    others.some(({ stage, spec }) => behindCache.has(stage) && guardNames.has(spec.name));
  if (caches.length === 0 || !isPassed) return placed;
  return [...others, ...caches.map((one): PlacedFilter => ({ ...one, stage: "transformation" }))];
}
