import { onceForChunk } from "@heddle/engine/base";
import type { RouteReach, RouteResult } from "./request-route.ts";

/** What a compile run is to know of some routes together. */
export interface GatheredRoutes extends Pick<RouteResult, "problems" | "policies" | "canaries" | "data"> {
  /** How many of them a listener has. */
  readonly attached: ReadonlyMap<string, number>;
  /** Where they lead, each listener's clusters once. */
  readonly reached: readonly RouteReach[];
}

/** Once for each chunk of results: of thousands of routes those that did not change are not looked at again. */
export const gatherRoutes = onceForChunk((results: readonly RouteResult[]): GatheredRoutes => {
  const attached = new Map<string, number>();
  const reached = new Map<string, { listeners: readonly string[]; clusters: Set<string> }>();
  for (const result of results) {
    for (const { listener } of result.claims) attached.set(listener, (attached.get(listener) ?? 0) + 1);
    for (const { listeners, clusters } of result.reached) {
      const id = listeners.join("\n");
      const known = reached.get(id) ?? { listeners, clusters: new Set<string>() };
      reached.set(id, known);
      for (const cluster of clusters) known.clusters.add(cluster);
    }
  }
  return {
    problems: results.flatMap(({ problems }) => problems),
    policies: results.flatMap(({ policies }) => policies),
    canaries: results.flatMap(({ canaries }) => canaries),
    data: [...new Set(results.flatMap(({ data }) => data))],
    attached,
    reached: Array.from(reached.values(), ({ listeners, clusters }) => ({
      listeners,
      clusters: [...clusters],
    })),
  };
});
