import type { EndpointSpec, Unit, ZoneSpec } from "@heddle/engine/model";
import type { CompileOutput, PolicySource } from "../../compile/index.ts";
import { explainEndpoints, type ExplainedEndpoint } from "./explained-endpoint.ts";

/** A share of what a rule forwards. */
export interface ExplainedBackend {
  /** Null for a reference that does not resolve. */
  readonly cluster: string | null;
  readonly weight: number;
  /** 0–1. */
  readonly share: number;
  readonly isTls: boolean;
  /** Where Heddle is, and what near endpoints are to it; null: where endpoints are makes no difference. */
  readonly zone: ZoneSpec | null;
  /** How the backend is reached, as policies say it. */
  readonly policies: readonly PolicySource[];
  readonly endpoints: readonly ExplainedEndpoint[];
}

/** What is looked up by cluster. */
export interface ExplainFacts {
  readonly clusters: ReadonlyMap<string, ClusterFacts>;
  readonly policies: CompileOutput["policies"];
}

interface ClusterFacts {
  readonly isTls: boolean;
  readonly zone: ZoneSpec | null;
  readonly endpoints: readonly ExplainedEndpoint[];
}

export function explainFacts(units: readonly Unit[], policies: CompileOutput["policies"]): ExplainFacts {
  const endpoints = new Map<string, readonly EndpointSpec[]>();
  for (const unit of units) if (unit.kind === "endpoints") endpoints.set(unit.name, unit.endpoints);
  const clusters = new Map<string, ClusterFacts>();
  for (const unit of units) {
    if (unit.kind !== "cluster") continue;
    clusters.set(unit.name, {
      isTls: unit.tls !== null,
      zone: unit.balancing.zone ?? null,
      endpoints: explainEndpoints(endpoints.get(unit.endpoints) ?? [], unit.balancing),
    });
  }
  return { clusters, policies };
}

/** `total`: the weight of all backends of the rule. */
export function explainBackend(
  { cluster, weight }: { readonly cluster: string | null; readonly weight: number },
  total: number,
  { clusters, policies }: ExplainFacts,
): ExplainedBackend {
  const facts = cluster === null ? undefined : clusters.get(cluster);
  return {
    cluster,
    weight,
    share: total === 0 ? 0 : weight / total,
    isTls: facts?.isTls ?? false,
    zone: facts?.zone ?? null,
    policies: policies.get(`cluster:${cluster}`) ?? [],
    endpoints: facts?.endpoints ?? [],
  };
}
