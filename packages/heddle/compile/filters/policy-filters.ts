import type { BackendObjectReference, ResourceKey } from "../../resources/index.ts";
import type { ResolvedBackend } from "../backends/backend-ref.ts";
import type { CompileOptions } from "../io/compile-io.ts";
import type { FactReader } from "../pass/facts.ts";
import type { PlacedFilter } from "./filter-stages.ts";
import type { PolicySource } from "../policies/policy-source.ts";
import type { Finding } from "../io/status.ts";

/** What policies that act on requests are compiled with. */
export interface RequestPlace {
  readonly facts: FactReader;
  readonly options: CompileOptions;
  /**
   * The cluster that a reference in a policy leads to, by that policy's namespace and the grants it has; `path` is that of
   * the reference. `isGrpc`: it is called in gRPC. Default: false.
   */
  resolve(ref: BackendObjectReference, path: string, policy: ResourceKey, isGrpc?: boolean): ResolvedBackend;
}

/** What a policy makes of requests. */
export interface RequestFilters {
  readonly filters: readonly PlacedFilter[];
  /** Names of data units that they read, of `dataSources`. Default: none. */
  readonly data?: readonly string[];
  /** Names of clusters that they call. Default: none. */
  readonly clusters?: readonly string[];
  /** Why it is not whole: what it guards answers with an error. `PolicyKind.findings` tells the same. Default: it is. */
  readonly findings?: readonly Finding[];
  /** What is wrong with a part of what it refers to: that part is not in force, and the rest is. Default: nothing. */
  readonly warnings?: readonly Finding[];
}

/** Of all kinds of policies, for one rule or one of its backends. */
export interface PolicyFilters extends Required<Omit<RequestFilters, "findings" | "warnings">> {
  readonly sources: readonly PolicySource[];
}

export const noPolicyFilters: PolicyFilters = { filters: [], data: [], clusters: [], sources: [] };

/** Several as one, in their order. */
export function joinFilters(all: readonly (RequestFilters | null)[]): RequestFilters {
  const made = all.filter((one) => one !== null);
  return {
    filters: made.flatMap(({ filters }) => filters),
    data: made.flatMap(({ data = [] }) => data),
    clusters: made.flatMap(({ clusters = [] }) => clusters),
    findings: made.flatMap(({ findings = [] }) => findings),
    warnings: made.flatMap(({ warnings = [] }) => warnings),
  };
}
