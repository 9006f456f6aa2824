import type { CanaryWeight } from "../../exporters/index.ts";

/** Weights by rule, `ROUTE/RULE`, as metrics have them; in the order of the rules. */
export function canaryWeights(weights: ReadonlyMap<string, number>): CanaryWeight[] {
  const rules = [...weights].sort(([a], [b]) => (a < b ? -1 : 1));
  return rules.map(([id, weight]) => {
    const slash = id.lastIndexOf("/");
    return { route: id.slice(0, slash), rule: id.slice(slash + 1), weight };
  });
}
