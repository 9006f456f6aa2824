import { Family, labels } from "./exposition.ts";

/** What share of the requests of a rule its canary has. */
export interface CanaryWeight {
  /** As the label of requests: `namespace/name`, of GRPCRoutes with `grpcroute/` before it. */
  readonly route: string;
  readonly rule: string;
  /** Percent, as in the policy's steps; 0 once it was rolled back, 100 once it is promoted. */
  readonly weight: number;
}

/** Series of canaries: of more than anybody watches the first. */
const maxSeries = 1_000;

export function renderCanaries(weights: readonly CanaryWeight[]): string {
  const family = new Family(
    "heddle_canary_weight",
    "gauge",
    "Percent of a rule's requests that go to its canary.",
  );
  for (const { route, rule, weight } of weights.slice(0, maxSeries)) {
    const pairs = [
      ["route", route],
      ["rule", rule],
    ] as const;
    family.sample(labels(pairs), weight);
  }
  return family.text;
}
