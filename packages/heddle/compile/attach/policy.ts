import type { PolicyTarget, ResourceKey } from "../../resources/index.ts";
import type { PolicyPlace, PolicySource } from "../policies/policy-source.ts";

/** What every policy has: its targets. The rest is its kind's. */
export interface PolicySpec {
  readonly targetRefs: readonly PolicyTarget[];
}

/** A policy as far as attaching looks at it. */
export interface Policy<Spec extends PolicySpec = PolicySpec> {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly creationTimestamp?: string;
    readonly generation?: number;
  };
  readonly spec: Spec;
}

/** What one policy says at one place of a chain. */
export interface PolicyLevel<Spec extends PolicySpec> {
  readonly spec: Spec;
  readonly policy: ResourceKey;
  /** Null: none is looked at. */
  readonly place: PolicyPlace | null;
  /** As in `PolicySource`. */
  readonly target: string;
}

/** The policies of a kind that hold for something, put together. */
export interface Effective<Spec extends PolicySpec> {
  readonly spec: Partial<Spec>;
  /** Each policy by itself, the least specific first; without those that have errors. */
  readonly levels: readonly PolicyLevel<Spec>[];
  readonly sources: readonly PolicySource[];
  /** Why all is denied, since a policy of a kind that fails closed has errors; "" where none has. */
  readonly denial: string;
}

/** A policy by itself, wherever it may hold. */
export function effectiveAlone<Spec extends PolicySpec>(
  spec: Spec,
  policy: ResourceKey,
  fields: readonly string[],
): Effective<Spec> {
  const sources = fields.map((field) => ({ field, value: null, policy, target: "" }));
  return { spec, levels: [{ spec, policy, place: null, target: "" }], sources, denial: "" };
}
